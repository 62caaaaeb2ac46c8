"""Labelled portraits, drawn from a seed and laid out as the three archives are; nobody real is in them."""
