"""Where Django admin finds its pages: our own apps only, nothing of the libraries."""

from importlib import import_module

from django.contrib.admin.apps import SimpleAdminConfig

OWN_APPS = ("accounts", "reports")  # nothing of experts


class LiaisonAdminConfig(SimpleAdminConfig):
    default_site = "accounts.admin_site.LiaisonAdminSite"

    def ready(self) -> None:
        super().ready()
        for name in OWN_APPS:
            import_module(f"{name}.admin")
