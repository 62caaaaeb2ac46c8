"""Turns the figures of a card into what its sections show: texts and charts."""
