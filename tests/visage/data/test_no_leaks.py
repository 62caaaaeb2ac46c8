"""Cleaning and splitting leave no person and no image in two splits, for any data and configuration."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from visage.data.age_labels import AgeInterval
from visage.data.duplicates.decisions import ROW, find_duplicates, row_of
from visage.data.duplicates.near_duplicates import block_rows, find_near_duplicates
from visage.data.protocols import PROTOCOLS
from visage.data.records import FaceRecord, image_digest
from visage.data.settings import CleaningSettings, SplitSettings
from visage.data.split import split_of


@dataclass(frozen=True)
class Face:
    """A person on an image, of few people and few images, so that both repeat."""

    source: str
    person: int
    image: int
    age: float

    @property
    def record(self) -> FaceRecord:
        return FaceRecord(
            image=b"",
            key="",
            age_label=AgeInterval.exact(self.age),
            gender="female",
            identity=f"{self.source}/{self.person}",
            source=self.source,
            fold=self.person % 5,
            image_digest=image_digest(bytes([self.image])),
        )

    @property
    def hash(self) -> int:
        # Images 0 to 3 look alike, and so do 4 to 7, and so on; no others do.
        return int.from_bytes(bytes([self.image // 4 * 37 % 256]) * 16, "big") ^ (1 << self.image % 4)


faces = st.builds(
    Face,
    st.sampled_from(["imdb_wiki", "adience"]),
    st.integers(0, 20),
    st.integers(0, 30),
    st.sampled_from([25.0, 50.0]),
)
cleanings = st.builds(
    CleaningSettings,
    conflicting_labels=st.sampled_from(["drop", "majority"]),
    near_duplicate_distance=st.integers(2, 7),
)
holdouts = st.builds(
    lambda fractions, repeat: SplitSettings(train=fractions[0], val=fractions[1], test=fractions[2], repeat=repeat),
    st.sampled_from([(0.7, 0.15, 0.15), (0.2, 0.3, 0.5), (0.34, 0.33, 0.33)]),
    st.integers(0, 3),
)
folds = st.builds(
    SplitSettings,
    method=st.just("folds"),
    folds=st.sampled_from([2, 5, "published"]),
    fold=st.integers(0, 1),
    repeat=st.integers(0, 3),
)
protocols = st.builds(SplitSettings, method=st.just("protocol"), protocol=st.sampled_from(sorted(PROTOCOLS)))
splits = st.one_of(holdouts, folds, protocols)


def kept(data: list[Face], cleaning: CleaningSettings, split: SplitSettings) -> list[tuple[Face, str]]:
    """Returns the records of `data` that FaceExampleGen would write, with their split."""
    places = [split_of(face.record, split) for face in data]
    rows = [
        row_of(face.record, place, np.array(divmod(face.hash, 2**64), np.uint64), chunk=0, offset=number)
        for number, (face, place) in enumerate(zip(data, places, strict=True))
    ]
    copies = {decision.offset for decision in find_duplicates(np.array(rows, ROW), cleaning) if decision.rule}
    rest = np.array([row for row in rows if int(row["offset"]) not in copies], ROW)
    near_duplicates = set(find_near_duplicates(block_rows(rest), cleaning.near_duplicate_distance)["offset"].tolist())
    return [(data[number], places[number]) for number in range(len(data)) if number not in copies | near_duplicates]


@settings(deadline=None)
@given(st.lists(faces, max_size=40), cleanings, splits)
def test_no_person_no_image_and_no_look_is_in_two_splits(
    data: list[Face], cleaning: CleaningSettings, split: SplitSettings
) -> None:
    seen: dict[object, set[str]] = defaultdict(set)
    for face, place in kept(data, cleaning, split):
        for what in (("person", face.source, face.person), ("picture", face.image), ("look", face.image // 4)):
            seen[what].add(place)
    assert all(len(places) == 1 for places in seen.values())


@settings(deadline=None)
@given(st.lists(faces, max_size=20), st.lists(faces, max_size=20), cleanings, splits)
def test_more_data_moves_nobody(
    data: list[Face], more: list[Face], cleaning: CleaningSettings, split: SplitSettings
) -> None:
    before = {face.record.identity: place for face, place in kept(data, cleaning, split)}
    after = {face.record.identity: place for face, place in kept(data + more, cleaning, split)}
    assert all(after[person] == before[person] for person in before.keys() & after.keys())
