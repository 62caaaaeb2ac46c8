"""Says which recipes can judge the labels that they learn from."""

from __future__ import annotations

from visage.networks.trunks import TRUNKS, Trunk
from visage.training.settings import TrainerSettings

_KEY = "cleaning.suspect_labels"


def why_not_judged(settings: TrainerSettings) -> str | None:
    """Returns why a recipe cannot judge its labels, with the key of `trainer` first; None if it can.

    Several heads are trained, each on a part of the records. That is cheap on features that are computed once; several
    whole networks would cost as many trainings.
    """
    if settings.freeze is None:
        return (
            f"freeze: {_KEY} trains heads on features of frozen layers, and here {settings.network} freezes none; name "
            f"its first layers (visage: dlib_), or set {_KEY} to keep"
        )
    if left_out := _trainable_trunks(settings):
        named = f"{'trunks' if len(left_out) > 1 else 'trunk'} {' and '.join(left_out)}"
        prefixes = ", ".join(TRUNKS[trunk].prefix for trunk in left_out)
        return (
            f"freeze: {_KEY} trains heads on features of frozen layers, and {settings.network} would train its "
            f"{named}; add {prefixes}, or set {_KEY} to keep"
        )
    if settings.weights == "blessed":
        return f"weights: blessed has learned from labels that {_KEY} would judge; start from others, or set it to keep"
    others = sorted(settings.of_head.augmentation.changes.keys() - {"flip"})
    if others:
        return (
            f"augmentation: {_KEY} needs features that are computed once, which {', '.join(others)} would change; set "
            f"{'those' if len(others) > 1 else 'it'} to 0 or fine_tuning.epochs above 0, or {_KEY} to keep"
        )
    return None


def _trainable_trunks(settings: TrainerSettings) -> list[Trunk]:
    """Returns the trunks of which a recipe freezes no layer by name; none where it freezes a number of layers."""
    if settings.freeze is None or isinstance(settings.freeze, int):
        return []
    names = (settings.freeze,) if isinstance(settings.freeze, str) else settings.freeze
    return [
        trunk
        for trunk in settings.spec.trunks
        if not any(name.startswith(TRUNKS[trunk].prefix) or TRUNKS[trunk].prefix.startswith(name) for name in names)
    ]
