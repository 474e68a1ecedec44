"""What happens here when something happens to an expert (experts/effects.py)."""
