"""Routes of coverage."""

from django.urls import path

from activities.views import coverage as views

app_name = "coverage"
urlpatterns = [
    path("", views.own_coverage, name="own"),
    path("<str:code>/", views.unit_coverage, name="unit"),
]
