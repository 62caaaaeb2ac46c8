"""Turns photos into face crops: decode, detect, choose, align, encode.

This package imports neither TFX nor TensorFlow nor Beam: training, client and demo page share it.
"""
