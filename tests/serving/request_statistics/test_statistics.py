"""The statistics of a server: whole files whatever happens, no image in them, and no request that they break."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import date, datetime, timezone
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from serving.request_statistics.statistics import RequestStatistics
from tests.helpers.limits import HANG_GUARD_SECONDS, wait_until
from tests.helpers.project import PROJECT
from visage.errors import VisageError
from visage.faces.grey import to_grey
from visage.faces.image_io import decode
from visage.faces.quality import measure_quality
from visage.monitoring.collected import Period, collect
from visage.monitoring.counts import Counts
from visage.monitoring.files import parse_name, read_counts

pytestmark = pytest.mark.one_stack

NOON = datetime(2026, 11, 29, 12, tzinfo=timezone.utc).timestamp()
DAY = 86_400


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


def jpeg(side: int = 64, quality: int = 95) -> bytes:
    pixels = np.random.default_rng(side).integers(0, 255, (side, side, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return file.getvalue()


CROP = jpeg()


def crops(number: int = 1) -> dict[str, np.ndarray]:
    return {"image_bytes": np.array([CROP] * number, object)}


def outputs(number: int = 1, age: float = 33.0) -> dict[str, np.ndarray]:
    probabilities = np.zeros((number, 101), np.float32)
    probabilities[:, 28:38] = 0.1
    return {
        "age": np.full(number, age, np.float32),
        "age_probabilities": probabilities,
        "age_group": np.array([b"25-32"] * number, object),
        "gender": np.array([b"male"] * number, object),
        "gender_probability": np.full(number, 0.9, np.float32),
    }


def read(folder: Path) -> Counts:
    return Counts.sum(read_counts(path) for path in folder.glob("*.tfrecord"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def statistics(tmp_path: Path, clock: Clock) -> Iterator[RequestStatistics]:
    made = RequestStatistics(tmp_path, clock=clock, crops_a_second=1e6)
    yield made
    made.close()


def test_answers_are_counted_by_face_and_refusals_by_reason(statistics: RequestStatistics, tmp_path: Path) -> None:
    statistics.answered("visage", 7, crops(10), outputs(10))
    statistics.refused("visage", 7, "INVALID_ARGUMENT")
    statistics.refused("visage", None, "no_face")
    statistics.close()
    counts = read(tmp_path)
    assert (counts.faces, counts.requests) == (10, 3)
    assert counts.texts["outcome"].values == {"answered": 1, "INVALID_ARGUMENT": 1, "no_face": 1}
    assert counts.texts["age_group"].values == {"25-32": 10}
    assert counts.texts["gender"].values == {"male": 10}
    assert counts.texts["crop_size"].values == {"64x64": 10}
    assert counts.numbers["age"].mean == 33
    # From the year 29 to the year 36, of ten years from 28 on with a tenth each, as age_span shows it to people.
    assert counts.numbers["age_span"].mean == 7
    assert counts.numbers["crop_bytes"].mean == len(CROP)
    assert counts.numbers["crop_jpeg_quality"].mean == 95
    assert {parse_name(path.name).version for path in tmp_path.iterdir()} == {"7", "none"}  # type: ignore[union-attr]


def test_quality_of_crops_is_measured_as_in_training(statistics: RequestStatistics, tmp_path: Path) -> None:
    for _ in range(10):
        statistics.answered("visage", 7, crops(), outputs())
        wait_until(lambda: statistics._crops._waiting.empty(), "a measured crop")
    statistics.close()
    expected = measure_quality(to_grey(decode(CROP)), None)
    counts = read(tmp_path)
    assert counts.numbers["blur"].mean == pytest.approx(expected.blur)
    assert counts.numbers["light"].mean == pytest.approx(expected.light)


def test_at_most_the_configured_number_of_crops_is_measured(tmp_path: Path) -> None:
    statistics = RequestStatistics(tmp_path, crops_a_second=1 / HANG_GUARD_SECONDS)
    for _ in range(100):
        statistics.answered("visage", 7, crops(), outputs())
    statistics.close()
    assert read(tmp_path).numbers["blur"].count <= 1


def test_photos_are_measured_by_header_and_landmarks(statistics: RequestStatistics, tmp_path: Path) -> None:
    landmarks = np.array([[[10, 10], [40, 50], [25, 30], [10, 60], [40, 60]]] * 10, np.float32)
    photo = jpeg(500, quality=80)
    inputs = {"image_bytes": np.array([photo] * 10, object), "landmarks": landmarks}
    statistics.answered("visage", 7, inputs, outputs(10))
    statistics.close()
    counts = read(tmp_path)
    assert counts.numbers["face_size"].mean == pytest.approx(50)
    assert counts.numbers["roll"].mean == pytest.approx(53.13, abs=0.01)
    assert counts.numbers["photo_pixels"].mean == pytest.approx(0.25)
    assert counts.numbers["photo_jpeg_quality"].mean == 80
    assert counts.numbers["crop_bytes"].count == counts.numbers["blur"].count == 0


@pytest.mark.parametrize(
    ("inputs", "answer"),
    [
        ({}, {}),
        ({"examples": np.array([b"x"], object)}, outputs()),
        (crops(), {"age": np.array(3.0, np.float32)}),
        (crops(), {"age": np.array([b"old"], object)}),
        (crops(), {"age_probabilities": np.zeros(5, np.float32)}),
        (crops(2), {"age": np.array([np.nan, np.inf], np.float32)}),
        ({"image_bytes": np.array([b""], object)}, outputs()),
        ({"image_bytes": np.array([1.0, 2.0])}, outputs(2)),
        ({**crops(), "landmarks": np.zeros((3, 2))}, outputs()),
    ],
)
def test_no_model_breaks_a_request(
    statistics: RequestStatistics, tmp_path: Path, inputs: dict[str, np.ndarray], answer: dict[str, np.ndarray]
) -> None:
    statistics.answered("other", 1, inputs, answer)
    statistics.answered("visage", 7, crops(), outputs())
    statistics.close()
    assert read(tmp_path).texts["outcome"].values == {"answered": 2}


def test_a_row_without_a_number_is_no_predicted_face(statistics: RequestStatistics, tmp_path: Path) -> None:
    answer = outputs(2)
    for values in (answer["age"], answer["age_probabilities"], answer["gender_probability"]):
        values[0] = np.nan
    statistics.answered("visage", 7, crops(2), answer)
    statistics.close()
    counts = read(tmp_path)
    assert [counts.faces, *(counts.of(name).count for name in ("age", "age_group", "age_span", "gender"))] == [1] * 5


def test_no_image_is_in_the_files(statistics: RequestStatistics, tmp_path: Path) -> None:
    statistics.answered("visage", 7, crops(), outputs())
    statistics.close()
    (file,) = tmp_path.iterdir()
    written = file.read_bytes()
    assert not any(CROP[place : place + 8] in written for place in range(0, len(CROP) - 8, 8))


def test_the_files_hold_no_exact_value_of_a_face_and_are_private(tmp_path: Path) -> None:
    folder = tmp_path / "statistics"
    statistics = RequestStatistics(folder, crops_a_second=0)
    statistics.answered("visage", 7, crops(), outputs(age=34.217))
    statistics.close()
    (file,) = folder.iterdir()
    assert (folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)
    age = read(folder).numbers["age"]
    # The bin from 30 to 35 years.
    assert (age.count, age.low, age.high, age.mean, age.deviation) == (1, 30, 35, 32.5, 0)


def test_an_error_ends_no_counting_and_is_one_warning(
    statistics: RequestStatistics, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("unexpected")

    monkeypatch.setattr("serving.request_statistics.statistics.decode", fail)
    for _ in range(3):
        statistics.answered("visage", 7, crops(), outputs())
        wait_until(lambda: statistics._crops._waiting.empty(), "a measured crop")
    monkeypatch.setattr("serving.request_statistics.statistics.write_counts", fail)
    statistics._write()
    statistics._write()
    assert statistics._thread.is_alive()
    monkeypatch.undo()
    statistics.close()
    assert read(tmp_path).faces == 3
    messages = [record.getMessage() for record in caplog.records]
    assert messages[0] == "statistics: an unexpected error; counting goes on"
    assert "cannot be written (KeyError('unexpected'))" in messages[1]
    assert "can be written again" in messages[2]
    assert len(messages) == 3


def test_each_day_and_version_has_a_file(statistics: RequestStatistics, tmp_path: Path, clock: Clock) -> None:
    for day in range(3):
        clock.now = NOON + day * DAY
        statistics.answered("visage", 7, crops(), outputs())
        statistics.answered("visage", 8, crops(), outputs())
    statistics.close()
    files = sorted((found.day.day, found.version) for path in tmp_path.iterdir() if (found := parse_name(path.name)))
    assert files == [(1, "7"), (1, "8"), (29, "7"), (29, "8"), (30, "7"), (30, "8")]


def test_a_clock_set_back_loses_no_count(statistics: RequestStatistics, tmp_path: Path, clock: Clock) -> None:
    for back in (0, 1, 0, 2, 0):
        clock.now = NOON - back * DAY
        statistics.answered("visage", 7, crops(), outputs())
        statistics._write()
    statistics.close()
    found = collect(tmp_path, "visage", "7", Period.until(date(2026, 11, 29), 7))
    assert {day.day: faces for day, (faces, _) in found.by_day.items()} == {29: 3, 28: 1, 27: 1}


def test_two_servers_share_a_folder(tmp_path: Path, clock: Clock) -> None:
    servers = [RequestStatistics(tmp_path, clock=clock, write_seconds=0.01) for _ in range(2)]

    def answer(server: RequestStatistics) -> None:
        for _ in range(300):
            server.answered("visage", 7, crops(), outputs())

    threads = [threading.Thread(target=answer, args=[server]) for server in servers for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for server in servers:
        server.close()
    assert read(tmp_path).faces == 1800
    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_that_cannot_be_made_is_an_error_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(VisageError, match=r"--statistics .*file/below: cannot be written \(Not a directory\)"):
        RequestStatistics(tmp_path / "file" / "below")


def test_a_folder_that_goes_away_and_returns_loses_no_count(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    folder, away = tmp_path / "here", tmp_path / "away"
    statistics = RequestStatistics(folder, clock=clock)
    statistics.answered("visage", 7, crops(), outputs())
    statistics._write()
    folder.rename(away)
    for _ in range(3):
        statistics.answered("visage", 7, crops(), outputs())
        statistics._write()
    clock.now += DAY
    statistics.answered("visage", 7, crops(), outputs())
    statistics._write()
    away.rename(folder)
    statistics.close()
    assert read(folder).faces == 5
    assert [record.getMessage().partition(" (")[0] for record in caplog.records] == [
        f"statistics: {folder} cannot be written",
        f"statistics: {folder} can be written again; no count is lost",
    ]


ON_A_SMALL_DISK = """
import json, logging, sys
from pathlib import Path
from serving.request_statistics.statistics import RequestStatistics
from tests.serving.request_statistics.test_statistics import crops, outputs, read
disk = Path(sys.argv[1])
logging.basicConfig(stream=sys.stdout, format="%(message)s")
statistics = RequestStatistics(disk / "statistics", crops_a_second=0)
statistics.answered("visage", 7, crops(), outputs())
statistics._write()
filler = (disk / "filler").open("wb", buffering=0)
try:
    while True:
        filler.write(bytes(512))
