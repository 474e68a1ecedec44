"""Routes of exports."""

from django.urls import path

from reports import views

app_name = "reports"
urlpatterns = [
    path("", views.export_list, name="list"),
    path("experts/", views.export_experts, name="export_experts"),
    path("trail/", views.export_trail, name="export_trail"),
    path("roster/<str:code>/", views.export_roster, name="export_roster"),
    path("roster/<str:code>/changes/", views.export_changes, name="export_changes"),
    path("coverage/<str:code>/", views.export_coverage, name="export_coverage"),
    path("expert/<uuid:uuid>/", views.export_card, name="export_card"),
    path("brief/<uuid:uuid>/", views.export_brief, name="export_brief"),
    path("dashboard/", views.export_dashboard, name="export_dashboard"),
    path("proposal/<uuid:uuid>/", views.export_proposal, name="export_proposal"),
    path("exit/<uuid:uuid>/", views.export_exit, name="export_exit"),
    path("<uuid:uuid>/", views.export_detail, name="detail"),
    path("<uuid:uuid>/progress/", views.export_progress, name="progress"),
    path("<uuid:uuid>/file/", views.export_fetch, name="fetch"),
    path("<uuid:uuid>/cancel/", views.export_cancel, name="cancel"),
    path("<uuid:uuid>/restart/", views.export_restart, name="restart"),
    path("<uuid:uuid>/delete/", views.export_delete, name="delete"),
]
