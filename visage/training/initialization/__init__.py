"""Builds the network that a training starts from."""
