"""Measures how much the labels of copies of one image differ, and so what error a perfect model would still have.

Two labels of one image are two measurements of one truth. Let a label be the true age plus an error; the errors of two
labels are independent and have one distribution. A model that knows every true age then has, against such labels, the
mean absolute error E|e|, and the labels of a pair differ by D = E|e1 - e2|. Of any distribution, E|e| >= D / 2
(triangle inequality); of the normal distribution, E|e| = D / sqrt(2). A gender that is wrong with probability p differs
in a fraction d = 2 p (1 - p) of the pairs; a perfect model has the accuracy 1 - p.

These figures hold for all labels only if the copied images are typical.
"""

from __future__ import annotations

import hashlib
import math
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from visage.data.duplicates.decisions import CONFLICTING_LABELS, DUPLICATE_IMAGE, real_age
from visage.data.duplicates.near_duplicates import NEAR_DUPLICATE_DIGITS, NEAR_DUPLICATE_IN_OTHER_SPLIT
from visage.data.labels import AGE_GROUPS, GENDERS, UNKNOWN, age_group
from visage.data.records import FaceRecord
from visage.evaluation.statistics.rates import Rate, fraction_of, mean_of

NORMAL_ERRORS, ANY_ERRORS = 1 / math.sqrt(2), 0.5
"""A perfect model's mean absolute error, as a fraction of the mean difference of two labels."""

FEWEST_PAIRS = 20
"""Pairs below which nothing is concluded from them."""

# Copies of one image that are compared with each other: 45 pairs.
_MOST_COPIES = 10
KINDS = {"identical": "byte-identical images", "near": "near duplicates in two splits"}
"""The kinds of pairs, with their names."""


@dataclass(frozen=True)
class CopyLabels:
    """The labels of one copy of an image.

    Attributes:
        age: years; None where it is unknown, or the mean of people's guesses, which may differ.
        gender: one of GENDERS, or UNKNOWN.
    """

    age: float | None
    gender: str


@dataclass(frozen=True)
class LabelPair:
    """The labels of two copies of one image.

    Attributes:
        image: name of the image; pairs of one image are not independent.
        first, second: the labels.
    """

    image: str
    first: CopyLabels
    second: CopyLabels


def label_noise(pairs: Sequence[LabelPair]) -> dict[str, Any]:
    """Returns how much the labels of pairs differ, with intervals of 95 % over images.

    Args:
        pairs: of copies of one image.

    Returns:
        `pairs`, their number, `age` and `gender`.
        `age`: `pairs` with two known ages; `mean_difference` in years with `interval`; `differ`, the fraction that
        differs at all; `floor`, the mean absolute error in years of a perfect model if label errors are normal, with
        `floor_interval`, and `least_floor`, that of any distribution; and `by_age_group`, `pairs` and
        `mean_difference` by the group of the pair's mean age.
        `gender`: `pairs` with two known genders; `differ`, the fraction of different genders, with `interval`; and
        `ceiling`, the accuracy of a perfect model, with `ceiling_interval`; None where more than half differ.
        Figures are None without a pair, intervals of too few images too, and of fewer than `FEWEST_PAIRS` all but the
        counts and the differences.
    """
    return {"pairs": len(pairs), "age": _age_noise(pairs), "gender": _gender_noise(pairs)}


def sentences(cleaning_report: Mapping[str, Any]) -> list[str]:
    """Returns what the pairs of each kind say; without a pair of known labels, or in an older report, nothing."""
    return [text for kind, noise in cleaning_report.get("label_noise", {}).items() for text in _sentences(kind, noise)]


def _sentences(kind: str, noise: Mapping[str, Any]) -> Iterator[str]:
    known = [found for found in (_age_sentences(noise["age"]), _gender_sentences(noise["gender"])) if found is not None]
    if known:
        pairs = f"{noise['pairs']:,} pair{'' if noise['pairs'] == 1 else 's'} of {KINDS[kind]}"
        measured, meaning = ", and ".join(found[0] for found in known), " and ".join(found[1] for found in known)
        yield (
            f"{pairs}: {measured}. If they are typical, a model that knows the truth has {meaning} against such labels."
        )


