"""How long tests wait for what ought to happen."""

# Only a hang takes longer, however busy the machine is.
HANG_GUARD_SECONDS = 3600
