"""Labelled portraits of nobody real, drawn from a seed in the layout of the three archives."""
