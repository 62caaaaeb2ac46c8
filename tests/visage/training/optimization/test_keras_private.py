"""Keras still has the private names that `keras_private` uses, they mean the same, and no other file uses any."""

import ast
import inspect
import re
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.helpers.project import PROJECT

KINDS = [keras.optimizers.SGD, keras.optimizers.Adam, keras.optimizers.AdamW]
# Python's own private names, and one of LiteRT's interpreter.
OF_OTHERS = {"_exit", "_get_ops_details"}


@pytest.mark.parametrize("kind", KINDS)
def test_an_optimizer_lists_its_weights_and_finds_each_ones_place(kind: type[keras.optimizers.Optimizer]) -> None:
    weights = [keras.Variable([1.0], name=f"kernel_{number}") for number in range(2)]
    optimizer = kind()
    optimizer.build(weights)
    assert [weight.path for weight in optimizer._trainable_variables] == [weight.path for weight in weights]
    assert [optimizer._get_variable_index(weight) for weight in weights] == [0, 1]


@pytest.mark.parametrize("kind", KINDS)
def test_an_optimizer_updates_and_decays_a_weight_in_the_methods_that_are_overridden(
    kind: type[keras.optimizers.Optimizer],
) -> None:
    assert list(inspect.signature(kind.update_step).parameters) == ["self", "gradient", "variable", "learning_rate"]
    assert len(inspect.signature(kind._apply_weight_decay).parameters) == 2
    called: list[str] = []

    class Watched(kind):
        def update_step(self, gradient: object, variable: object, learning_rate: object) -> None:
            called.append("update_step")

        def _apply_weight_decay(self, variables: list[keras.Variable]) -> None:
            called.append("_apply_weight_decay")

    weight = keras.Variable([1.0], name="kernel")
    Watched(weight_decay=0.1).apply([keras.ops.zeros(1)], [weight])
    assert called == ["_apply_weight_decay", "update_step"]


def test_decay_uses_the_optimizers_current_rate() -> None:
    optimizer = keras.optimizers.SGD(learning_rate=0.5, weight_decay=0.2)
    weight = keras.Variable([1.0], name="kernel")
    optimizer.build([weight])
    optimizer.weight_decay = 0.1
    optimizer._apply_weight_decay([weight])
    np.testing.assert_allclose(weight, [1 - 0.1 * 0.5])


def private_names(file: Path) -> set[str]:
    """Returns the private attributes that a file uses of objects other than `self` and `cls`."""
    nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    taken = (
        node for node in nodes if isinstance(node, ast.Attribute) and ast.unparse(node.value) not in ("self", "cls")
    )
    return {node.attr for node in taken if re.match("_[a-z]", node.attr)}


def test_no_other_file_uses_private_names_of_keras() -> None:
    folders = ("visage", "components", "serving", "pipeline")
    files = [file for folder in folders for file in (PROJECT / folder).rglob("*.py")]
    used = {file.name: names for file in files if (names := private_names(file) - OF_OTHERS)}
    assert used == {
        "keras_private.py": {"_apply_weight_decay"},
        # Of httpx, whose connections take no limit of the whole time otherwise.
        "request_time.py": {"_transport", "_mounts", "_pool", "_network_backend"},
        # Of fsspec, TFX's launcher, ML Metadata and kfp: hooks that their own subclasses and callers use.
        "bucket_copy.py": {"_strip_protocol"},
        "compile.py": {"_task_spec"},
        "node.py": {"_run_executor"},
        "server_store.py": {"_call"},
        "submit.py": {"_healthz_api"},
    }
    inherited = re.compile(r"self\._(trainable_variables|get_variable_index)\b|keras\.src")
    assert [file.name for file in files if inherited.search(file.read_text(encoding="utf-8"))] == ["keras_private.py"]
