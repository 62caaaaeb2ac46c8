"""A face from photo to crop: decode, detect, choose, align, encode; its record, cleaning rules and split.

This package imports neither TFX nor TensorFlow nor Beam: training, client and demo page share it.
"""
