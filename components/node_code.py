"""Names the code of each node: the packages of ours and the installed ones that form its results.

The text of `code_of` is the execution property `code` of a node, so it is part of TFX's cache key: changed code misses
the cache. `pipeline/node.py` sets it when it compiles a pipeline, and again where the node runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from visage.installed import installed_version
from visage.source_digest import TRAINING_CODE, source_digest

PROPERTY = "code"
"""Name of the execution property."""


@dataclass(frozen=True)
class NodeCode:
    """The code of a node.

    Attributes:
        packages: of ours, as `source_digest` takes them.
        distributions: installed packages that compute, decode or write what is in the node's outputs. Those that only
            start, store or transport (TFX's launcher, ML Metadata, PyArrow) are left out, because every entry makes an
            upgrade compute again, and whatever FaceExampleGen makes anew is trained on anew.
    """

    packages: tuple[str, ...]
    distributions: tuple[str, ...] = ()


NODES: Mapping[str, NodeCode] = {
    "FaceExampleGen": NodeCode(
        (
            "components.face_example_gen",
            "visage.data",
            # In the cleaning report.
            "visage.evaluation.label_noise",
            "visage.evaluation.statistics",
            "visage.faces",
        ),
        # Beam distributes, and so orders, the records.
        ("ai-edge-litert", "apache-beam", "numpy", "pillow", "tensorflow-datasets"),
    ),
    "CuratedSchema": NodeCode(("components.curated_schema",)),
    "StatisticsGen": NodeCode(
        ("components.artifact_aliases", "components.statistics_gen"), ("tensorflow-data-validation", "tfx")
    ),
    "ExampleValidator": NodeCode(
        ("components.example_validator", "visage.data_validation"), ("tensorflow-data-validation",)
    ),
    "Tuner": NodeCode(
        (*TRAINING_CODE, "components.tuner"), ("keras", "keras-tuner", "opencv-python-headless", "tensorflow")
    ),
    "Trainer": NodeCode((*TRAINING_CODE, "components.trainer"), ("keras", "opencv-python-headless", "tensorflow")),
    "Evaluator": NodeCode(
        (
            "components.evaluator",
            "visage.data",
            "visage.evaluation",
            "visage.faces",
            "visage.prediction",
            "visage.saved_model",
        ),
        ("numpy", "scipy", "tensorflow"),
    ),
    "InfraValidator": NodeCode(("components.infra_validator", "visage.data", "visage.saved_model"), ("tensorflow",)),
    "Pusher": NodeCode(("components.pusher", "visage.saved_model.pushing")),
    "ModelCard": NodeCode(
        (
            "components.model_card",
            "visage.data",
            "visage.evaluation",
            "visage.faces.image_io",
            "visage.html",
            "visage.model_card",
            "visage.networks",
            "visage.saved_model",
            "visage.training",
        ),
        ("pillow",),
    ),
}
"""By node. Resolvers are missing: TFX never takes their results from the cache."""


def code_of(node: str) -> str:
    """Returns the code of a node as it is installed: `NAME=DIGEST` of packages of ours, then `NAME=VERSION` of others.

    A process sees each package as it first saw it, because it has imported that code, whatever is installed later.

    Returns: '' of a node without an entry.
    """
    if node not in NODES:
        return ""
    code = NODES[node]
    values = {
        **{name: _digest(name) for name in sorted(code.packages)},
        **{name: _version(name) for name in sorted(code.distributions)},
    }
    return " ".join(f"{name}={value}" for name, value in values.items())


def parts_of(code: str) -> dict[str, str]:
    """Returns the value of each name in a text of `code_of`; {'': TEXT} of the single digest of an earlier version.

    >>> parts_of("visage.data=0f1e pillow=12.3.0")
    {'visage.data': '0f1e', 'pillow': '12.3.0'}
    """
    pairs = [part.partition("=") for part in code.split(" ")]
    return {name: value for name, equals, value in pairs if equals} or {"": code}


@cache
def _digest(package: str) -> str:
    return source_digest(package)


@cache
def _version(distribution: str) -> str:
    return installed_version(distribution) or "none"
