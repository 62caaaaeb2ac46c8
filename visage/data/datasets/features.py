"""Reads values of one prepared row, which is a serialized tf.Example."""

from functools import cached_property

from visage.data.example_proto import Example
from visage.data.labels import GENDERS, RACES, UNKNOWN
from visage.data.records import image_digest

# The order of the builders' ClassLabel features.
CLASS_NAMES = {"gender": (*GENDERS, UNKNOWN), "race": (*RACES, UNKNOWN)}


Floats = tuple[float, ...]


class Features:
    """The features of a row by name.

    Raises:
        IndexError: the row has no such feature, or one of another type.
    """

    def __init__(self, serialized: bytes) -> None:
        self._feature = Example.FromString(serialized).features.feature

    def bytes(self, name: str) -> bytes:
        return self._feature[name].bytes_list.value[0]

    def text(self, name: str) -> str:
        return self.bytes(name).decode()

    def int(self, name: str) -> int:
        return self._feature[name].int64_list.value[0]

    def float(self, name: str) -> float:
        return self._feature[name].float_list.value[0]

    def floats(self, name: str) -> Floats:
        return tuple(self._feature[name].float_list.value)

    @property
    def gender(self) -> str:
        """Returns 'female', 'male' or 'unknown'."""
        return CLASS_NAMES["gender"][self.int("gender")]

    @property
    def race(self) -> str:
        """Returns one of RACES, or 'unknown'."""
        return CLASS_NAMES["race"][self.int("race")]

    @cached_property
    def image_digest(self) -> str:
        """Returns the digest of the bytes in "image"."""
        return image_digest(self.bytes("image"))
