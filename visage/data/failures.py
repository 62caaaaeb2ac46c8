"""Counts failures to process an image by group, from the labels of the records."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from visage.data.cleaning import RULES, SPLIT_RULES
from visage.data.labels import AGE_GROUPS, GENDERS, RACES, SEVERAL_AGE_GROUPS, UNKNOWN, age_group_name
from visage.data.records import FaceRecord

RECORD_UNREADABLE = "record_unreadable"
PICTURE_UNDECODABLE = "picture_undecodable"
NO_FACE = "no_face"
LANDMARKS_UNUSABLE = "landmarks_unusable"
PICTURE_FAILED = "picture_failed"

FAILURES = (RECORD_UNREADABLE, PICTURE_UNDECODABLE, NO_FACE, LANDMARKS_UNUSABLE, PICTURE_FAILED)
"""The rules under which an image gives no crop. The others drop a record by its labels, its copies or a setting."""

KEPT = ""
"""In place of a rule: no rule dropped the record."""

# These rules drop a record before its image is read.
_BEFORE_THE_IMAGE = frozenset(rule.__name__ for rule in (*RULES, *SPLIT_RULES))

Counts = dict[str, dict[str, dict[str, int]]]


@dataclass(frozen=True)
class GroupLabels:
    """The groups that a record belongs to.

    Attributes:
        source: `FaceRecord.source`.
        gender: one of GENDERS, or UNKNOWN.
        age_group: one of AGE_GROUPS, SEVERAL_AGE_GROUPS or UNKNOWN.
        race: one of RACES, or UNKNOWN.
    """

    source: str
    gender: str = UNKNOWN
    age_group: str = UNKNOWN
    race: str = UNKNOWN


def groups_of(record: FaceRecord) -> GroupLabels:
    """Returns the groups of a record by its labels."""
    age_group = age_group_name(record.age_group, record.age_label is not None)
    return GroupLabels(record.source, record.gender, age_group, record.race)


def failures_to_process(outcomes: Mapping[tuple[GroupLabels, str], int]) -> Counts:
    """Counts the records whose image was to be read, and those of them that gave no crop.

    Args:
        outcomes: the number of records by their groups and the rule that dropped them, or `KEPT`.

    Returns:
        For each feature of `GroupLabels` and each of its values that occurs, in the order of the labels (sources in
        alphabetical order): `records`, whose image was to be read, and `failed`, those of them that a rule of
        `FAILURES` dropped. Records that were dropped by their labels, before their image was read, are not counted.

    >>> failures_to_process({(GroupLabels("wiki"), KEPT): 3, (GroupLabels("wiki"), NO_FACE): 1})["source"]
    {'wiki': {'records': 4, 'failed': 1}}
    """
    features = [field.name for field in fields(GroupLabels)]
    records = {feature: Counter[str]() for feature in features}
    failed = {feature: Counter[str]() for feature in features}
    for (groups, rule), count in outcomes.items():
        if rule in _BEFORE_THE_IMAGE:
            continue
        for feature, value in asdict(groups).items():
            records[feature][value] += count
            failed[feature][value] += count if rule in FAILURES else 0
    order = {
        "source": sorted(records["source"]),
        "gender": (*GENDERS, UNKNOWN),
        "age_group": (*AGE_GROUPS, SEVERAL_AGE_GROUPS, UNKNOWN),
        "race": (*RACES, UNKNOWN),
    }
    return {
        feature: {
            value: {"records": records[feature][value], "failed": failed[feature][value]}
            for value in values
            if records[feature][value]
        }
        for feature, values in order.items()
    }
