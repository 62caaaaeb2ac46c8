"""Assigns people to splits."""

import hashlib

from visage.data.protocols import PROTOCOLS, SPLITS
from visage.data.records import FaceRecord
from visage.data.settings import SplitSettings

_PLACES = 2**64


def outside_protocol(record: FaceRecord, settings: SplitSettings) -> bool:
    """Returns whether the protocol leaves out the record's age, or the record has none."""
    if settings.method != "protocol":
        return False
    protocol = PROTOCOLS[settings.protocol]
    return record.age is None or not protocol.min_age <= int(record.age) <= protocol.max_age


def fold_unknown(record: FaceRecord, settings: SplitSettings) -> bool:
    """Returns whether the settings use published folds, but the source publishes none for the record."""
    return settings.method == "folds" and settings.folds == "published" and record.fold is None


def split_of(record: FaceRecord, settings: SplitSettings) -> str:
    """Returns the split of a record, the same for all records of its identity, whatever other records there are.

    Args:
        record: its identity decides, and its fold if published folds are used.
        settings: neither `outside_protocol` nor `fold_unknown` applies to the record.

    Returns: one of `SPLITS`.
    """
    if settings.method == "folds":
        if fold_of(record, settings) == settings.fold:
            return "test"
        return _distribute(record.identity, settings.repeat, settings.train, settings.val)
    fractions = PROTOCOLS[settings.protocol] if settings.method == "protocol" else settings
    return _distribute(record.identity, settings.repeat, fractions.train, fractions.val, fractions.test)


def fold_of(record: FaceRecord, settings: SplitSettings) -> int:
    """Returns the fold, from 0, in which a record is tested; `settings.method` is "folds", their `fold` is ignored."""
    if settings.folds == "published":
        assert record.fold is not None, "fold_unknown drops such records"
        return record.fold
    # Not the hash of the fractions, so that val is a random part of the remaining folds.
    return int(_place(f"fold/{_salted(record.identity, settings.repeat)}") * settings.folds)


def _distribute(identity: str, repeat: int, *fractions: float) -> str:
    """Returns the split by `fractions` of SPLITS, normalized if they do not add up to 1."""
    place = _place(_salted(identity, repeat)) * sum(fractions)
    for split, fraction in zip(SPLITS, fractions[:-1], strict=False):
        place -= fraction
        if place < 0:
            return split
    return SPLITS[len(fractions) - 1]


def _salted(identity: str, repeat: int) -> str:
    return f"{repeat}/{identity}" if repeat else identity


def _place(text: str) -> float:
    """Returns a number in [0, 1) that depends on the text alone."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / _PLACES
