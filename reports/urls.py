"""Routes of exports."""

from django.urls import path

from reports import views

app_name = "reports"
urlpatterns = [
    path("", views.export_list, name="list"),
    path("experts/", views.export_experts, name="export_experts"),
    path("trail/", views.export_trail, name="export_trail"),
    path("<uuid:uuid>/", views.export_detail, name="detail"),
    path("<uuid:uuid>/progress/", views.export_progress, name="progress"),
    path("<uuid:uuid>/file/", views.export_fetch, name="fetch"),
    path("<uuid:uuid>/cancel/", views.export_cancel, name="cancel"),
    path("<uuid:uuid>/restart/", views.export_restart, name="restart"),
    path("<uuid:uuid>/delete/", views.export_delete, name="delete"),
]
