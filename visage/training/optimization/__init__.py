"""The optimizer, its rate at every step, and the rules on validation losses."""
