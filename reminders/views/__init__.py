from reminders.views.choices import preferences, stop_mail
from reminders.views.inbox import bell, bulk, finish, inbox, open_message, read_all
from reminders.views.rules import inherit, rules, tune
from reminders.views.standing import letters_again, plan_again, standing, test_letter, test_letters

__all__ = [
    "bell",
    "bulk",
    "finish",
    "inbox",
    "inherit",
    "letters_again",
    "open_message",
    "plan_again",
    "preferences",
    "read_all",
    "rules",
    "standing",
    "stop_mail",
    "test_letter",
    "test_letters",
    "tune",
]
