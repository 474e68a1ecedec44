"""Routes of the dashboard."""

from django.urls import path

from reports.dashboard import views

app_name = "dashboard"
urlpatterns = [path("", views.dashboard, name="home")]