def _age_sentences(noise: Mapping[str, Any]) -> tuple[str, str] | None:
    if noise["floor"] is None:
        return None
    within = _range(noise["interval"], "{:.2f}")
    measured = f"the ages differ by {noise['mean_difference']:.2f} years on average{within}"
    within = _range(noise["floor_interval"], "{:.1f}")
    return measured, f"a mean absolute error of {noise['floor']:.1f} years{within}"


def _gender_sentences(noise: Mapping[str, Any]) -> tuple[str, str] | None:
    if noise["ceiling"] is None:
        return None
    measured = f"the genders differ in {100 * noise['differ']:.1f} %{_range(noise['interval'], '{:.1f}', 100)}"
    return measured, f"{100 * noise['ceiling']:.1f} % correct genders{_range(noise['ceiling_interval'], '{:.1f}', 100)}"


def _range(ends: Sequence[float] | None, number: str, factor: float = 1.0) -> str:
    if ends is None:
        return ""
    low, high = (number.format(factor * end) for end in ends)
    return f" ({low} to {high})"


def _age_noise(pairs: Sequence[LabelPair]) -> dict[str, Any]:
    known = [
        (pair.image, pair.first.age, pair.second.age)
        for pair in pairs
        if pair.first.age is not None and pair.second.age is not None
    ]
    images = _numbers([image for image, _, _ in known])
    ages = np.array([[first, second] for _, first, second in known], float).reshape(-1, 2)
    difference = np.abs(ages[:, 0] - ages[:, 1])
    mean = mean_of(difference, images)
    enough = len(known) >= FEWEST_PAIRS
    ends = None if mean.interval is None or not enough else [max(0.0, mean.interval.low), mean.interval.high]
    groups = np.array([age_group(age) for age in ages.mean(axis=1)], int)
    return {
        "pairs": len(known),
        "mean_difference": mean.value,
        "interval": ends,
        "differ": fraction_of(difference > 0, images).value,
        "floor": NORMAL_ERRORS * mean.value if enough and mean.value is not None else None,
        "floor_interval": ends and [NORMAL_ERRORS * end for end in ends],
        "least_floor": ANY_ERRORS * mean.value if enough and mean.value is not None else None,
        "by_age_group": {
            AGE_GROUPS[group]: {
                "pairs": int((groups == group).sum()),
                "mean_difference": float(difference[groups == group].mean()),
            }
            for group in np.unique(groups)
        },
    }


def _gender_noise(pairs: Sequence[LabelPair]) -> dict[str, Any]:
    known = [pair for pair in pairs if UNKNOWN not in (pair.first.gender, pair.second.gender)]
    differ = np.array([pair.first.gender != pair.second.gender for pair in known], bool)
    rate: Rate = fraction_of(differ, _numbers([pair.image for pair in known]))
    enough = len(known) >= FEWEST_PAIRS
    interval = rate.interval if enough else None
    ends = None if interval is None else (_ceiling(interval.high), _ceiling(interval.low))
    return {
        "pairs": len(known),
        "differ": rate.value,
        "interval": None if interval is None else [interval.low, interval.high],
        "ceiling": _ceiling(rate.value) if enough else None,
        "ceiling_interval": None if ends is None or None in ends else list(ends),
    }


def _ceiling(differ: float | None) -> float | None:
    """Returns the accuracy of a perfect model where this fraction of pairs differs; None for more than half."""
    return None if differ is None or differ > 0.5 else (1 + math.sqrt(1 - 2 * differ)) / 2


def _numbers(images: Sequence[str]) -> np.ndarray:
    """Returns the number of each image, int [n]."""
    return np.unique(np.array(images, str), return_inverse=True)[1].reshape(-1)


