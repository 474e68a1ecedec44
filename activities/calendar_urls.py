from django.urls import path, re_path

from activities.views import calendar, feed

app_name = "calendar"
urlpatterns = [
    path("", calendar.calendar, name="calendar"),
    path("conflicts/", calendar.conflict_check, name="conflicts"),
    path("feed/", feed.feed_page, name="feed_page"),
    path("feed/renew/", feed.feed_renew, name="feed_renew"),
    path("feed/revoke/", feed.feed_revoke, name="feed_revoke"),
    re_path(r"^feed/(?P<token>[\w-]{20,64})\.ics$", feed.feed, name="feed"),
]
