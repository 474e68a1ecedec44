from django.apps import AppConfig


class ActivitiesConfig(AppConfig):
    name = "activities"
    verbose_name = "联系活动"

    def ready(self) -> None:
        from activities import effects, expert_page, parts  # noqa: F401  they register with the apps below
        from activities.reminders import register

        register()
