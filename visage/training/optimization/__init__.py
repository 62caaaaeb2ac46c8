"""Builds the optimizer, and decides its rate from steps and validation losses."""
