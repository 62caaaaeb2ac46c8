"""A pushed model as LiteRT (TensorFlow Lite) models for phones, and what that costs. No TFX component."""
