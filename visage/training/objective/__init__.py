"""Defines what training minimizes and measures: labels, losses, metrics, and the model that has them."""
