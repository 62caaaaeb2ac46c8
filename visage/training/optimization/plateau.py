"""Decides about stopping and the learning rate from the validation losses so far.

The rules are pure functions, so that a resumed training decides as one that never stopped.
"""

from __future__ import annotations

from collections.abc import Sequence


def has_stalled(val_losses: Sequence[float], patience: int | None) -> bool:
    """Returns whether the last `patience` epochs brought no lower loss; False if `patience` is None."""
    if patience is None or not val_losses:
        return False
    return len(val_losses) - 1 - val_losses.index(min(val_losses)) >= patience


def reductions(val_losses: Sequence[float], patience: int | None) -> int:
    """Counts how often `patience` epochs in a row brought no lower loss, each epoch counted once; 0 for None."""
    count = waited = 0
    lowest = float("inf")
    for loss in val_losses:
        waited = 0 if loss < lowest else waited + 1
        lowest = min(lowest, loss)
        if waited == patience:
            count, waited = count + 1, 0
    return count
