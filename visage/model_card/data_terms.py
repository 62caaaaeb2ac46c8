"""Collects the terms of the data that a model depends on: of every archive, teacher and set of first weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from visage.data.datasets import terms_of
from visage.networks.trunks import TRUNKS, split_start
from visage.saved_model.metadata import TrainingProvenance
from visage.saved_model.provenance import UNDISCLOSED

# By the start of a training, as `TrainingProvenance.weights` names it.
_OF_WEIGHTS: dict[str, str] = {
    **{trunk: spec.terms for trunk, spec in TRUNKS.items()},
    "imagenet": "ImageNet weights of Keras Applications; ImageNet's images are for non-commercial research and "
    "education (https://image-net.org/download.php)",
}
_VGG_FACE = (
    "VGG-Face, whose data set and weights are for non-commercial research "
    "(https://www.robots.ox.ac.uk/~vgg/software/vgg_face/)"
)
_UNDISCLOSED = (
    "Images that their owner did not publish: their terms, who is on them, and whether faces of the test split are "
    "among them are not known."
)
_DRAWN = "Drawn portraits: nobody's face, no terms."
_OWNER = "The owner of the images sets their terms."
_UNKNOWN_DATA = "The model does not record its data: their terms are unknown."
_UNKNOWN_WEIGHTS = "The model does not record what its weights started from: their terms are unknown."


@dataclass(frozen=True)
class DataTerms:
    """The terms of one thing that a model depends on.

    Attributes:
        what: e.g. 'utkface' or 'first weights: dlib'.
        by: whose training used it: 'this model', or 'a teacher or an earlier model'.
        terms: one line.
    """

    what: str
    by: str
    terms: str


def data_terms(trainings: Sequence[TrainingProvenance] | None) -> list[DataTerms]:
    """Returns the terms that a model inherits, each once.

    Args:
        trainings: the model's own first, then those of its teacher and of the model that it started from; None or
            empty: unknown.
    """
    found: dict[tuple[str, str], DataTerms] = {}
    for number, training in enumerate(trainings or [TrainingProvenance()]):
        by = "a teacher or an earlier model" if number else "this model"
        for what, terms in (*_of_data(training), *_of_weights(training)):
            found.setdefault((what, terms), DataTerms(what, by, terms))
    return list(found.values())


def _of_data(training: TrainingProvenance) -> Iterator[tuple[str, str]]:
    if training.sources is None:
        yield "data", _UNKNOWN_DATA
    for source in training.sources or ():
        if source.startswith(f"{UNDISCLOSED}/"):
            yield source, _UNDISCLOSED
            continue
        if training.drawn:
            yield source, _DRAWN
            continue
        yield from ((source, each) for each in terms_of(source) or [_OWNER])


def _of_weights(training: TrainingProvenance) -> Iterator[tuple[str, str]]:
    if training.weights is None:
        yield "first weights", _UNKNOWN_WEIGHTS
        return
    for start in split_start(training.weights):
        if start in _OF_WEIGHTS:
            yield f"first weights: {start}", _OF_WEIGHTS[start]
        elif start not in ("random", "blessed"):
            is_vgg_face = "vgg" in start.lower() and "face" in start.lower()
            terms = _VGG_FACE if is_vgg_face else "A file of the user's own: its maker sets its terms."
            yield f"first weights: {start}", terms
