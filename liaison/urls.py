"""Every route of the product. tests/access/ holds a row for each."""

from allauth.account import views as allauth_views
from django.contrib import admin
from django.urls import include, path

from liaison.views import workbench

urlpatterns = [
    path("", workbench, name="workbench"),
    path("", include("core.urls")),
    path("experts/", include("experts.urls")),
    path("proposals/", include("experts.proposal_urls")),
    path("briefings/", include("activities.briefing_urls")),
    path("calendar/", include("activities.calendar_urls")),
    path("gatherings/", include("activities.gathering_urls")),
    path("coverage/", include("activities.coverage_urls")),
    path("dashboard/", include("reports.dashboard.urls")),
    path("training/", include("activities.training_urls")),
    path("pairings/", include("activities.pairing_urls")),
    path("contacts/", include("activities.contact_urls")),
    path("imports/", include("exchange.urls")),
    path("exports/", include("reports.urls")),
    path("messages/", include("reminders.urls")),
    path("units/", include("accounts.urls")),
    path("audit/", include("audit.urls")),
    # Sign-in only: allauth's sign-up, e-mail and reset routes are not mounted.
    path("accounts/login/", allauth_views.login, name="account_login"),
    path("accounts/logout/", allauth_views.logout, name="account_logout"),
    path("accounts/password/", allauth_views.password_change, name="account_change_password"),
    path("admin/", admin.site.urls),
]
handler400 = "core.views.bad_request"
handler500 = "core.views.server_error"
