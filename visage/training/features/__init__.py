"""Frozen layers, and their features computed once in place of the images."""
