"""States where a model's figures are no evidence, because it knows the records, or may know them."""

from __future__ import annotations

from pathlib import Path

from visage.data.overlap import overlap
from visage.saved_model.metadata import known_metadata
from visage.saved_model.training_history import read_history

_NO_EVIDENCE = "so its figures on them are no evidence of its errors on others"


def why_no_evidence(saved_model: Path, split: str, examples: Path, learned: Path | None) -> str | None:
    """Returns one line why the figures of a model on a split are no evidence; None where they are.

    The training split is known to the model. The validation split is, if it chose the epoch or a temperature; of a
    model that records neither, it may be. Other examples are compared with these two, image by image.

    Args:
        saved_model: its folder.
        split: of the examples: 'train', 'val' or 'test'.
        examples: folder of the measured examples.
        learned: folder of the examples that the model was trained on; None: it is not known.

    Raises:
        VisageError: examples are missing or damaged.
    """
    if learned is None:
        return f"it is not known which examples the model learned from; if from these, {_NO_EVIDENCE[3:]}"
    if learned.resolve() == examples.resolve():
        return _why_own_split(saved_model, split)
    splits = ["train"] if _selected_on_val(saved_model) is False else ["train", "val"]
    found = overlap(examples, split, learned, splits)
    if not found.shared:
        return None
    return (
        f"{found.shared} of the {found.records} records show images or people that the model learned from, "
        f"{_NO_EVIDENCE}"
    )


def _why_own_split(saved_model: Path, split: str) -> str | None:
    if split == "train":
        return f"a model learns from the records of the split train, {_NO_EVIDENCE}"
    selected = _selected_on_val(saved_model) if split == "val" else False
    if selected is None:
        return f"the model may have been selected on the records of the split val, {_NO_EVIDENCE}"
    return f"the model was selected on the records of the split val, {_NO_EVIDENCE}" if selected else None


def _selected_on_val(saved_model: Path) -> bool | None:
    """Returns whether the validation split chose an epoch or a temperature of a model; None: it is not recorded."""
    calibration = known_metadata(saved_model).calibration
    heads = () if calibration is None else (calibration.age, calibration.gender)
    if any(head is not None and head.not_fitted is None for head in heads):
        return True
    epochs = [epoch for phase in read_history(saved_model) for epoch in phase.epochs]
    return any("val_loss" in epoch for epoch in epochs) if epochs else None
