"""Makes one network of several members: parts with heads of their own, whose mean is the network's answer.

Each member learns from its own loss (`visage.training.objective.training_model`), so that their errors stay as
independent as their features are: the mean of two heads on a trunk each is better than one head on both
(`docs/experiments.md`).
"""

from __future__ import annotations

from collections.abc import Mapping

import keras


def of_member(output: str, member: str) -> str:
    """Returns the name of a member's raw output.

    >>> of_member("age", "dlib")
    'age_of_dlib'
    """
    return f"{output}_of_{member}"


def with_mean(members: Mapping[str, Mapping[str, keras.KerasTensor]]) -> dict[str, keras.KerasTensor]:
    """Returns the outputs of a network of these members.

    Args:
        members: by name, at least two; each has the same raw outputs, one or both of `age` and `gender`, [N, width].

    Returns:
        Under its own name, the mean of each raw output: of logits, that is the normalized geometric mean of the
        members' distributions. Then each member's raw outputs, named by `of_member`.
    """
    outputs = next(iter(members.values())).keys()
    # In half precision, ages around 70 years would have steps of half a year.
    means = {
        output: keras.layers.Average(dtype="float32", name=output)([raw[output] for raw in members.values()])
        for output in outputs
    }
    return means | {of_member(output, name): members[name][output] for name in members for output in outputs}
