from reminders.models.letter import Letter
from reminders.models.message import Message
from reminders.models.planned import PlanMark, PlannedReminder, Tally
from reminders.models.preference import Habit, Preference

__all__ = ["Habit", "Letter", "Message", "PlanMark", "PlannedReminder", "Preference", "Tally"]
