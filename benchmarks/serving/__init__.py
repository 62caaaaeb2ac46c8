"""Measures the embedded server against the same model in process, without batching, and behind `model.predict`."""
