"""Predicts serialized records with SavedModels, as the table from which metrics are computed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from visage import progress
from visage.data.labels import AGE_GROUPS
from visage.data.records import FaceRecord, from_example
from visage.errors import VisageError
from visage.evaluation.predictions.table import ModelOutputs, PredictionTable, Truths
from visage.saved_model.load import load_saved_model
from visage.tensorflow_messages import first_cause

# Records that a model predicts at once.
BATCH = 64
SIGNATURE = "evaluate"


class ExamplesModel:
    """A SavedModel, called by its signature `evaluate`."""

    def __init__(self, folder: Path) -> None:
        """Loads the SavedModel in `folder`.

        Raises:
            VisageError: files are missing or damaged, or the model has no such signature.
        """
        try:
            # The model's variables live only as long as this object.
            self._model = load_saved_model(folder)
        except Exception as error:  # TensorFlow raises nearly any exception for damaged files.
            cause = first_cause(error)[:200]
            raise VisageError(f"{folder}: the model cannot be loaded ({cause}); push or train it again") from error
        if SIGNATURE not in self._model.signatures:
            raise VisageError(f"{folder}: has no signature {SIGNATURE!r}; only models that VisAge trained have it")

    def predict(self, serialized: Sequence[bytes]) -> dict[str, np.ndarray]:
        """Returns the outputs of the signature by name, arrays [n, ...], for n records."""
        import tensorflow as tf

        outputs = self._model.signatures[SIGNATURE](examples=tf.constant(serialized))
        return {name: values.numpy() for name, values in outputs.items()}


def predict_examples(serialized: Iterable[bytes], models: Mapping[str, ExamplesModel]) -> PredictionTable:
    """Predicts records with every model.

    Args:
        serialized: records as FaceExampleGen writes them; one at least.
        models: by role.

    Returns:
        Labels and outputs, in the order of the records.
    """
    records: list[FaceRecord] = []
    batches: dict[str, list[dict[str, np.ndarray]]] = {role: [] for role in models}
    for batch in _batched(serialized):
        for role, model in models.items():
            batches[role].append(model.predict(batch))
        records += (replace(from_example(record), image=b"") for record in batch)
        progress.report("predict records", len(records))
    return PredictionTable(Truths.of_records(records), {role: _joined(found) for role, found in batches.items()})


def _batched(serialized: Iterable[bytes]) -> Iterator[list[bytes]]:
    remaining = iter(serialized)
    while batch := list(islice(remaining, BATCH)):
        yield batch


def _joined(batches: Sequence[Mapping[str, np.ndarray]]) -> ModelOutputs:
    def joined(name: str) -> np.ndarray | None:
        return np.concatenate([batch[name] for batch in batches]) if name in batches[0] else None

    names = joined("age_group")
    return ModelOutputs(
        age=joined("age"),
        age_probabilities=joined("age_probabilities"),
        age_group=None if names is None else np.array([AGE_GROUPS.index(name.decode()) for name in names], np.float32),
        gender_probability=joined("gender_probability"),
    )
