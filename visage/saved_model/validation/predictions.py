"""Checks a model's predictions: numbers must be in range, and names must follow from the numbers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from visage.data import labels
from visage.errors import quoted
from visage.saved_model.validation.errors import UnservableError

# The error of summing 101 probabilities or ages in single precision, and so the difference between two programs that
# compute in a different order: a thousandth of a probability, a hundredth of a year.
ABSOLUTE, RELATIVE = 1e-3, 1e-4
# The ages 0 to 100, or the groups.
_PROBABILITIES = (101, len(labels.AGE_GROUPS))
_NAMES = {"age_group": labels.AGE_GROUPS, "gender": labels.GENDERS}


def check_predictions(signature: str, outputs: Mapping[str, np.ndarray]) -> None:
    """Checks that every number is finite and in range, and that every name is known and follows from the numbers.

    Args:
        signature: name of the signature that returned them.
        outputs: values by output, names as bytes.

    Raises:
        UnservableError: a value is none of these.
    """
    for output, values in outputs.items():
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise UnservableError(f"{signature}: output {output} is not finite")
    if "age" in outputs:
        _check_ages(signature, outputs)
    if "gender" in outputs:
        _check_genders(signature, outputs["gender_probability"])
    for output, allowed in names_allowed(outputs).items():
        _check_names(f"{signature}: output {output}", outputs[output], _NAMES[output], allowed)


def names_allowed(outputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns the names that a prediction's numbers allow: several if a number is within its error of a boundary.

    Args:
        outputs: values by output; N faces.

    Returns:
        'age_group' and 'gender', if they are among the outputs: bool [N, names], in the order of `labels`.
    """
    allowed = {}
    if "age_group" in outputs:
        allowed["age_group"] = _groups_allowed(outputs["age"], outputs["age_probabilities"])
    if "gender" in outputs:
        male = outputs["gender_probability"]
        allowed["gender"] = np.stack([male <= 0.5 + ABSOLUTE, male > 0.5 - ABSOLUTE], axis=1)
    return allowed


def is_allowed(output: str, name: bytes, allowed: np.ndarray) -> bool:
    """Returns whether a name is among those that `names_allowed` gives for one face: bool [names]."""
    return name in {_NAMES[output][index].encode() for index in np.flatnonzero(allowed)}


def _groups_allowed(ages: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Returns the allowed groups: of the age for a distribution over years, else the most probable: bool [N, 8]."""
    if probabilities.shape[1] == len(labels.AGE_GROUPS):
        return probabilities >= probabilities.max(axis=1, keepdims=True) - ABSOLUTE
    spread = ABSOLUTE + RELATIVE * ages
    allowed = np.zeros((len(ages), len(labels.AGE_GROUPS)), bool)
    for face, (youngest, oldest) in enumerate(zip(ages - spread, ages + spread, strict=True)):
        allowed[face, [labels.age_group(youngest), labels.age_group(oldest)]] = True
    return allowed


def _check_ages(signature: str, outputs: Mapping[str, np.ndarray]) -> None:
    age, probabilities = outputs["age"], outputs["age_probabilities"]
    if (age < -ABSOLUTE).any() or (age > 100 + ABSOLUTE).any():
        raise UnservableError(f"{signature}: ages from {age.min():g} to {age.max():g} are not within 0 to 100")
    if probabilities.shape[1] not in _PROBABILITIES:
        wanted = " or ".join(map(str, _PROBABILITIES))
        raise UnservableError(f"{signature}: age_probabilities has {probabilities.shape[1]} a face, not {wanted}")
    sums = probabilities.sum(axis=1)
    wrong = (probabilities < 0).any(axis=1) | (np.abs(sums - 1) > ABSOLUTE)
    if wrong.any():
        raise UnservableError(
            f"{signature}: rows of age_probabilities are no distributions, one sums to {sums[wrong][0]:g}"
        )


def _check_genders(signature: str, male: np.ndarray) -> None:
    if (male < 0).any() or (male > 1).any():
        raise UnservableError(f"{signature}: gender_probability is not within 0 to 1")


def _check_names(what: str, values: np.ndarray, known: tuple[str, ...], allowed: np.ndarray) -> None:
    for value, possible in zip(values, allowed, strict=True):
        wanted = [known[index] for index in np.flatnonzero(possible)]
        if value.decode(errors="replace") not in known:
            raise UnservableError(f"{what} is {quoted(value.decode(errors='replace'))}, none of {', '.join(known)}")
        if value.decode() not in wanted:
            raise UnservableError(f"{what} is {value.decode()}, but its numbers give {' or '.join(wanted)}")
