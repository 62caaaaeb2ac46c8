"""States where a model's figures are no evidence, because it knows the records."""

from __future__ import annotations

from pathlib import Path

from visage.saved_model.metadata import known_metadata
from visage.saved_model.training_history import read_history

_NO_EVIDENCE = "so its figures on them are no evidence of its errors on others"


def why_no_evidence(saved_model: Path, split: str) -> str | None:
    """Returns one line why the figures of a model on a split are no evidence; None where they are.

    The training split is known to the model. The validation split is, if it chose the epoch or a temperature; a model
    that records no epoch is taken for one whose epoch was chosen.

    Args:
        saved_model: its folder.
        split: of the run that trained it: 'train', 'val' or 'test'.
    """
    if split == "train":
        return f"a model learns from the records of the split train, {_NO_EVIDENCE}"
    if split == "val" and _selected_on_val(saved_model):
        return f"the model was selected on the records of the split val, {_NO_EVIDENCE}"
    return None


def _selected_on_val(saved_model: Path) -> bool:
    epochs = [epoch for phase in read_history(saved_model) for epoch in phase.epochs]
    calibration = known_metadata(saved_model).calibration
    heads = () if calibration is None else (calibration.age, calibration.gender)
    fitted = any(head is not None and head.not_fitted is None for head in heads)
    return fitted or not epochs or any("val_loss" in epoch for epoch in epochs)
