from django.apps import AppConfig


class ActivitiesConfig(AppConfig):
    name = "activities"
    verbose_name = "联系活动"

    def ready(self) -> None:
        from activities import effects  # noqa: F401  registers what exits and illnesses do here
        from activities.reminders import register

        register()
