from django.apps import AppConfig


class RemindersConfig(AppConfig):
    name = "reminders"
    verbose_name = "消息"

    def ready(self) -> None:
        from reminders.registry import REGISTRY
        from reminders.rules import OWN_RULES

        REGISTRY.declare(*OWN_RULES)
