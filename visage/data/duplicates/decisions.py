"""Decides which copy of byte-identical images stays, and with which labels."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from visage.data.age_labels import AgeInterval
from visage.data.labels import GENDERS, RACES, UNKNOWN
from visage.data.protocols import SPLITS
from visage.data.records import FaceRecord
from visage.data.settings import CleaningSettings

DUPLICATE_IMAGE = "duplicate_picture"
CONFLICTING_LABELS = "conflicting_labels"
FEATURES = ("age", "gender", "race")

# The description of a record for comparing all records of a data set: 57 bytes, however large its image is.
ROW = np.dtype(
    [
        ("chunk", "u4"),
        ("offset", "u8"),
        ("digest", "u8", 2),
        ("hash", "u8", 2),
        ("split", "u1"),
        ("age_low", "f4"),
        ("age_high", "f4"),
        ("apparent", "u1"),
        ("gender", "i1"),
        ("race", "i1"),
        ("excluded", "u1"),
    ]
)
_UNKNOWN = -1


@dataclass(frozen=True)
class Labels:
    """The labels that byte-identical images agree on; None and -1 are unknown.

    Attributes:
        age: the age label.
        gender: index into GENDERS.
        race: index into RACES.
    """

    age: AgeInterval | None
    gender: int
    race: int


@dataclass(frozen=True)
class DuplicateDecision:
    """The decision about one of several byte-identical images.

    Attributes:
        chunk, offset: position of the record.
        rule: DUPLICATE_PICTURE or CONFLICTING_LABELS; '' for the copy that stays.
        disagree: the FEATURES in which the group disagrees.
        labels: labels of the copy that stays.
        kept_copy: on the first copy that is dropped, the own labels of the one that stays, an apparent age unknown;
            else None.
    """

    chunk: int
    offset: int
    rule: str
    disagree: tuple[str, ...]
    labels: Labels
    kept_copy: Labels | None = None


def real_age(record: FaceRecord) -> float | None:
    """Returns the age in years; None if it is unknown, or the mean of people's guesses."""
    is_apparent = record.apparent_age_mean is not None and record.age == record.apparent_age_mean
    return None if is_apparent else record.age


def row_of(record: FaceRecord, split: str, crop_hash: np.ndarray, chunk: int, offset: int) -> np.ndarray:
    """Returns the ROW of a record.

    Args:
        record: its image digest and labels are used.
        split: the split of the record.
        crop_hash: uint64 [2], perceptual hash of the aligned crop.
        chunk, offset: position of the record, which identifies it.
    """
    row = np.zeros((), ROW)
    row["chunk"], row["offset"] = chunk, offset
    row["digest"] = np.frombuffer(bytes.fromhex(record.image_digest), ">u8")
    row["hash"] = crop_hash
    row["split"] = SPLITS.index(split)
    label = record.age_label
    row["age_low"], row["age_high"] = (np.nan, np.nan) if label is None else (label.low, label.high)
    row["apparent"] = record.age is not None and real_age(record) is None
    row["gender"] = _UNKNOWN if record.gender == UNKNOWN else GENDERS.index(record.gender)
    row["race"] = _UNKNOWN if record.race == UNKNOWN else RACES.index(record.race)
    return row


def excluded_copy_row(record: FaceRecord, chunk: int, offset: int) -> np.ndarray:
    """Returns the ROW of a record that was dropped for its age, so that contradicting copies of it are found."""
    row = row_of(record, SPLITS[0], np.zeros(2, np.uint64), chunk, offset)
    row["excluded"] = 1
    return row


def find_duplicates(rows: np.ndarray, settings: CleaningSettings) -> Iterator[DuplicateDecision]:
    """Finds groups of byte-identical images and yields a decision for every image that has a copy.

    The first copy in the split of highest precedence stays (test before val before train), so that no image is in two
    splits. Its labels are aggregated over the group: the median of exact ages, or without one the years that all age
    groups have in common (the most frequent group where they have none), and the most frequent gender and race.

    Args:
        rows: ROW [n]; all rows that share a digest with one of them.
        settings: `conflicting_labels` decides about a group that disagrees on age or gender. A disagreement on race
            alone makes the race unknown if no value is the most frequent. Apparent ages are opinions, which may
            differ: real ages take precedence, and only they can disagree.
    """
    by_precedence = -rows["split"].astype(int)
    digest = rows["digest"]
    order = (rows["offset"], rows["chunk"], by_precedence, rows["excluded"], digest[:, 1], digest[:, 0])
    rows = rows[np.lexsort(order)]
    starts = np.flatnonzero(np.r_[True, (rows["digest"][1:] != rows["digest"][:-1]).any(axis=1)])
    ends = np.r_[starts[1:], len(rows)]
    several = ends - starts > 1
    for start, end in zip(starts[several], ends[several], strict=True):
        yield from _decide(rows[start:end], settings)


