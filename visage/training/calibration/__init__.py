"""Calibrates a trained network: one temperature a head, fitted on the validation split."""