except OSError:
    filler.close()
for _ in range(3):
    statistics.answered("visage", 7, crops(), outputs())
    statistics._write()
whole = read(disk / "statistics").faces
(disk / "filler").unlink()
statistics.close()
print(json.dumps([whole, read(disk / "statistics").faces, sorted(path.suffix for path in disk.rglob("*.*"))]))
"""


def test_a_full_disk_is_one_warning_and_loses_no_count(tmp_path: Path) -> None:
    in_own_mounts = ["unshare", "--mount", "--map-root-user"]
    if subprocess.run([*in_own_mounts, "true"], capture_output=True).returncode:
        pytest.skip("this machine does not let its users mount a small disk")
    script = 'mount -t tmpfs -o size=64k none "$1"; exec "$2" -c "$3" "$1"'
    ended = subprocess.run(
        [*in_own_mounts, "bash", "-ec", script, "bash", str(tmp_path), sys.executable, ON_A_SMALL_DISK],
        cwd=PROJECT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    warning, resumed, result = ended.stdout.splitlines()
    folder = tmp_path / "statistics"
    assert warning == (
        f"statistics: {folder} cannot be written (No space left on device); the server goes on, and writes the counts "
        "once it can"
    )
    assert resumed == f"statistics: {folder} can be written again; no count is lost"
    assert json.loads(result) == [1, 4, [".tfrecord"]]


UNTIL_KILLED = """
import sys
from pathlib import Path
from serving.request_statistics.statistics import RequestStatistics
from tests.serving.request_statistics.test_statistics import crops, outputs
statistics = RequestStatistics(Path(sys.argv[1]), write_seconds=0.001)
while True:
    statistics.answered("visage", 7, crops(), outputs())
"""


def test_a_killed_server_leaves_whole_files(tmp_path: Path) -> None:
    for number in range(2):
        folder = tmp_path / str(number)
        server = subprocess.Popen([sys.executable, "-c", UNTIL_KILLED, str(folder)], cwd=PROJECT)
        wait_until(lambda folder=folder: list(folder.glob("*.tfrecord")), "a file")  # type: ignore[misc]
        time.sleep(0.03 * number)
        os.kill(server.pid, signal.SIGKILL)
        server.wait()
        found = collect(folder, "visage", "7", Period(date.min, date.max))
        assert found.unreadable == []
        assert found.counts.faces > 0