def _decide(group: np.ndarray, settings: CleaningSettings) -> Iterator[DuplicateDecision]:
    candidates, excluded = group[group["excluded"] == 0], group[group["excluded"] == 1]
    disagree = _disagreement(group)
    labels = _aggregate_labels(group)
    conflict = bool({"age", "gender"} & set(disagree)) and (
        settings.conflicting_labels == "drop" or _leaves_nothing(labels, excluded, settings)
    )
    for number, row in enumerate(candidates):
        rule = CONFLICTING_LABELS if conflict else DUPLICATE_IMAGE if number else ""
        kept_copy = _own_labels(candidates[0]) if number == 1 and not conflict else None
        yield DuplicateDecision(int(row["chunk"]), int(row["offset"]), rule, disagree, labels, kept_copy)


def _own_labels(row: np.void) -> Labels:
    is_known = not row["apparent"] and not np.isnan(row["age_low"])
    age = AgeInterval(float(row["age_low"]), float(row["age_high"])) if is_known else None
    return Labels(age, int(row["gender"]), int(row["race"]))


def _leaves_nothing(labels: Labels, excluded: np.ndarray, settings: CleaningSettings) -> bool:
    """Returns whether the aggregated labels are insufficient for keeping a record."""
    if labels.age is None and labels.gender == _UNKNOWN:
        return True
    # The majority's age is one for which a copy was dropped.
    overruled = labels.age is not None and bool(
        ((excluded["age_low"] <= labels.age.low) & (labels.age.high <= excluded["age_high"])).any()
    )
    return overruled or (labels.gender == _UNKNOWN and settings.gender == "known")


def _disagreement(group: np.ndarray) -> tuple[str, ...]:
    aged = _best_aged(group)
    found = {
        "age": not aged["apparent"].any() and _common_years(aged) is None and len(aged) > 0,
        "gender": _differ(group["gender"]),
        "race": _differ(group["race"]),
    }
    return tuple(feature for feature in FEATURES if found[feature])


def _aggregate_labels(group: np.ndarray) -> Labels:
    return Labels(_aggregate_age(_best_aged(group)), _commonest(group["gender"]), _commonest(group["race"]))


def _aggregate_age(aged: np.ndarray) -> AgeInterval | None:
    exact = np.sort(aged["age_low"][aged["age_low"] == aged["age_high"]])
    if len(exact):
        # The lower median is an age that a source gave.
        return AgeInterval.exact(float(exact[(len(exact) - 1) // 2]))
    if common := _common_years(aged):
        return AgeInterval(*common)
    intervals, counts = np.unique(aged[["age_low", "age_high"]], return_counts=True)
    commonest = intervals[counts == counts.max(initial=0)]
    return AgeInterval(*map(float, commonest[0])) if len(commonest) == 1 else None


def _common_years(aged: np.ndarray) -> tuple[float, float] | None:
    """Returns the first and last completed year that all age labels allow; None without one.

    In completed years, since some sources count years and others days.
    """
    if not len(aged):
        return None
    low, high = np.floor(aged["age_low"]).max(), np.floor(aged["age_high"]).min()
    return (float(low), float(high)) if low <= high else None


def _best_aged(group: np.ndarray) -> np.ndarray:
    """Returns the rows whose age label counts: those with a real age, or the first if all are apparent."""
    real = group[(group["apparent"] == 0) & ~np.isnan(group["age_low"])]
    return real if len(real) else group[group["apparent"] == 1][:1]


def _differ(values: np.ndarray) -> bool:
    return len(set(_known(values).tolist())) > 1


def _known(values: np.ndarray) -> np.ndarray:
    return values[values != _UNKNOWN]


def _commonest(values: np.ndarray) -> int:
    """Returns the most frequent known value; unknown if two are equally frequent."""
    found, counts = np.unique(_known(values), return_counts=True)
    first = found[counts == counts.max()] if len(found) else found
    return int(first[0]) if len(first) == 1 else _UNKNOWN
