"""Statistics of the requests of this process, which a thread writes to files every minute."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

import numpy as np

from serving.request_statistics.day import DayCounts
from serving.request_statistics.sampled_crops import SampledCrops
from visage.errors import VisageError
from visage.faces.grey import to_grey
from visage.faces.image_header import read_header
from visage.faces.image_io import DecodeError, decode
from visage.faces.quality import measure_quality
from visage.monitoring.features import ANSWERED
from visage.monitoring.files import NO_VERSION, StatisticsFile, write_counts
from visage.monitoring.observe import add_crop, add_faces, add_photo

WRITE_SECONDS = 60.0
CROPS_A_SECOND = 5.0

_SECONDS_OF_A_DAY = 86_400
# Pixels; a longer image is no crop, and not worth the time of a measure.
_LONGEST_SIDE = 1024

_logger = logging.getLogger(__name__)


class RequestStatistics:
    """Counts requests, in memory, and writes the counts of each day to a folder.

    It keeps no image, no address and no record of a request: only numbers of faces in histograms, in files that only
    their owner reads. Every method is safe in any thread, and none raises for what a request holds. `answered` takes
    about 20 microseconds a face; the pixels of a few crops a second are measured in a thread of its own.

    What is counted after the last write is lost when the process is killed: a minute at most. While the folder cannot
    be written, everything stays in memory, and is written once it can be.
    """

    def __init__(
        self,
        folder: Path,
        *,
        write_seconds: float = WRITE_SECONDS,
        crops_a_second: float = CROPS_A_SECOND,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Creates the folder and starts the thread.

        Args:
            folder: for the files; several servers may use one. It is made for its owner alone.
            write_seconds: between two writes.
            crops_a_second: whose pixels are measured, at most.
            clock: returns seconds since 1970.

        Raises:
            VisageError: the folder cannot be made or written.
        """
        self._folder = folder
        self._write_seconds = write_seconds
        self._clock = clock
        self._run = uuid.uuid4().hex[:12]
        self._crops = SampledCrops(crops_a_second)
        self._lock = threading.Lock()
        self._number = 0
        self._open: dict[tuple[str, str], tuple[int, DayCounts]] = {}
        self._past: list[DayCounts] = []
        self._is_failing = False
        self._has_warned_of = set[str]()
        self._check_folder()
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._keep_writing, name="request-statistics", daemon=True)
        self._thread.start()

    def answered(
        self, model: str, version: int, inputs: Mapping[str, np.ndarray], outputs: Mapping[str, np.ndarray]
    ) -> None:
        """Counts one request that the model answered, and its faces.

        Args:
            model: as the request names it.
            version: that answered.
            inputs: of the signature; `image_bytes`, object [n], are crops, or photos with `landmarks`, float [n, 5, 2].
                Requests without images, as of `evaluate`, are counted, their predictions are not.
            outputs: of the signature, the first axis n; strings are not read.
        """
        try:
            with self._lock:
                day = self._today(model, str(version))
                day.counts.add_outcome(ANSWERED)
                day.changed = True
                if "image_bytes" in inputs:
                    self._add_faces(day, inputs, outputs)
        except Exception:  # Models of others have outputs of the same names, of any shape.
            self._warn_once("predictions of an unknown form are not counted")

    def refused(self, model: str, version: int | None, reason: str) -> None:
        """Counts one request that got no prediction.

        Args:
            model: the name of a model that this server has; do not call it for names that it lacks.
            version: that refused; None: the request was refused before one was chosen.
            reason: a name of `Code` such as 'INVALID_ARGUMENT', or of a cleaning rule such as 'no_face'.
        """
        with self._lock:
            day = self._today(model, NO_VERSION if version is None else str(version))
            day.counts.add_outcome(reason)
            day.changed = True

    def close(self) -> None:
        """Ends the thread, and writes what is not written yet; a folder that cannot be written is a warning."""
        self._ends.set()
        self._crops.wake()
        self._thread.join()

    def _add_faces(self, day: DayCounts, inputs: Mapping[str, np.ndarray], outputs: Mapping[str, np.ndarray]) -> None:
        counts, images, landmarks = day.counts, inputs["image_bytes"].ravel(), inputs.get("landmarks")
        add_faces(counts, outputs.get("age"), outputs.get("age_probabilities"), outputs.get("gender_probability"))
        if landmarks is not None:
            for image, points in zip(images, landmarks, strict=True):
                add_photo(counts, image, points)
            return
        for image in images:
            add_crop(counts, image)
            self._crops.offer(day, image)

    def _today(self, model: str, version: str) -> DayCounts:
        """Returns the counts of the present day; a day that has ended, or is not yet by a clock set back, is closed."""
        day = self._day_number()
        found = self._open.get((model, version))
        if found is not None and found[0] == day:
            return found[1]
        if found is not None:
            self._past.append(found[1])
        self._number += 1
        date = datetime.fromtimestamp(day * _SECONDS_OF_A_DAY, timezone.utc).date()
        new = DayCounts(StatisticsFile(date, model, version, f"{self._run}-{self._number}"))
        self._open[model, version] = day, new
        return new

    def _keep_writing(self) -> None:
        next_write = time.monotonic() + self._write_seconds
        while not self._ends.is_set():
            sampled = self._crops.take(next_write - time.monotonic())
            if sampled is not None:
                self._guard(partial(self._measure, *sampled))
            if time.monotonic() >= next_write:
                next_write = time.monotonic() + self._write_seconds
                self._guard(self._write)
        self._guard(self._write)

    def _guard(self, step: Callable[[], None]) -> None:
        """Runs a step of the thread, which goes on whatever a client sends."""
        try:
            step()
        except Exception:
            self._warn_once("an unexpected error; counting goes on")

    def _measure(self, day: DayCounts, crop: bytes) -> None:
        header = read_header(crop)
        if header is None or min(header.width, header.height) < 3 or max(header.width, header.height) > _LONGEST_SIDE:
            return
        try:
            quality = measure_quality(to_grey(decode(crop)), None)
        except DecodeError:  # TensorFlow reads some images that Pillow does not.
            return
        with self._lock:
            day.counts.numbers["blur"].add(quality.blur)
            day.counts.numbers["light"].add(quality.light)
            day.changed = True

    def _write(self) -> None:
        with self._lock:
            today = self._day_number()
            for key, (number, day) in list(self._open.items()):
                if number != today:
                    self._past.append(day)
                    del self._open[key]
            days = [*self._past, *(day for _, day in self._open.values())]
        for day in days:
            if not self._write_day(day):
                return
        with self._lock:
            self._past = [day for day in self._past if day.changed]
        if self._is_failing:
            self._is_failing = False
            _logger.warning("statistics: %s can be written again; no count is lost", self._folder)

    def _write_day(self, day: DayCounts) -> bool:
        """Writes what changed; returns False where the folder cannot be written."""
        with self._lock:
            if not day.changed:
                return True
            counts, day.changed = day.counts.copy(), False
        try:
            write_counts(self._folder / day.file.name, counts)
        except Exception as error:
            with self._lock:
                day.changed = True
            if not self._is_failing:
                self._is_failing = True
                _logger.warning(
                    "statistics: %s cannot be written (%s); the server goes on, and writes the counts once it can",
                    self._folder,
                    error.strerror if isinstance(error, OSError) else repr(error),
                )
            return False
        return True

    def _day_number(self) -> int:
        return int(self._clock() // _SECONDS_OF_A_DAY)

    def _check_folder(self) -> None:
        probe = self._folder / f".{self._run}"
        try:
            self._folder.mkdir(0o700, parents=True, exist_ok=True)
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise VisageError(
                f"--statistics {self._folder}: cannot be written ({error.strerror}); name another"
            ) from None

    def _warn_once(self, problem: str) -> None:
        if problem not in self._has_warned_of:
            self._has_warned_of.add(problem)
            _logger.warning("statistics: %s", problem, exc_info=True)
