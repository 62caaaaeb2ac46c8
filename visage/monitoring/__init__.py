"""Compares what a server is asked with what its model was tested on: statistics, distances, a page."""
