from reminders.views.choices import preferences, stop_mail
from reminders.views.inbox import bell, bulk, finish, inbox, open_message, read_all
from reminders.views.rules import inherit, rules, tune

__all__ = [
    "bell",
    "bulk",
    "finish",
    "inbox",
    "inherit",
    "open_message",
    "preferences",
    "read_all",
    "rules",
    "stop_mail",
    "tune",
]
