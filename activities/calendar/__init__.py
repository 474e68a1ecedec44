"""One calendar: what it is composed of (sources), how it is shown (grid), what leaves the system (ics)."""
