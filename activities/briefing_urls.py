from django.urls import path

from activities.views import briefings

app_name = "briefings"
urlpatterns = [
    path("", briefings.briefing_list, name="list"),
    path("new/", briefings.briefing_create, name="create"),
    path("<uuid:uuid>/", briefings.briefing_detail, name="detail"),
    path("<uuid:uuid>/edit/", briefings.briefing_edit, name="edit"),
    path("<uuid:uuid>/files/", briefings.file_add, name="file_add"),
    path("<uuid:uuid>/files/<uuid:file>/", briefings.file, name="file"),
    path("<uuid:uuid>/files/<uuid:file>/remove/", briefings.file_remove, name="file_remove"),
    path("<uuid:uuid>/send/", briefings.briefing_send, name="send"),
    path("<uuid:uuid>/drop/", briefings.briefing_drop, name="drop"),
    path("<uuid:uuid>/acknowledge/", briefings.briefing_acknowledge, name="acknowledge"),
    path("<uuid:uuid>/remind/", briefings.briefing_remind, name="remind"),
]
