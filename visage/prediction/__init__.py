"""Predicts every face on a photo with a model in this process or on a server."""
