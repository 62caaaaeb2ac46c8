"""Validates data before it is trained on: what TensorFlow Data Validation is given, and what is reported of it."""
