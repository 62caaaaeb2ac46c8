"""Which code trains: what a cache, a checkpoint and the machines of a cluster must agree on."""

TRAINING_CODE = ("components.trainer", "components.faces")
