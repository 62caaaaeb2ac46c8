"""The exit codes of the commands; docs/operating.md explains them."""

FAILED = 1
NOT_BLESSED = 3
HELD = 4
# Of `visage monitor`.
DRIFT = 3
NOT_ENOUGH = 4
# Of `visage due`.
NOT_DUE = 5
INTERRUPTED = 130
PIPE_CLOSED = 141
TERMINATED = 143
