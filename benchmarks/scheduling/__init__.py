"""Benchmarks of what a scheduler does: the tasks of a compiled pipeline, each in a process of its own."""