class LabelPairs:
    """Collects the pairs of copies from what FaceExampleGen wrote, in 13 bytes per record beside the pairs."""

    def __init__(self) -> None:
        self._copies: dict[str, list[tuple[str, CopyLabels]]] = {}
        self._kept: dict[str, CopyLabels] = {}
        self._near: list[tuple[str, CopyLabels]] = []
        self._images = array("Q")
        self._ages = array("f")
        self._genders = array("b")

    def of_written(self, written: Iterable[tuple[str, FaceRecord]]) -> Iterator[tuple[str, FaceRecord]]:
        """Adds the records that were kept, and yields them on: splits and records."""
        for split, record in written:
            self.add_written(record)
            yield split, record

    def of_drops(self, drops: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """Adds the drops, as `add_drop` takes them, and yields them on."""
        for drop in drops:
            self.add_drop(drop)
            yield drop

    def add_written(self, record: FaceRecord) -> None:
        """Adds a record that was kept, to which dropped ones may be near duplicates."""
        self._add_image(_short(record.image_digest), CopyLabels(real_age(record), record.gender))

    def add_drop(self, drop: Mapping[str, Any]) -> None:
        """Adds a drop; only those of copies and near duplicates count.

        Args:
            drop: has `key` and `rule`; those that count also `picture_digest`, `labels` and `age` in years, None where
                it is unknown or a guess. One of several copies has `kept_copy` where a copy stays: its own `age` and
                `gender`. A near duplicate has `near_duplicate`, the first digits of the other image's digest.
        """
        labels = CopyLabels(drop.get("age"), drop.get("labels", {}).get("gender", UNKNOWN))
        if drop["rule"] in (DUPLICATE_IMAGE, CONFLICTING_LABELS):
            image = drop["picture_digest"]
            self._copies.setdefault(image, []).append((drop["key"], labels))
            if "kept_copy" in drop:
                self._kept[image] = CopyLabels(**drop["kept_copy"])
        elif drop["rule"] == NEAR_DUPLICATE_IN_OTHER_SPLIT:
            self._near.append((drop["near_duplicate"], labels))
            # A near duplicate may itself be dropped for a third image.
            self._add_image(_short(drop["picture_digest"]), labels)

    def identical(self) -> list[LabelPair]:
        """Returns all pairs of byte-identical images.

        Of more than `_MOST_COPIES`, the one that stays and the first by key count, so that no image outweighs the rest.
        """
        pairs = []
        for image, copies in sorted(self._copies.items()):
            ordered = [labels for _, labels in sorted(copies, key=lambda copy: copy[0])]
            ordered = [self._kept[image], *ordered] if image in self._kept else ordered
            pairs += [LabelPair(image, *two) for two in combinations(ordered[:_MOST_COPIES], 2)]
        return pairs

    def near(self) -> list[LabelPair]:
        """Returns the pairs of near duplicates: each that was dropped, with the image in another split that it is like.

        Near duplicates within one split are not known, as they stay.
        """
        images = np.frombuffer(self._images, np.uint64)
        order = np.argsort(images, kind="stable")
        pairs = []
        for image, labels in sorted(self._near, key=lambda near: near[0]):
            place = int(np.searchsorted(images, _number(image), sorter=order))
            if place < len(order) and images[order[place]] == _number(image):
                other = int(order[place])
                age, gender = self._ages[other], self._genders[other]
                found = CopyLabels(None if math.isnan(age) else age, UNKNOWN if gender < 0 else GENDERS[gender])
                pairs.append(LabelPair(image, found, labels))
        return pairs

    def report(self) -> dict[str, Any]:
        """Returns `label_noise` of both kinds of pairs."""
        return {"identical": label_noise(self.identical()), "near": label_noise(self.near())}

    def _add_image(self, image: str, labels: CopyLabels) -> None:
        self._images.append(_number(image))
        self._ages.append(math.nan if labels.age is None else labels.age)
        self._genders.append(-1 if labels.gender == UNKNOWN else GENDERS.index(labels.gender))


def _short(digest: str) -> str:
    return digest[:NEAR_DUPLICATE_DIGITS]


def _number(image: str) -> int:
    return int.from_bytes(hashlib.blake2b(image.encode(), digest_size=8).digest(), "little")
