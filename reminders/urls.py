from django.urls import path

from reminders import views

app_name = "reminders"
urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("bell/", views.bell, name="bell"),
    path("bulk/", views.bulk, name="bulk"),
    path("preferences/", views.preferences, name="preferences"),
    path("read/", views.read_all, name="read_all"),
    path("rules/", views.rules, name="rules"),
    path("rules/<str:code>/<str:key>/", views.tune, name="tune"),
    path("rules/<str:code>/<str:key>/inherit/", views.inherit, name="inherit"),
    path("unsubscribe/<str:token>/", views.stop_mail, name="unsubscribe"),
    path("<uuid:uuid>/", views.open_message, name="open"),
    path("<uuid:uuid>/done/", views.finish, name="finish"),
]
