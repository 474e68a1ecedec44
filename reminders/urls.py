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
    path("standing/", views.standing, name="standing"),
    path("standing/letters/", views.letters_again, name="letters_again"),
    path("standing/test/", views.test_letter, name="test_letter"),
    path("standing/tests/", views.test_letters, name="test_letters"),
    path("standing/<slug:key>/again/", views.plan_again, name="plan_again"),
    path("unsubscribe/<str:token>/", views.stop_mail, name="unsubscribe"),
    path("<uuid:uuid>/", views.open_message, name="open"),
    path("<uuid:uuid>/done/", views.finish, name="finish"),
]
