"""Defines the record of one face and its serialization as a `tf.train.Example`."""

import hashlib
from dataclasses import dataclass
from typing import Any

from visage.data.age_labels import AgeInterval
from visage.data.example_proto import Example
from visage.data.labels import GENDERS, UNKNOWN

IMAGE, KEY = "image", "key"
AGE_LOW, AGE_HIGH = "age_low", "age_high"
# Derived from the age label for statistics, which compare single features; no reader of records takes them.
AGE, AGE_KNOWN, AGE_GROUP = "age", "age_known", "age_group"
GENDER, GENDER_LABEL, GENDER_KNOWN = "gender", "gender_label", "gender_known"
IDENTITY, SOURCE, RACE = "identity", "source", "race"
FACE_SCORE, SECOND_FACE_SCORE, FOLD = "face_score", "second_face_score", "fold"
APPARENT_AGE_MEAN, APPARENT_AGE_STD = "apparent_age_mean", "apparent_age_std"
IMAGE_DIGEST = "picture_digest"
FACE_SIZE, BLUR, LIGHT, ROLL = "face_size", "blur", "light", "roll"

# Features that are left out where they are unknown; each has the name of its attribute.
_OPTIONAL_FLOATS = (
    FACE_SCORE,
    SECOND_FACE_SCORE,
    APPARENT_AGE_MEAN,
    APPARENT_AGE_STD,
    FACE_SIZE,
    BLUR,
    LIGHT,
    ROLL,
)


UNKNOWN_AGE = -1.0
"""Both bounds of an unknown age in an Example, whose ages are 0 and more."""


def image_digest(image: bytes) -> str:
    """Returns 32 hexadecimal digits of an image's SHA-256, which only byte-identical images share."""
    return hashlib.sha256(image).hexdigest()[:32]


@dataclass(frozen=True)
class FaceRecord:
    """One image of one face and the labels of its source; None is unknown.

    Attributes:
        image: bytes of an image; JPEG, RGB and square once aligned.
        key: unique within `source`.
        age_label: the age in completed years, an interval of width one where it is exact.
        gender: one of `labels.GENDERS`, or `UNKNOWN`.
        identity: the same for every image of one person, across sources; or `UNKNOWN`.
        source: `DatasetSpec.source`, such as 'wiki' or the name of a labelled folder.
        race: one of `labels.RACES`, or `UNKNOWN`.
        face_score: IMDB-WIKI's detector score.
        second_face_score: IMDB-WIKI's score of a second face; None if there is no second face.
        fold: number of the fold that the source publishes, from 0.
        apparent_age_mean: years; the mean of people's guesses. If the real age is unknown, the age label is exactly it.
        apparent_age_std: years; the standard deviation of those guesses.
        image_digest: 32 hexadecimal digits of the SHA-256 of the image as its source has it, together with the box of
            the face where the source gives one: each face of a photo is an image of its own.
        face_box: x0, y0, x1, y1 of the labelled face as fractions of width and height, where its source gives it for
            each image; until the face is aligned, so that an Example has none.
        face_size, blur, light, roll: measured when the face was aligned, see `faces.quality.FaceQuality`.
    """

    image: bytes
    key: str
    age_label: AgeInterval | None
    gender: str
    identity: str
    source: str
    race: str = UNKNOWN
    face_score: float | None = None
    second_face_score: float | None = None
    fold: int | None = None
    apparent_age_mean: float | None = None
    apparent_age_std: float | None = None
    image_digest: str = ""
    face_box: tuple[float, float, float, float] | None = None
    face_size: float | None = None
    blur: float | None = None
    light: float | None = None
    roll: float | None = None

    @property
    def age(self) -> float | None:
        """Returns the age in years where the label is exact, else None."""
        return None if self.age_label is None else self.age_label.age

    @property
    def age_group(self) -> int | None:
        """Returns the index into `labels.AGE_GROUPS` that the age label determines; None where it does not."""
        return None if self.age_label is None else self.age_label.group


def to_example(record: FaceRecord) -> bytes:
    """Serializes a record as a `tf.train.Example`, the same bytes for the same record."""
    example = Example()
    feature = example.features.feature

    def put_bytes(name: str, value: bytes) -> None:
        feature[name].bytes_list.value.append(value)

    def put_float(name: str, value: float) -> None:
        feature[name].float_list.value.append(value)

    def put_int(name: str, value: int) -> None:
        feature[name].int64_list.value.append(value)

    put_bytes(IMAGE, record.image)
    put_bytes(KEY, record.key.encode())
    put_float(AGE_LOW, UNKNOWN_AGE if record.age_label is None else record.age_label.low)
    put_float(AGE_HIGH, UNKNOWN_AGE if record.age_label is None else record.age_label.high)
    put_float(AGE, UNKNOWN_AGE if record.age is None else record.age)
    put_float(AGE_KNOWN, float(record.age is not None))
    put_int(AGE_GROUP, -1 if record.age_group is None else record.age_group)
    put_bytes(GENDER, record.gender.encode())
    put_int(GENDER_LABEL, GENDERS.index(record.gender) if record.gender in GENDERS else -1)
    put_float(GENDER_KNOWN, float(record.gender in GENDERS))
    put_bytes(IDENTITY, record.identity.encode())
    put_bytes(SOURCE, record.source.encode())
    put_bytes(RACE, record.race.encode())
    put_bytes(IMAGE_DIGEST, record.image_digest.encode())
    if record.fold is not None:
        put_int(FOLD, record.fold)
    for name in _OPTIONAL_FLOATS:
        value = getattr(record, name)
        if value is not None:
            put_float(name, value)
    return example.SerializeToString(deterministic=True)


def from_example(serialized: bytes) -> FaceRecord:
    """Parses a record that `to_example` serialized.

    Raises:
        google.protobuf.message.DecodeError: the bytes are no Example.
        IndexError: a feature that is always present is missing. Examples of earlier versions lack the age label.
    """
    feature = Example.FromString(serialized).features.feature

    def text(name: str) -> str:
        return feature[name].bytes_list.value[0].decode()

    optional: dict[str, Any] = {
        name: feature[name].float_list.value[0] if name in feature else None for name in _OPTIONAL_FLOATS
    }

    low, high = feature[AGE_LOW].float_list.value[0], feature[AGE_HIGH].float_list.value[0]
    return FaceRecord(
        image=feature[IMAGE].bytes_list.value[0],
        key=text(KEY),
        age_label=None if low < 0 else AgeInterval(low, high),
        gender=text(GENDER),
        identity=text(IDENTITY),
        source=text(SOURCE),
        race=text(RACE),
        fold=feature[FOLD].int64_list.value[0] if FOLD in feature else None,
        image_digest=text(IMAGE_DIGEST),
        **optional,
    )
