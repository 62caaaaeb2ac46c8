"""Kept outcomes: what is written is found again, and whatever is damaged counts as not kept."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from components.face_example_gen.beam.align_image import AlignedFace, Outcome, UnusableImage
from components.face_example_gen.beam.kept_outcomes import ENTRY, FACES, INDEX, KeptOutcomes, key_of
from visage.faces.quality import FaceQuality

FACE = AlignedFace(b"\xff\xd8\n{crop}", np.array([2**63, 7], np.uint64), FaceQuality(31.5, 0.1, 99.0, -3.25), True)
CROP = AlignedFace(b"crop", np.array([0, 1], np.uint64), FaceQuality(None, 1.5, 0.0, None), False)
NO_FACE = UnusableImage("no_face", None, False)
CUT = UnusableImage("picture_undecodable", "cut off \udcff", True)


def key(number: int) -> bytes:
    return key_of(hashlib.sha256(str(number).encode()).hexdigest()[:32], None)


def keep(folder: Path, outcomes: dict[bytes, Outcome]) -> None:
    kept = KeptOutcomes(str(folder))
    with kept.new_part():
        for name, outcome in outcomes.items():
            kept.add(name, outcome)


def find(folder: Path, name: bytes) -> Outcome | None:
    kept = KeptOutcomes(str(folder))
    try:
        return kept.find(name)
    finally:
        kept.close()


def same(one: Outcome | None, other: Outcome) -> bool:
    if isinstance(one, AlignedFace) and isinstance(other, AlignedFace):
        return (
            one.image == other.image
            and one.hash.dtype == other.hash.dtype
            and one.hash.tolist() == other.hash.tolist()
            and (one.quality, one.repaired) == (other.quality, other.repaired)
        )
    return one == other


def test_each_outcome_is_found_again(tmp_path: Path) -> None:
    outcomes: list[Outcome] = [FACE, CROP, NO_FACE, CUT]
    keep(tmp_path, {key(number): outcome for number, outcome in enumerate(outcomes[:2])})
    keep(tmp_path, {key(number): outcome for number, outcome in enumerate(outcomes[2:], start=2)})
    assert all(same(find(tmp_path, key(number)), outcome) for number, outcome in enumerate(outcomes))
    assert find(tmp_path, key(4)) is None


def test_the_box_of_the_wanted_face_is_part_of_the_key() -> None:
    digest = "0" * 32
    assert len({key_of(digest, None), key_of(digest, (0, 0, 1, 1)), key_of(digest, (0.1, 0, 1, 1))}) == 3


def test_a_part_without_outcomes_writes_no_file(tmp_path: Path) -> None:
    keep(tmp_path, {})
    assert list(tmp_path.iterdir()) == []


def test_a_failed_chunk_keeps_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with kept.new_part():
            kept.add(key(1), FACE)
            raise RuntimeError("disk")

    kept = KeptOutcomes(str(tmp_path))
    with pytest.raises(RuntimeError, match="disk"):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_part_that_was_not_finished_does_not_count(tmp_path: Path) -> None:
    keep(tmp_path, {key(1): FACE})
    next(tmp_path.glob(f"*{INDEX}")).unlink()
    assert find(tmp_path, key(1)) is None


@pytest.mark.parametrize("damage", ["flipped", "cut", "gone", "index cut", "index flipped", "index of another"])
def test_a_damaged_part_counts_as_not_kept(tmp_path: Path, damage: str) -> None:
    keep(tmp_path, {key(1): FACE, key(2): NO_FACE})
    (faces,), (index,) = tmp_path.glob(f"*{FACES}"), tmp_path.glob(f"*{INDEX}")
    entries = np.frombuffer(index.read_bytes(), ENTRY).copy()
    if damage == "flipped":
        content = bytearray(faces.read_bytes())
        for place in range(12, len(content), 40):
            content[place] ^= 4
        faces.write_bytes(content)
    elif damage == "cut":
        faces.write_bytes(faces.read_bytes()[:20])
    elif damage == "gone":
        faces.unlink()
    elif damage == "index cut":
        index.write_bytes(index.read_bytes()[:-1])
    elif damage == "index flipped":
        entries["offset"] ^= np.uint64(2**63 + 1)
        index.write_bytes(entries.tobytes())
    else:
        entries["offset"] = entries["offset"][::-1].copy()
        index.write_bytes(entries.tobytes())
    assert [find(tmp_path, key(1)), find(tmp_path, key(2))] == [None, None]
    # A later run keeps it again, and finds it.
    keep(tmp_path, {key(1): FACE})
    assert same(find(tmp_path, key(1)), FACE)


def test_a_folder_that_cannot_be_written_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    # Not even root may write there.
    kept = KeptOutcomes("/proc")
    for number in range(3):
        with kept.new_part():
            kept.add(key(number), FACE)
            kept.add(key(number + 10), FACE)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert kept.find(key(1)) is None


def test_without_a_folder_nothing_is_kept() -> None:
    kept = KeptOutcomes(None)
    with kept.new_part():
        kept.add(key(1), FACE)
    assert kept.find(key(1)) is None
