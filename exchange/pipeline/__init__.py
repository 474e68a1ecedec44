"""From an uploaded roster to the register: keep, recognise, check, match, write."""
