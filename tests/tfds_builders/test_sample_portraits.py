"""Drawn portraits: the same for the same seed, in the archives' layouts, with their defects, found by the detector."""

import csv
import errno
import hashlib
import io
import re
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import loadmat
from scipy.stats import chi2_contingency, chisquare

from tfds_builders.sample_portraits import draw
from tfds_builders.sample_portraits.draw import draw_sample_portraits, drawn_datasets
from tfds_builders.sample_portraits.image import place
from tfds_builders.sample_portraits.person import SKIN_TONES, draw_age, draw_person
from tfds_builders.sample_portraits.photo import take_photo
from visage.errors import VisageError
from visage.faces.detector import make_detector
from visage.progress import listening

ADIENCE_LABEL = re.compile(r"\(\d+, \d+\)|\d+|None")


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def truth(folder: Path) -> list[dict[str, str]]:
    with (folder / "drawn.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def fold_rows(folder: Path) -> list[dict[str, str]]:
    rows = []
    for path in sorted((folder / "adience").glob("fold_[0-4]_data.txt")):
        with path.open(newline="") as stream:
            rows += [{**row, "fold": path.name} for row in csv.DictReader(stream, delimiter="\t")]
    return rows


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


class TestDrawing:
    def test_the_same_seed_draws_the_same_bytes(self, tmp_path: Path) -> None:
        for name, seed in (("one", 3), ("two", 3), ("three", 4)):
            draw_sample_portraits(tmp_path / name, count=30, seed=seed)
        assert digests(tmp_path / "one") == digests(tmp_path / "two")
        assert digests(tmp_path / "one") != digests(tmp_path / "three")

    def test_several_processes_draw_what_one_draws(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        draw_sample_portraits(tmp_path / "one", count=60, seed=3)
        monkeypatch.setattr(draw, "_CHUNKS_WORTH_A_PROCESS", 1)
        monkeypatch.setattr(draw.os, "sched_getaffinity", lambda _: {0, 1})
        draw_sample_portraits(tmp_path / "two", count=60, seed=3)
        assert digests(tmp_path / "one") == digests(tmp_path / "two")

    def test_only_the_requested_sources_are_drawn(self, tmp_path: Path) -> None:
        draw_sample_portraits(tmp_path / "some", count=30, seed=1, sources=["adience/aligned", "imdb_wiki/wiki"])
        folders = {path.relative_to(tmp_path / "some").as_posix() for path in (tmp_path / "some").glob("*/*/")}
        assert {"adience/aligned", "imdb_wiki/wiki_crop"} <= folders
        assert not {"adience/faces", "imdb_wiki/imdb_crop", "UTKFace"} & folders

    def test_progress_is_reported(self, tmp_path: Path) -> None:
        seen: list[tuple[str, int, int | None, str]] = []
        with listening(lambda *progress: seen.append(progress)):
            draw_sample_portraits(tmp_path / "portraits", count=30, seed=1, sources=["utkface"])
        images = len(truth(tmp_path / "portraits"))
        assert seen[0] == ("draw portraits", 0, images, "")
        assert seen[-1] == ("draw portraits", images, images, "")

    def test_an_existing_folder_is_left_unchanged(self, tmp_path: Path) -> None:
        draw_sample_portraits(tmp_path / "portraits", count=30, seed=1, sources=["utkface"])
        before = digests(tmp_path / "portraits")
        draw_sample_portraits(tmp_path / "portraits", count=30, seed=1, sources=["utkface"])
        assert digests(tmp_path / "portraits") == before
        with pytest.raises(
            VisageError, match=r"portraits holds something else than the portraits drawn with .*'seed': 2"
        ):
            draw_sample_portraits(tmp_path / "portraits", count=30, seed=2, sources=["utkface"])

    def test_an_unknown_source_is_an_error_of_one_line(self, tmp_path: Path) -> None:
        with pytest.raises(VisageError, match=r"no portraits can be drawn for lfw: choose from utkface, "):
            draw_sample_portraits(tmp_path / "portraits", count=30, seed=1, sources=["lfw"])

    def test_a_full_disk_is_an_error_of_one_line_and_leaves_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def no_space(path: Path, contents: bytes) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(Path, "write_bytes", no_space)
        with pytest.raises(VisageError, match=r"cannot draw portraits into .*\(No space left on device\): free space"):
            draw_sample_portraits(tmp_path / "portraits", count=30, seed=1)
        assert list(tmp_path.iterdir()) == []

    def test_leftovers_of_a_killed_run_are_not_used(self, tmp_path: Path) -> None:
        killed = f"""
            import os, pathlib, signal
            from visage.progress import listening
            from tfds_builders.sample_portraits.draw import draw_sample_portraits
            with listening(lambda step, done, total, note: os.kill(os.getpid(), signal.SIGKILL) if done else None):
                draw_sample_portraits(pathlib.Path({str(tmp_path / "portraits")!r}), count=60, seed=1)
        """
        code = subprocess.run([sys.executable, "-c", textwrap.dedent(killed)], check=False).returncode
        assert code == -signal.SIGKILL
        assert not (tmp_path / "portraits").exists()
        draw_sample_portraits(tmp_path / "portraits", count=60, seed=1)
        for row in truth(tmp_path / "portraits"):
            assert (tmp_path / "portraits" / row["path"]).exists()


class TestLayouts:
    def test_count_is_shared_among_the_archives(self, portraits: Path) -> None:
        archives = Counter(
            "/".join(row["path"].split("/")[: 1 if row["path"].startswith("UTK") else 2]) for row in truth(portraits)
        )
        assert set(archives) == {
            "UTKFace",
            "adience/faces",
            "adience/aligned",
            "imdb_wiki/imdb_crop",
            "imdb_wiki/wiki_crop",
        }
        assert all(33 <= images <= 41 for images in archives.values())

    def test_utkface(self, portraits: Path) -> None:
        whole = re.compile(r"\d{1,3}_[01]_[0-4]_\d{17}\.jpg\.chip\.jpg")
        names = [path.name for path in (portraits / "UTKFace").iterdir()]
        assert sum(whole.fullmatch(name) is None for name in names) == 4
        for row in truth(portraits):
            if row["path"].startswith("UTKFace/") and not row["damage"]:
                assert pixels(portraits / row["path"]).shape == (200, 200, 3)

    def test_adience(self, portraits: Path) -> None:
        rows = fold_rows(portraits)
        assert all(ADIENCE_LABEL.fullmatch(row["age"]) for row in rows)
        faces = {
            path.relative_to(portraits / "adience/faces").as_posix() for path in portraits.glob("adience/faces/*/*")
        }
        for row in rows:
            stem = f"{row['face_id']}.{row['original_image']}"
            if f"{row['user_id']}/coarse_tilt_aligned_face.{stem}" in faces:
                assert (portraits / f"adience/aligned/{row['user_id']}/landmark_aligned_face.{stem}").exists()
        folds = {(row["user_id"], row["fold"]) for row in rows}
        assert len(folds) == len({user for user, _ in folds}) >= 5
        landmarks = next(portraits.glob("adience/faces/*/landmarks.*.txt")).read_text().splitlines()
        assert landmarks[1] == "x,y,dx,dy,x_c,y_c"
        assert len(landmarks) == 70
        assert (portraits / "adience/fold_frontal_4_data.txt").read_text().startswith("user_id\toriginal_image\t")

    @pytest.mark.parametrize("half", ["imdb", "wiki"])
    def test_imdb_wiki(self, portraits: Path, half: str) -> None:
        struct = loadmat(portraits / f"imdb_wiki/{half}_crop/{half}.mat")[half]
        types = {name: struct[name][0, 0].dtype.name for name in struct.dtype.names}
        assert types["dob"] == "int32"
        assert types["photo_taken"] == "uint16"
        assert types["gender"] == types["face_score"] == types["second_face_score"] == "float64"
        assert types["full_path"] == types["name"] == types["face_location"] == "object"
        assert struct["face_location"][0, 0][0, 0].shape == (1, 4)
        assert struct["full_path"][0, 0][0, 0].shape == (1,)
        names = [name[0] for name in struct["name"][0, 0][0] if name.size]
        assert len(set(names)) < len(names)

    def test_people_are_in_both_halves_of_imdb_wiki(self, portraits: Path) -> None:
        imdb, wiki = (
            {
                name[0]
                for name in loadmat(portraits / f"imdb_wiki/{half}_crop/{half}.mat")[half]["name"][0, 0][0]
                if name.size
            }
            for half in ("imdb", "wiki")
        )
        assert imdb & wiki


class TestDefects:
    def test_utkface_has_copies_with_conflicting_labels(self, portraits: Path) -> None:
        groups: dict[bytes, list[str]] = {}
        for path in (portraits / "UTKFace").iterdir():
            groups.setdefault(path.read_bytes(), []).append(path.name)
        copies = [names for names in groups.values() if len(names) > 1]
        ages = [{name.split("_")[0] for name in names} for names in copies]
        genders = [{name.split("_")[1] for name in names} for names in copies]
        assert any(len(values) == 2 for values in ages)
        assert any(len(values) == 2 for values in genders)

    def test_adience_rows_are_flawed_as_the_real_ones(self, portraits: Path) -> None:
        rows = fold_rows(portraits)
        labels = {row["age"] for row in rows}
        assert {"(25, 23)", "35", "None"} <= labels
        assert {row["gender"] for row in rows} == {"f", "m", "u", ""}
        assert max(Counter(tuple(row.values()) for row in rows).values()) == 2

    @pytest.mark.parametrize("half", ["imdb", "wiki"])
    def test_imdb_wiki_rows_are_flawed_as_the_real_ones(self, portraits: Path, half: str) -> None:
        struct = loadmat(portraits / f"imdb_wiki/{half}_crop/{half}.mat")[half]
        column = {name: struct[name][0, 0][0] for name in struct.dtype.names}
        born = column["dob"] / 365.2425
        ages = column["photo_taken"].astype(float) - born
        assert ages.min() < 0
        assert ages.max() > 1000
        assert np.isneginf(column["face_score"]).sum() == 2
        assert (~np.isnan(column["second_face_score"])).sum() == 1
        assert np.isnan(column["gender"]).sum() == 1
        assert sum(name.size == 0 for name in column["name"]) == 1
        missing = [
            path[0] for path in column["full_path"] if not (portraits / f"imdb_wiki/{half}_crop" / path[0]).exists()
        ]
        assert len(missing) == 1

    def test_files_are_damaged_as_the_table_describes(self, portraits: Path) -> None:
        damaged = [row for row in truth(portraits) if row["damage"]]
        assert Counter(row["damage"] for row in damaged) == {"truncated": 5, "empty": 5}
        for row in damaged:
            contents = (portraits / row["path"]).read_bytes()
            if row["damage"] == "empty":
                assert contents == b""
            else:
                with pytest.raises(OSError, match="truncated"):
                    Image.open(io.BytesIO(contents)).load()


class TestPortraits:
    def test_the_real_detector_finds_98_percent_and_no_face_in_empty_images(self, portraits: Path) -> None:
        detector = make_detector("blazeface")
        found, drawn = 0, 0
        for row in truth(portraits):
            if row["damage"]:
                continue
            faces = detector.detect(pixels(portraits / row["path"]))
            if row["people"] == "0":
                assert faces == []
            drawn += int(row["people"])
            found += min(len(faces), int(row["people"]))
        assert drawn > 170
        assert found >= 0.98 * drawn

    def test_skin_tones_are_uniform_and_independent_of_age_and_gender(self) -> None:
        rng = np.random.default_rng(7)
        people = [(draw_person(rng), draw_age(rng)) for _ in range(3000)]
        by_gender = np.zeros((2, len(SKIN_TONES)))
        by_age = np.zeros((4, len(SKIN_TONES)))
        for person, age in people:
            by_gender[int(person.female), person.skin_tone] += 1
            by_age[int(age // 25), person.skin_tone] += 1
        assert chisquare(by_gender.sum(axis=0)).pvalue > 0.01
        assert chi2_contingency(by_gender).pvalue > 0.01
        assert chi2_contingency(by_age).pvalue > 0.01

    def test_age_and_gender_survive_in_a_small_grey_crop(self) -> None:
        rng = np.random.default_rng(11)
        crops, ages, genders = [], [], []
        for _ in range(400):
            person, age = draw_person(rng), draw_age(rng)
            sitter = place(person, age, (128, 128), 0.39, (0.5, 0.3), 0.0)
            grey = take_photo(128, 128, (sitter,), rng).convert("L").resize((64, 64), Image.Resampling.BOX)
            crops.append(np.asarray(grey, np.float64).ravel())
            ages.append(age)
            genders.append(1.0 if person.female else -1.0)
        grey_values = np.array(crops)
        grey_values -= grey_values.mean(axis=1, keepdims=True)
        grey_values /= grey_values.std(axis=1, keepdims=True)
        seen, unseen = slice(0, 300), slice(300, None)
        age_error = np.abs(ridge(grey_values, np.array(ages), seen, unseen) - np.array(ages)[unseen]).mean()
        gender_right = (ridge(grey_values, np.array(genders), seen, unseen) * np.array(genders)[unseen] > 0).mean()
        # Guessing gives about 20 years and one half; a straight line through 300 examples is far from a network.
        assert age_error < 14
        assert gender_right > 0.75


def ridge(grey_values: np.ndarray, labels: np.ndarray, seen: slice, unseen: slice) -> np.ndarray:
    kernel = grey_values @ grey_values.T / grey_values.shape[1]
    centre = labels[seen].mean()
    weights = np.linalg.solve(kernel[seen, seen] + 0.3 * np.eye(300), labels[seen] - centre)
    return kernel[unseen, seen] @ weights + centre


def test_all_sources_can_be_named() -> None:
    assert set(drawn_datasets()) >= {"imdb_wiki/imdb", "imdb_wiki/wiki", "adience/faces", "adience/aligned", "utkface"}
