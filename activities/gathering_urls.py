from django.urls import path

from activities.views import gatherings, resolutions, series

app_name = "gatherings"
urlpatterns = [
    path("", gatherings.gathering_list, name="list"),
    path("new/<slug:kind>/", gatherings.gathering_create, name="create"),
    path("series/", series.series_list, name="series_list"),
    path("series/new/", series.series_create, name="series_create"),
    path("series/<uuid:uuid>/", series.series_detail, name="series"),
    path("series/<uuid:uuid>/edit/", series.series_edit, name="series_edit"),
    path("series/<uuid:uuid>/end/", series.series_end, name="series_end"),
    path("resolutions/", resolutions.resolution_list, name="resolutions"),
    path("resolutions/<uuid:uuid>/", resolutions.resolution_detail, name="resolution"),
    path("resolutions/<uuid:uuid>/edit/", resolutions.resolution_edit, name="resolution_edit"),
    path("resolutions/<uuid:uuid>/step/", resolutions.resolution_step, name="resolution_step"),
    path("<uuid:uuid>/", gatherings.gathering_detail, name="detail"),
    path("<uuid:uuid>/edit/", gatherings.gathering_edit, name="edit"),
    path("<uuid:uuid>/invite/", gatherings.gathering_invite, name="invite"),
    path("<uuid:uuid>/invitations/<uuid:invitation>/remove/", gatherings.gathering_uninvite, name="uninvite"),
    path("<uuid:uuid>/invitations/<uuid:invitation>/reply/", gatherings.gathering_reply, name="reply"),
    path("<uuid:uuid>/guests/", gatherings.guests_add, name="guests_add"),
    path("<uuid:uuid>/guests/<uuid:guest>/remove/", gatherings.guest_remove, name="guest_remove"),
    path("<uuid:uuid>/record/", gatherings.gathering_record, name="record"),
    path("<uuid:uuid>/drop/", gatherings.gathering_drop, name="drop"),
    path("<uuid:uuid>/restore/", gatherings.gathering_restore, name="restore"),
    path("<uuid:uuid>/resolutions/new/", resolutions.resolution_add, name="resolution_add"),
]
