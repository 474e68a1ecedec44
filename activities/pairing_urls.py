"""Routes of pairings."""

from django.urls import path

from activities.views import pairings

app_name = "pairings"
urlpatterns = [
    path("", pairings.pairings, name="list"),
    path("unpaired/", pairings.unpaired, name="unpaired"),
    path("people/", pairings.people, name="people"),
    path("mine/", pairings.mine, name="mine"),
    path("options/", pairings.options, name="options"),
    path("bulk/", pairings.bulk, name="bulk"),
    path("new/", pairings.create, name="create"),
    path("hand-over/", pairings.hand_over, name="hand_over"),
    path("experts/<uuid:uuid>/", pairings.of_expert, name="expert"),
]
