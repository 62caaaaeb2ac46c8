"""Holds all private names of Keras that VisAge uses; `test_keras_private.py` fails when Keras changes one.

Keras has one learning rate for an optimizer and no public way to give a weight a rate of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras


def with_rate_by_weight(
    kind: type[keras.optimizers.Optimizer], fractions: Mapping[str, float], weight_decay: float
) -> type[keras.optimizers.Optimizer]:
    """Returns a subclass of an optimizer under which some weights learn and decay at a fraction of the rate.

    Args:
        kind: class of optimizer, whose `update_step` takes the rate and which decays weights separately.
        fractions: fractions of the rate, by the path of a weight; the others have the whole rate.
        weight_decay: the optimizer's argument of this name; 0: none.
    """

    class RateByWeight(kind):
        def update_step(
            self, gradient: keras.KerasTensor, variable: keras.Variable, learning_rate: keras.KerasTensor
        ) -> None:
            """Updates one weight."""
            # `variable` may be the back end's own, which has no path.
            path = self._trainable_variables[self._get_variable_index(variable)].path
            super().update_step(gradient, variable, learning_rate * fractions.get(path, 1.0))

        def _apply_weight_decay(self, variables: Sequence[keras.Variable]) -> None:
            # Keras decays all weights at the whole rate.
            if not weight_decay:
                return
            for variable in variables:
                self.weight_decay = weight_decay * fractions.get(variable.path, 1.0)
                super()._apply_weight_decay([variable])
            self.weight_decay = weight_decay

    return RateByWeight
