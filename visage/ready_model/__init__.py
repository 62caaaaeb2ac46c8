"""A model of other people's networks that predicts photos before anything was trained (docs/ready-model.md)."""
