"""Reads and writes `assets.extra/visage.json`, the description of a SavedModel and of its training data.

Only this module knows the layout of the file. Models outlive the version that wrote them: values that an older layout
lacks are None, and its renamed keys are read under their present names (`to_json` always writes the present layout).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from visage.faces.settings import AlignmentSettings

# TensorFlow Serving's own folder for files that belong to a model but not to its graph.
ASSETS_EXTRA = "assets.extra"
METADATA_FILE = f"{ASSETS_EXTRA}/visage.json"


@dataclass(frozen=True)
class TrainingProvenance:
    """The data of one training. None: unknown, since an older model does not record it.

    Attributes:
        sources: the data sets, sorted; `undisclosed/NAME`: images that their owner did not publish.
        split: the settings that decide who is in the test split: `method` of `SplitSettings`, its keys and `repeat`.
        pipeline: name of the pipeline.
        drawn: whether the images are drawn portraits.
        faces: number of faces in the training split.
        training: id of the Trainer's execution, as in artifacts/Trainer/model/ID.
        weights: where its first weights came from: 'random', 'dlib', 'imagenet', 'blessed', the name of a file, or
            the trunks, as 'dlib, faceres'.
        uid: random name of the training, which none of another pipeline or workspace has.
    """

    sources: list[str] | None = None
    split: dict[str, Any] | None = None
    pipeline: str | None = None
    drawn: bool | None = None
    faces: int | None = None
    training: str | None = None
    weights: str | None = None
    uid: str | None = None

    @classmethod
    def from_json(cls, document: Any) -> TrainingProvenance:
        """Reads an entry of `learned_from`; values that are missing or of another type become None."""
        values = document if isinstance(document, Mapping) else {}
        sources = values.get("sources")
        return cls(
            sources=[str(source) for source in sources] if isinstance(sources, list) else None,
            split=_typed(values, "split", dict),
            pipeline=_typed(values, "pipeline", str) or None,
            drawn=_typed(values, "drawn", bool),
            faces=_typed(values, "faces", int),
            training=_typed(values, "training", str) or None,
            weights=_typed(values, "weights", str) or None,
            uid=_typed(values, "uid", str) or None,
        )

    def to_json(self) -> dict[str, Any]:
        """Returns the entry as `from_json` reads it."""
        return asdict(self)


@dataclass(frozen=True)
class HeadCalibration:
    """The temperature of one head, fitted on the validation split (`visage/training/calibration`).

    Attributes:
        temperature: above 0; the graph divides the head's logits by it. 1: they are unchanged.
        records: number of validation records with a known label.
        nll_before: nats; their mean negative log likelihood at temperature 1. None: there are no such records.
        nll_after: the same at `temperature`.
        not_fitted: why the temperature is 1; None: it was fitted.
    """

    temperature: float = 1.0
    records: int | None = None
    nll_before: float | None = None
    nll_after: float | None = None
    not_fitted: str | None = None

    @classmethod
    def from_json(cls, document: Any) -> HeadCalibration | None:
        """Reads the entry of one head; None without a temperature."""
        values = document if isinstance(document, Mapping) else {}
        temperature = _typed(values, "temperature", float)
        if temperature is None:
            return None
        return cls(
            temperature=temperature,
            records=_typed(values, "records", int),
            nll_before=_typed(values, "nll_before", float),
            nll_after=_typed(values, "nll_after", float),
            not_fitted=_typed(values, "not_fitted", str),
        )


@dataclass(frozen=True)
class Calibration:
    """The temperatures of a model's heads. None: the head has none, since it is absent or predicts no probabilities."""

    age: HeadCalibration | None = None
    gender: HeadCalibration | None = None

    @classmethod
    def from_json(cls, document: Any) -> Calibration | None:
        """Reads the entry `calibration`; None if it is no object."""
        if not isinstance(document, Mapping):
            return None
        return cls(*(HeadCalibration.from_json(document.get(output)) for output in ("age", "gender")))


