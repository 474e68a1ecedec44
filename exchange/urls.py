"""Routes of roster import."""

from django.urls import path

from exchange import views

app_name = "exchange"
urlpatterns = [
    path("", views.import_list, name="list"),
    path("new/", views.import_create, name="create"),
    path("<uuid:uuid>/", views.import_detail, name="detail"),
    path("<uuid:uuid>/progress/", views.import_progress, name="progress"),
    path("<uuid:uuid>/columns/", views.import_columns, name="columns"),
    path("<uuid:uuid>/rows/<int:number>/", views.row_fix, name="fix"),
    path("<uuid:uuid>/rows/<int:number>/award/", views.row_award, name="award"),
    path("<uuid:uuid>/held/", views.held_rows, name="held"),
    path("<uuid:uuid>/commit/", views.import_commit, name="commit"),
    path("<uuid:uuid>/propose/", views.import_propose, name="propose"),
    path("<uuid:uuid>/cancel/", views.import_cancel, name="cancel"),
    path("<uuid:uuid>/discard/", views.import_discard, name="discard"),
]
