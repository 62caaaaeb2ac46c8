"""Describes a model in one line: its pipeline, its version and its training data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from visage.saved_model.metadata import ModelMetadata, ThirdParty, TrainingProvenance

# Replaces values that an older model, or one of another program, does not record.
UNKNOWN = "unknown"

DRAWN, PHOTOS, BOTH = "drawn portraits", "photos", "drawn portraits and photos"

_WARNINGS = {
    DRAWN: "trained on drawn portraits, not on photos of people: its predictions for photos are meaningless",
    BOTH: "trained on drawn portraits as well as photos of people: the drawings may distort its predictions for photos",
}


@dataclass(frozen=True)
class TrainedOn:
    """The data of a model's own training, of its teacher's and of the model's that it started from.

    Attributes:
        pictures: 'drawn portraits', 'photos', 'drawn portraits and photos' or 'unknown'.
        data_sets: names, sorted; empty where they are unknown.
        faces: number of faces in the model's own training split; None: unknown.
    """

    # The name is a key of users' files: model_card.json and the output of `visage predict --json`.
    pictures: str
    data_sets: tuple[str, ...]
    faces: int | None


@dataclass(frozen=True)
class ModelIdentity:
    """The identity of a model. The JSON of commands and routes is its `asdict`.

    Attributes:
        warning: shown before any figure of a model that was trained on drawn portraits; None: no such warning.
        summary: one line for people.
        name: the model's name on a server, or its folder.
        pipeline: the pipeline that trained it, or 'unknown'.
        version: the number that Pusher gave it, or 'unknown'.
        training: the id of the Trainer's execution, as in artifacts/Trainer/model/ID, or 'unknown'.
        trained_on: its data.
        notice: what is known of a model that other people trained, and what is not; None: VisAge trained it.
    """

    warning: str | None
    summary: str
    name: str
    pipeline: str
    version: str
    training: str
    trained_on: TrainedOn
    notice: str | None = None

    def lines(self) -> Iterator[str]:
        """Yields the warning, if there is one, then the summary, then the notice, if there is one."""
        if self.warning is not None:
            yield f"warning: {self.warning}"
        yield f"model: {self.summary}"
        if self.notice is not None:
            yield f"notice: {self.notice}"


def identify(metadata: ModelMetadata, name: str, version: str | int | None) -> ModelIdentity:
    """Reads a model's identity.

    Args:
        metadata: the model's description; values that it lacks are unknown.
        name: what a server calls the model, or its folder.
        version: None or 0 where its folder has no number.
    """
    trainings = metadata.learned_from or []
    own = metadata.own_training
    trained_on = TrainedOn(_images(trainings), tuple(sorted(_data_sets(trainings))), own.faces)
    pipeline = own.pipeline or UNKNOWN
    shown_version = str(version) if version else UNKNOWN
    training = own.training or UNKNOWN
    third_party = metadata.third_party
    origin = f"pipeline {pipeline}" if third_party is None else third_party.name
    which = f"{name}, {origin}, version {shown_version}"
    known_training = "" if training == UNKNOWN else f", training {training}"
    summary = f"{which}{known_training}, trained on {_in_words(trained_on)}"
    warning = _WARNINGS.get(trained_on.pictures)
    notice = None if third_party is None else _notice(third_party)
    return ModelIdentity(warning, summary, name, pipeline, shown_version, training, trained_on, notice)


def _notice(model: ThirdParty) -> str:
    return f"networks of {model.maker} ({model.licence}), trained on {model.trained_on}; not known: {model.not_known}"


def _in_words(trained_on: TrainedOn) -> str:
    if trained_on.pictures == UNKNOWN and not trained_on.data_sets:
        return UNKNOWN
    images = "images of unknown origin" if trained_on.pictures == UNKNOWN else trained_on.pictures
    faces = "" if trained_on.faces is None else f" ({trained_on.faces:,} faces)"
    return f"{images}: {', '.join(trained_on.data_sets) or UNKNOWN}{faces}"


def _images(trainings: Sequence[TrainingProvenance]) -> str:
    """Returns the kind of images: a single training on drawn portraits makes the model one of drawn portraits."""
    drawn = [training.drawn for training in trainings]
    if True in drawn:
        return DRAWN if all(drawn) else BOTH
    return PHOTOS if drawn and None not in drawn else UNKNOWN


def _data_sets(trainings: Sequence[TrainingProvenance]) -> set[str]:
    return {source for training in trainings for source in training.sources or ()}