@dataclass(frozen=True)
class ThirdParty:
    """What is known of networks that other people trained, and what is not: one line each.

    Attributes:
        name: and version of the package or file.
        maker: who trained them.
        licence: SPDX names.
        architecture: of the networks.
        trained_on: the images.
        not_known: what nobody published about the images and the errors.
    """

    name: str
    maker: str
    licence: str
    architecture: str
    trained_on: str
    not_known: str

    @classmethod
    def from_json(cls, document: Any) -> ThirdParty | None:
        """Reads the entry; None if it is no object with every line."""
        values = document if isinstance(document, Mapping) else {}
        lines = [_typed(values, each.name, str) for each in fields(cls)]
        return None if None in lines else cls(*lines)


@dataclass(frozen=True)
class ModelMetadata:
    """The description of a model. None: unknown, as for an older model or one that another program wrote.

    Attributes:
        network: a module of `visage/networks`.
        input_size: pixels; side of the network's square input.
        channels: 3 for colour, 1 for grey.
        tta_flip: whether the model predicts the mean over an image and its mirror image.
        alignment: geometry of the crops that it was trained on: the values of `AlignmentSettings` in the version that
            wrote them; empty where they are unknown.
        parameters: number of the network's parameters.
        learned_from: the model's own training, then the trainings of its teacher and of the model that it started from.
        calibration: the temperatures in the graph; None: the model is not calibrated.
        third_party: of networks that other people trained; None: VisAge trained it.
    """

    network: str | None = None
    input_size: int | None = None
    channels: int | None = None
    tta_flip: bool = False
    alignment: Mapping[str, Any] | None = None
    parameters: int | None = None
    learned_from: list[TrainingProvenance] | None = None
    calibration: Calibration | None = None
    third_party: ThirdParty | None = None

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> ModelMetadata:
        """Reads the file's content in any layout; values that are missing or of another type become None."""
        learned_from = _typed(document, "learned_from", list)
        # Earlier versions name this key `flip_averaged`, or have no such models.
        tta_flip = document.get("tta_flip", document.get("flip_averaged"))
        return cls(
            network=_typed(document, "network", str),
            input_size=_typed(document, "input_size", int),
            channels=_typed(document, "channels", int),
            tta_flip=tta_flip is True,
            alignment=_typed(document, "alignment", dict),
            parameters=_typed(document, "parameters", int),
            learned_from=None if learned_from is None else [TrainingProvenance.from_json(one) for one in learned_from],
            calibration=Calibration.from_json(document.get("calibration")),
            third_party=ThirdParty.from_json(document.get("third_party")),
        )

    @property
    def own_training(self) -> TrainingProvenance:
        """Returns the training of the model itself; its values are None where the model does not record it."""
        return self.learned_from[0] if self.learned_from else TrainingProvenance()

    def to_json(self) -> dict[str, Any]:
        """Returns the file's content in the present layout."""
        return asdict(self)

    def alignment_settings(self) -> AlignmentSettings:
        """Returns the geometry of this model's crops.

        Raises:
            pydantic.ValidationError: the values are missing, or another version of VisAge wrote them.
        """
        return AlignmentSettings.model_validate(self.alignment)


def read_metadata(saved_model: Path) -> ModelMetadata:
    """Reads the description of a SavedModel.

    Args:
        saved_model: its folder.

    Raises:
        FileNotFoundError: it has no description: another program wrote the model.
        OSError: the file cannot be read.
        ValueError: the file is damaged.
    """
    document = json.loads((saved_model / METADATA_FILE).read_bytes())
    if not isinstance(document, dict):
        raise ValueError(f"{saved_model / METADATA_FILE} holds no object")
    return ModelMetadata.from_json(document)


def known_metadata(saved_model: Path) -> ModelMetadata:
    """Reads the same; of a model without a readable description, everything is unknown."""
    try:
        return read_metadata(saved_model)
    except (OSError, ValueError):
        return ModelMetadata()


def write_metadata(saved_model: Path, metadata: ModelMetadata) -> None:
    """Writes the file into a SavedModel that is not yet under its final name.

    Raises:
        OSError: it cannot be written.
    """
    file = saved_model / METADATA_FILE
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(metadata.to_json(), indent=2) + "\n", encoding="utf-8")


def _typed(values: Mapping[str, Any], key: str, kind: type) -> Any:
    """Returns the value if it is of exactly this type (True is no number), else None."""
    value = values.get(key)
    return value if type(value) is kind else None
