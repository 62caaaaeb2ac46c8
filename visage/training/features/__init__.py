"""Freezes layers, and computes their features once in place of the images."""
