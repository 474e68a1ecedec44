"""Where upper apps add to the page of an expert, below the facts (core/parts.py)."""

from core.parts import Place
from experts.models import Expert

EXPERT_PAGE: Place[Expert] = Place()
