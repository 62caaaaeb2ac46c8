"""Names the ready model where a model may be named, and its extra; imports nothing."""

EXTRA = "ready"

READY = "ready"
"""Stands for the ready model where a folder of a model may stand; `./ready` is a folder of this name."""
