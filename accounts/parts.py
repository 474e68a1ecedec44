"""Where upper apps add cards to the page of a unit (core/parts.py)."""

from accounts.models import Unit
from core.parts import Part, Place

CARDS: Place[Unit, Part] = Place()
