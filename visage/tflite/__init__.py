"""Exports a pushed model as LiteRT (TensorFlow Lite) models for phones, and measures their loss."""
