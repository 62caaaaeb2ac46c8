"""The parts of `settings.py`, and other values in place of a recipe's own."""
