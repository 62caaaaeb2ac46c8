"""Words what the operating system refuses: a full disk, missing permissions."""
