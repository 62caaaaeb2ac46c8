"""The container image, built and run by Docker."""
