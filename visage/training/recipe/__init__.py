"""Holds the parts of `settings.py`, and replaces values of a recipe."""
