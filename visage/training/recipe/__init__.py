"""Holds the parts of `settings.py`."""
