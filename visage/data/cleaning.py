"""Drops records by what their source records about them, before the pixels are used."""

import math
from collections.abc import Callable

from visage.data.labels import UNKNOWN
from visage.data.records import FaceRecord
from visage.data.settings import CleaningSettings, SplitSettings
from visage.data.split import fold_unknown, outside_protocol

Rule = Callable[[FaceRecord, CleaningSettings], bool]


def low_face_score(record: FaceRecord, settings: CleaningSettings) -> bool:
    """Returns whether IMDB-WIKI's score of the face is below the setting, or no face was found (-inf).

    The published systems differ: `min_face_score` keeps the score itself, `face_score_above` only higher ones.
    """
    score, lowest, above = record.face_score, settings.min_face_score, settings.face_score_above
    if score is None:
        return False
    return (lowest is not None and not score >= lowest) or (above is not None and not score > above)


def second_face(record: FaceRecord, settings: CleaningSettings) -> bool:
    """Returns whether IMDB-WIKI's detector found a second face, so that the age may belong to either."""
    return settings.second_face == "drop" and record.second_face_score is not None


def identity_unknown(record: FaceRecord, settings: CleaningSettings) -> bool:
    """Returns whether IMDB-WIKI gives no name, so that the person may be in another split already."""
    return record.identity == UNKNOWN


def gender_unknown(record: FaceRecord, settings: CleaningSettings) -> bool:
    """Returns whether the source gives no gender, if the settings require one."""
    return settings.gender == "known" and record.gender == UNKNOWN


def age_unknown(record: FaceRecord, settings: CleaningSettings) -> bool:
    """Returns whether the source gives no age, or no exact one, if the settings require it."""
    return (settings.age == "known" and record.age_label is None) or (settings.age == "exact" and record.age is None)


def age_out_of_range(record: FaceRecord, settings: CleaningSettings) -> bool:
    """Returns whether all completed years of the age label are outside `min_age`..`max_age`, or it is no number."""
    label = record.age_label
    if label is None:
        return False
    if not (math.isfinite(label.low) and math.isfinite(label.high)):
        return True
    return math.floor(label.high) < settings.min_age or math.floor(label.low) > settings.max_age


def label_unknown(record: FaceRecord, settings: CleaningSettings) -> bool:
    """Returns whether neither age nor gender is known, so that the record has nothing to learn from."""
    return record.age_label is None and record.gender == UNKNOWN


RULES: tuple[Rule, ...] = (
    low_face_score,
    second_face,
    identity_unknown,
    gender_unknown,
    age_unknown,
    age_out_of_range,
    label_unknown,
)
"""In the order in which they are checked; the first that applies names the drop."""

SPLIT_RULES = (outside_protocol, fold_unknown)
"""Checked after `RULES`."""


def reason_to_drop(record: FaceRecord, cleaning: CleaningSettings, split: SplitSettings) -> str | None:
    """Returns the name of the first rule that drops the record; None if the record stays."""
    for rule in RULES:
        if rule(record, cleaning):
            return rule.__name__
    return next((rule.__name__ for rule in SPLIT_RULES if rule(record, split)), None)
