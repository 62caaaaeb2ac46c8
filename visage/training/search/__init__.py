"""Searches values of a recipe.

`space.py` is what may be searched, `search.py` proposes the values of each trial, `trainings.py` trains with them.
"""
