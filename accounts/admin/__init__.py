"""Django admin for the three administrators; nothing of experts is in it."""

from accounts.admin import confirmations, holidays, roles, units, users

__all__ = ["confirmations", "holidays", "roles", "units", "users"]
