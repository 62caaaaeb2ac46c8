"""The page of a model card: its figures, a JSON object, become one HTML file."""
