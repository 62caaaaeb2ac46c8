"""Draws the charts of the model card as SVG, without a script.

Coordinates across are per cent of the chart's width, so that a chart fills any page and its text keeps its size.
"""
