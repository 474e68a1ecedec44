"""Routes of contacts with experts. A contact is addressed by uuid, never by primary key."""

from django.urls import path

from activities.views import brief, contacts, follow_ups, photos, recording, settling

app_name = "contacts"
urlpatterns = [
    path("", contacts.contact_list, name="list"),
    path("plan/", recording.plan, name="plan"),
    path("record/", recording.record, name="record"),
    path("experts/", contacts.experts, name="experts"),
    path("about/", contacts.about, name="about"),
    path("line/", contacts.line, name="line"),
    path("follow-ups/", follow_ups.follow_ups, name="follow_ups"),
    path("follow-ups/<uuid:uuid>/done/", follow_ups.follow_up_done, name="follow_up_done"),
    path("brief/<uuid:uuid>/", brief.brief, name="brief"),
    path("<uuid:uuid>/", contacts.contact, name="contact"),
    path("<uuid:uuid>/edit/", recording.edit, name="edit"),
    path("<uuid:uuid>/move/", settling.move, name="move"),
    path("<uuid:uuid>/call-off/", settling.call_off, name="call_off"),
    path("<uuid:uuid>/void/", settling.void, name="void"),
    path("<uuid:uuid>/delete/", settling.delete, name="delete"),
    path("<uuid:uuid>/promise-kept/", settling.promise_kept, name="promise_kept"),
    path("<uuid:uuid>/follow-ups/", follow_ups.follow_ups_add, name="follow_ups_add"),
    path("<uuid:uuid>/photos/", photos.photos_add, name="photos_add"),
    path("<uuid:uuid>/photos/<uuid:key>/", photos.photo, name="photo"),
    path("<uuid:uuid>/photos/<uuid:key>/remove/", photos.photo_remove, name="photo_remove"),
]
