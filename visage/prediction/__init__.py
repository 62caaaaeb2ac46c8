"""From a photo to what a model predicts of every face on it; the model is in this process or behind a server."""
