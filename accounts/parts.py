"""Where upper apps add to the page of a unit (core/parts.py)."""

from accounts.models import Unit
from core.parts import Place

UNIT_PAGE: Place[Unit] = Place()
