"""Reports the progress of a training while it runs, and draws its input."""
