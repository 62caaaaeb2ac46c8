"""Lists the networks that a recipe can name; a network's module, and so Keras, is imported only to build it.

Every network maps pixels float32 [N, input_size, input_size, channels] in 0..255 to a dictionary of raw outputs,
`age` and `gender`, without the one whose head is None. `visage/networks/heads.py` defines the numbers of each head. A
network of several members returns theirs too, which only training reads.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from visage.networks.trunks import TRUNKS, Trunk

if TYPE_CHECKING:
    import keras

Pretrained = Literal["dlib", "imagenet"]
AgeHead = Literal["regression", "softmax", "label_distribution", "age_groups", "coral"]
GenderHead = Literal["binary", "softmax"]


@dataclass(frozen=True)
class NetworkSpec:
    """The properties of a network that the rest of the Trainer needs before building it.

    Attributes:
        module: module of its `build`.
        input_size: pixels; side of the image.
        channels: 1 grey, 3 colour.
        age_head: kind of its age output; None: it has none.
        gender_head: the same for the gender.
        any_size: whether another `input_size`, from 32, gives the same weights: the network ends in global pooling.
        tta_flip: whether a served model predicts the mean over an image and its mirror image.
        trunks: pretrained face networks with whose layers it begins, and whose weights it takes.
        imagenet_file: name of Keras's file of ImageNet weights without the top; '': there is none for it.
    """

    module: str
    input_size: int
    channels: int
    age_head: AgeHead | None
    gender_head: GenderHead | None
    any_size: bool = False
    tta_flip: bool = False
    trunks: tuple[Trunk, ...] = ()
    imagenet_file: str = ""

    @property
    def outputs(self) -> tuple[str, ...]:
        """Returns the names of its raw outputs."""
        heads = {"age": self.age_head, "gender": self.gender_head}
        return tuple(name for name, head in heads.items() if head is not None)

    @property
    def members(self) -> tuple[str, ...]:
        """Returns the members of the network, `visage.networks.members`; none if its heads are its only ones."""
        return self.trunks if len(self.trunks) > 1 else ()

    @property
    def name(self) -> str:
        """Returns the name that recipes use."""
        return self.module.rpartition(".")[2]

    @property
    def pretrained(self) -> tuple[Pretrained, ...]:
        """Returns the pretrained weights that fit it by one name; those of several trunks are named one by one."""
        fits: dict[Pretrained, bool] = {"dlib": self.trunks == ("dlib",), "imagenet": bool(self.imagenet_file)}
        return tuple(name for name, does in fits.items() if does)

    def build(self) -> keras.Model:
        """Builds a new network with random weights from Keras's global seed."""
        module = importlib.import_module(self.module)
        network: keras.Model = module.build(self.input_size, self.channels, self.age_head, self.gender_head)
        return network


def _spec(
    name: str,
    input_size: int,
    channels: int,
    age_head: AgeHead | None,
    gender_head: GenderHead | None,
    **options: Any,
) -> tuple[str, NetworkSpec]:
    return name, NetworkSpec(f"{__name__}.{name}", input_size, channels, age_head, gender_head, **options)


# Pixels; the geometry of dlib's face network requires them.
_DLIB_SIZE = TRUNKS["dlib"].input_size

NETWORKS: dict[str, NetworkSpec] = dict(
    (
        _spec("cnn_imdb_age", 128, 3, "regression", None),
        _spec("cnn_imdb_gender", 128, 3, None, "binary"),
        _spec("cnn_utkface", 64, 1, "regression", "binary"),
        _spec("compact", 64, 3, "label_distribution", "binary", any_size=True),
        _spec("mobilenet", 224, 3, "softmax", "softmax", any_size=True, imagenet_file="mobilenet_1_0_224_tf_no_top.h5"),
        _spec(
            "resnet50",
            224,
            3,
            "age_groups",
            "binary",
            any_size=True,
            imagenet_file="resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
        ),
        _spec("vggface", 224, 3, "softmax", "softmax"),
        _spec("visage", _DLIB_SIZE, 3, "label_distribution", "binary", trunks=("dlib",)),
        _spec("visage_duo", _DLIB_SIZE, 3, "label_distribution", "binary", trunks=("dlib", "faceres")),
        _spec("visage_small", _DLIB_SIZE, 3, "label_distribution", "binary", trunks=("dlib",)),
    )
)


def networks_that_fit(weights: Pretrained) -> list[str]:
    """Returns the names of the networks that take pretrained weights, in the order of `NETWORKS`."""
    return [name for name, spec in NETWORKS.items() if weights in spec.pretrained]
