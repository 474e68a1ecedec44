"""Reading a roster file: refused before parsing when it must be, parsed in a process of its own.

Formulas: a text cell "=1+1" stays that text. A real formula gives the result that was stored with
it; in .xlsx one without a stored result gives its own text, so that the row is held and not silently
empty. Old .xls files always store results when a spreadsheet program wrote them; there a formula
without one reads as empty.
"""

from exchange.reading.refusals import RosterRefused
from exchange.reading.sandbox import Sheet, read_roster
from exchange.reading.sniffing import sniff

__all__ = ["RosterRefused", "Sheet", "read_roster", "sniff"]
