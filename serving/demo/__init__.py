"""The demo page: a person gives a photo, a sample or a camera, and sees what the served model predicts."""

from serving.demo.demo import Demo

__all__ = ["Demo"]
