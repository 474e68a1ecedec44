from django.apps import AppConfig


class ActivitiesConfig(AppConfig):
    name = "activities"
    verbose_name = "联系活动"

    def ready(self) -> None:
        from activities import (  # noqa: F401  they register with the apps below
            effects,
            expert_list,
            expert_page,
            parts,
        )
        from activities.reminders import register

        register()
