from django.apps import AppConfig


class LiaisonConfig(AppConfig):
    name = "liaison"
    verbose_name = "专家联系"

    def ready(self) -> None:
        from liaison import checks  # noqa: F401  registers the system checks
