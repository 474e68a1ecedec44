"""Django admin for the three administrators; nothing of experts is in it."""

from accounts.admin import confirmations, holidays, roles, trail, units, users

__all__ = ["confirmations", "holidays", "roles", "trail", "units", "users"]
