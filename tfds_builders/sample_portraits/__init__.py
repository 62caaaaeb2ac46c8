"""Draws labelled portraits of imaginary people from a seed, in the layout of the three archives."""
