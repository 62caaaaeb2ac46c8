"""Draws the portraits of all archives in one folder."""

import concurrent.futures
import csv
import io
import json
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

from tfds_builders.own_modules import own_module
from tfds_builders.sample_portraits.image import DrawnImage
from tfds_builders.sample_portraits.layout import Layout
from visage.child_process import end_with_parent
from visage.data.datasets import DATASETS
from visage.errors import VisageError
from visage.files import atomic_folder
from visage.progress import report

SETTINGS_FILE = "drawn_with.json"
TRUTH_FILE = "drawn.csv"

_STEP = "draw portraits"
_CHUNK = 32  # images that a process draws at a time
_CHUNKS_WORTH_A_PROCESS = 8


def draw_sample_portraits(folder: Path, count: int, seed: int, sources: Sequence[str] | None = None) -> None:
    """Draws labelled portraits in `folder`, in exactly the layout of the published archives.

    Does nothing if `folder` holds the same portraits already. Otherwise the folder appears when it is complete. It also
    gets `drawn.csv`, the true content of every image.

    Args:
        folder: receives `UTKFace/`, `adience/` and `imdb_wiki/`, those that `sources` names.
        count: number of portraits, distributed evenly among UTKFace, Adience and the two halves of IMDB-WIKI.
        seed: the same seed draws the same files, byte for byte.
        sources: TFDS data sets, some of `drawn_datasets()`; None: all. Adience's `faces` and `aligned` show the
            same faces.

    Raises:
        VisageError: a source is unknown, the folder holds other files, or it cannot be written.
    """
    known = drawn_datasets()
    wanted = set(known if sources is None else sources)
    settings = {"count": count, "seed": seed, "sources": sorted(wanted)}
    if unknown := wanted - set(known):
        raise VisageError(f"no portraits can be drawn for {', '.join(sorted(unknown))}: choose from {', '.join(known)}")
    if folder.exists():
        _check_settings(folder, settings)
        return
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Another process may draw the same portraits meanwhile.
        with atomic_folder(folder) as unfinished:
            _draw(unfinished, _lay_out(count, seed, wanted))
            (unfinished / SETTINGS_FILE).write_text(json.dumps(settings))
    except OSError as error:
        raise VisageError(
            f"cannot draw portraits into {folder} ({error.strerror}): free space there or name another folder"
        ) from error


def _check_settings(folder: Path, settings: dict[str, object]) -> None:
    try:
        found = json.loads((folder / SETTINGS_FILE).read_text())
    except (OSError, ValueError):
        found = None
    if found != settings:
        raise VisageError(f"{folder} holds something else than the portraits drawn with {settings}: remove it")


def drawn_datasets() -> list[str]:
    """Returns the TFDS names of the data sets whose folder has `sample_portraits.py`, in the table's order."""
    return [name for name, spec in DATASETS.items() if own_module(spec, "sample_portraits")]


def _lay_out(count: int, seed: int, wanted: set[str]) -> Layout:
    # Configurations of the same source show the same faces.
    configs: dict[str, set[str]] = {}
    modules: dict[str, ModuleType | None] = {}
    for name, spec in DATASETS.items():
        if name in wanted:
            configs.setdefault(spec.source, set()).add(name.partition("/")[2])
            modules[spec.source] = own_module(spec, "sample_portraits")
    whole = Layout()
    for number, (source, module) in enumerate(modules.items()):
        assert module is not None, "drawn_datasets() names what is wanted"
        rows = count * (number + 1) // len(modules) - count * number // len(modules)
        part = module.lay_out(rows, seed, configs[source])
        whole.images.extend(part.images)
        whole.files.update(part.files)
    return whole


def _draw(folder: Path, layout: Layout) -> None:
    for path, contents in layout.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(contents)
    (folder / TRUTH_FILE).write_bytes(_truth(layout.images))
    chunks = [layout.images[first : first + _CHUNK] for first in range(0, len(layout.images), _CHUNK)]
    done = 0
    report(_STEP, done, len(layout.images))
    for drawn in _draw_chunks(folder, chunks):
        done += drawn
        report(_STEP, done, len(layout.images))


def _truth(images: list[DrawnImage]) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("path", "people", "age", "gender", "skin_tone", "damage"))
    for image in images:
        labels: tuple[object, ...] = ("", "", "")
        if image.sitters:
            first = image.sitters[0]
            labels = (f"{first.age:.2f}", first.person.gender, first.person.skin_tone)
        writer.writerow((image.path, len(image.sitters), *labels, image.damage))
    return stream.getvalue().encode()


def _draw_chunks(folder: Path, chunks: list[list[DrawnImage]]) -> Iterator[int]:
    processes = min(len(os.sched_getaffinity(0)), len(chunks) // _CHUNKS_WORTH_A_PROCESS)
    if processes < 2:
        for chunk in chunks:
            yield _draw_chunk(folder, chunk)
        return
    # Spawned, not forked: the caller may have TensorFlow's threads, which do not survive a fork.
    pool = concurrent.futures.ProcessPoolExecutor(
        processes,
        multiprocessing.get_context("spawn"),
        initializer=end_with_parent,
        initargs=(os.getpid(),),
    )
    try:
        futures = [pool.submit(_draw_chunk, folder, chunk) for chunk in chunks]
        for future in concurrent.futures.as_completed(futures):
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _draw_chunk(folder: Path, chunk: list[DrawnImage]) -> int:
    for image in chunk:
        image.write(folder)
    return len(chunk)
