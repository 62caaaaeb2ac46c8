"""Decides which copy of byte-identical images stays, and with which labels."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from visage.data.labels import GENDERS, RACES, UNKNOWN
from visage.data.protocols import SPLITS
from visage.data.records import FaceRecord
from visage.data.settings import CleaningSettings

DUPLICATE_IMAGE = "duplicate_picture"
CONFLICTING_LABELS = "conflicting_labels"
FEATURES = ("age", "gender", "race")

# The description of a record for comparing all records of a data set: 55 bytes, however large its image is.
ROW = np.dtype(
    [
        ("chunk", "u4"),
        ("offset", "u8"),
        ("digest", "u8", 2),
        ("hash", "u8", 2),
        ("split", "u1"),
        ("age", "f4"),
        ("apparent", "u1"),
        ("age_group", "i1"),
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
        age: years.
        age_group: index into AGE_GROUPS.
        gender: index into GENDERS.
        race: index into RACES.
    """

    age: float | None
    age_group: int
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
    row["age"] = np.nan if record.age is None else record.age
    row["apparent"] = record.age is not None and real_age(record) is None
    row["age_group"] = _UNKNOWN if record.age_group is None else record.age_group
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
    splits. Its labels are aggregated over the group: median age, most frequent gender and race.

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
    candidates = group[group["excluded"] == 0]
    disagree = _disagreement(group)
    labels = _aggregate_labels(group)
    conflict = bool({"age", "gender"} & set(disagree)) and (
        settings.conflicting_labels == "drop" or _leaves_nothing(labels, candidates, settings)
    )
    for number, row in enumerate(candidates):
        rule = CONFLICTING_LABELS if conflict else DUPLICATE_IMAGE if number else ""
        kept_copy = _own_labels(candidates[0]) if number == 1 and not conflict else None
        yield DuplicateDecision(int(row["chunk"]), int(row["offset"]), rule, disagree, labels, kept_copy)


def _own_labels(row: np.void) -> Labels:
    is_known = not row["apparent"] and not np.isnan(row["age"])
    return Labels(
        float(row["age"]) if is_known else None, *(int(row[name]) for name in ("age_group", "gender", "race"))
    )


def _leaves_nothing(labels: Labels, candidates: np.ndarray, settings: CleaningSettings) -> bool:
    """Returns whether the aggregated labels are insufficient for keeping a record."""
    if labels.age is None and labels.age_group == labels.gender == _UNKNOWN:
        return True
    # The majority's age belongs to a copy that was dropped for its age.
    overruled = labels.age is not None and labels.age not in candidates["age"]
    return overruled or (labels.gender == _UNKNOWN and settings.gender == "known")


def _disagreement(group: np.ndarray) -> tuple[str, ...]:
    aged = _best_aged(group)
    # In completed years, since some sources count years and others days.
    ages = set(np.floor(_known(aged["age"])).tolist())
    found = {
        "age": not aged["apparent"].any() and (len(ages) > 1 or _differ(aged["age_group"])),
        "gender": _differ(group["gender"]),
        "race": _differ(group["race"]),
    }
    return tuple(feature for feature in FEATURES if found[feature])


def _aggregate_labels(group: np.ndarray) -> Labels:
    aged = _best_aged(group)
    ages = np.sort(_known(aged["age"]))
    # The lower median is an age that a source gave.
    age = float(ages[(len(ages) - 1) // 2]) if len(ages) else None
    of_age = aged[aged["age"] == age] if age is not None else aged
    return Labels(age, _commonest(of_age["age_group"]), _commonest(group["gender"]), _commonest(group["race"]))


def _best_aged(group: np.ndarray) -> np.ndarray:
    """Returns the rows whose age or age group counts: those with a real age, or the first if all are apparent."""
    real = group[(group["apparent"] == 0) & (group["age_group"] != _UNKNOWN)]
    return real if len(real) else group[group["apparent"] == 1][:1]


def _differ(values: np.ndarray) -> bool:
    return len(set(_known(values).tolist())) > 1


def _known(values: np.ndarray) -> np.ndarray:
    return values[~np.isnan(values)] if values.dtype.kind == "f" else values[values != _UNKNOWN]


def _commonest(values: np.ndarray) -> int:
    """Returns the most frequent known value; unknown if two are equally frequent."""
    found, counts = np.unique(_known(values), return_counts=True)
    first = found[counts == counts.max()] if len(found) else found
    return int(first[0]) if len(first) == 1 else _UNKNOWN
