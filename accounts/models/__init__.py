from accounts.models.confirmation import Confirmation
from accounts.models.role import RoleAssignment
from accounts.models.unit import Unit, UnitSetting
from accounts.models.user import User

__all__ = ["Confirmation", "RoleAssignment", "Unit", "UnitSetting", "User"]
