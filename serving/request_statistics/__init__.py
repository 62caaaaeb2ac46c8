"""Keeps statistics of requests: counts in histograms, no image and no record of a person."""
