"""Prepares TFDS data sets from archives, unless they are prepared already."""

import errno
import hashlib
import importlib
import os
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from google.protobuf.json_format import ParseError

from components.face_example_gen.settings import (
    DataSettings,
    FaceExampleGenSettings,
    LabelledFolderSettings,
)
from components.face_example_gen.spans import SourcePart, part_of_name, parts_of
from visage import progress
from visage.data.datasets import dataset_spec
from visage.data.datasets.labelled_folder import LABELLED_FOLDER
from visage.data.prepared_dataset import PreparedDataset
from visage.errors import VisageError
from visage.folder_alias import folder_alias, is_plain
from visage.lock import locked
from visage.source_digest import source_digest

if TYPE_CHECKING:
    import tensorflow_datasets as tfds


def archive_digests(settings: FaceExampleGenSettings, source: str | None = None) -> dict[str, str]:
    """Returns the digest of each data set, of each span by itself, by `SourcePart.name`.

    Args:
        settings: name the data sets and the folder with the archives.
        source: the only data set; None: all.

    Raises:
        VisageError: the folder with the archives does not exist, or a span is missing or empty.
    """
    data, data_root = settings.data, Path(settings.data_root)
    return {part.name: archive_digest(data, part, data_root) for part in parts_of(data, source)}


def archive_digest(data: DataSettings, part: SourcePart, data_root: Path) -> str:
    """Returns a digest that changes with the files of a data set or with the code that draws or prepares it.

    Files count by name and content, not by their times. Files of other data sets and spans do not count.

    Args:
        data: names the folder with the archives.
        part: one of its data sets.
        data_root: the digests of single files are remembered below it, so that an unchanged file is read once.

    Raises:
        VisageError: the folder with the archives does not exist.
    """
    digest = hashlib.sha256(source_digest("tfds_builders").encode())
    if data.dir is None:
        digest.update(f"drawn {data.sample_portraits} {sorted(data.sources)}".encode())
    else:
        for line in _state(data, part, data_root):
            digest.update(f"{line}\n".encode())
    return digest.hexdigest()[:16]


def prepared_root(data_root: Path, archive_digest: str) -> Path:
    """Returns TFDS's data_dir for the data sets that were prepared from the archives with this digest."""
    return data_root / "prepared" / archive_digest


def archive_dir(data: DataSettings, data_root: Path, span: str = "") -> Path:
    """Returns the folder with the archives of a span; without one, draws the sample portraits into a folder.

    Raises:
        VisageError: the folder does not exist, or cannot be written.
    """
    if data.dir is not None:
        return _existing(data.folder_of(span))
    from tfds_builders.sample_portraits.draw import draw_sample_portraits

    drawing = data.sample_portraits
    # One digest for all sources, because the portraits are distributed among them.
    folder = data_root / "sample_portraits" / archive_digest(data, SourcePart(data.sources[0]), data_root)
    with _working(folder, "draw portraits"):
        _sweep(folder.parent, f".{folder.name}.unfinished-*")
        draw_sample_portraits(folder, drawing.count, drawing.seed, data.sources)
    return folder


def prepare_sources(settings: FaceExampleGenSettings, archive_digests: Mapping[str, str]) -> list[PreparedDataset]:
    """Prepares every data set of the settings, unless it is prepared already.

    Args:
        settings: names the data sets and the folder with the archives; without one, sample portraits are drawn.
        archive_digests: the result of `archive_digests`; names the spans to prepare.

    Raises:
        VisageError: an archive is missing, incomplete or malformed, or the disk is full.
    """
    data = settings.data
    parts = [(part_of_name(data, name), digest) for name, digest in archive_digests.items()]
    return [source_of(part.dataset, prepare_part(part, settings, digest), part.span) for part, digest in parts]


def prepare_part(part: SourcePart, settings: FaceExampleGenSettings, archive_digest: str) -> "tfds.core.DatasetBuilder":
    """Prepares one data set of the settings, or what a span holds of it, as `prepare_source` does.

    Raises:
        VisageError: as `prepare_source`.
    """
    data, data_root = settings.data, Path(settings.data_root)
    archives = archive_dir(data, data_root, part.span)
    root = prepared_root(data_root, archive_digest)
    return prepare_source(part.dataset, archives, root, data.labelled_folder(part.dataset))


def prepare_source(
    dataset: str, archives: Path, prepared_root: Path, folder: LabelledFolderSettings | None = None
) -> "tfds.core.DatasetBuilder":
    """Prepares one data set with its TFDS builder, unless it is prepared already.

    If several processes prepare the same data set, one does it and the others wait. The remains of a killed preparation
    are removed.

    Args:
        dataset: the TFDS name, e.g. 'adience/faces' or 'labelled_folder/NAME'.
        archives: folder with the archives as published.
        prepared_root: TFDS's data_dir.
        folder: how to read a labelled folder; None: by the defaults.

    Raises:
        VisageError: the archive is missing, incomplete or malformed, or the disk is full.
    """
    import tensorflow_datasets as tfds

    tfds.disable_progress_bar()
    name, _, config = dataset.partition("/")
    module = importlib.import_module(f"{dataset_spec(dataset).package}.{name}_dataset_builder")
    progress.report(f"prepare {dataset}", 0)
    with _working(prepared_root / dataset, f"prepare {dataset}", archives):
        # Created under the lock: a builder checks only once whether its data set is prepared.
        if name == LABELLED_FOLDER:
            reading = (folder or LabelledFolderSettings()).model_dump()
            builder_config = module.LabelledFolderConfig(name=config, **reading)
        else:
            builder_config = config or None
        # TFDS finds the files that it has just written by glob patterns.
        with folder_alias(prepared_root) as data_dir:
            # The constructor of a builder reads the prepared description.
            with _reading(prepared_root / dataset):
                builder = module.Builder(config=builder_config, data_dir=data_dir)
            _sweep(prepared_root / Path(builder.data_dir).relative_to(data_dir).parent, "incomplete.*")
            builder.download_and_prepare(download_config=tfds.download.DownloadConfig(manual_dir=archives))
        return builder if is_plain(prepared_root) else module.Builder(config=builder_config, data_dir=prepared_root)


def source_of(dataset: str, builder: "tfds.core.DatasetBuilder", span: str = "") -> PreparedDataset:
    """Returns the files and counts of a data set that `prepare_source` has prepared, of the span of that name.

    Raises:
        VisageError: the prepared data set has no counts, or lists other rows than it has skipped.
    """
    from tfds_builders.skipped_rows import SKIPPED_ROWS, examples_of, read_skipped_rows

    splits = builder.info.splits.values()
    files = tuple(str(path) for split in splits for path in split.filepaths)
    counts = builder.info.metadata
    if "rows" not in counts:
        raise _damaged(Path(builder.data_dir))
    skipped_rows = Path(builder.data_dir) / SKIPPED_ROWS
    try:
        listed = Counter(row.reason for row in read_skipped_rows(skipped_rows))
        examples = examples_of(read_skipped_rows(skipped_rows))
    except (OSError, ValueError) as error:
        raise _damaged(Path(builder.data_dir)) from error
    if listed != counts["skipped"]:
        raise _damaged(Path(builder.data_dir))
    records = sum(split.num_examples for split in splits)
    return PreparedDataset(dataset, files, records, counts["rows"], dict(listed), skipped_rows, examples, span)


@contextmanager
def _working(folder: Path, what: str, archives: Path | None = None) -> Iterator[None]:
    """Holds a lock beside `folder` and turns errors of the file system into one line.

    The builders report what they cannot read. The errors left are a path below `archives` that cannot be read, and a
    refused write.
    """
    try:
        with locked(folder.with_name(f"{folder.name}.lock"), what):
            yield
    except VisageError:
        raise
    except Exception as error:
        if archives is not None and isinstance(error, OSError) and _is_below(error.filename, archives):
            raise VisageError(
                f"{error.filename}: cannot be read ({error.strerror}); make it readable, folders above it included"
            ) from error
        refusal = _refusal(error)
        if refusal is None:
            raise
        reason, fix = refusal
        raise VisageError(f"cannot {what} in {folder} ({reason}): {fix}") from error


def _is_below(path: str | None, folder: Path) -> bool:
    return path is not None and Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


@contextmanager
def _reading(folder: Path) -> Iterator[None]:
    """Turns the errors of a damaged description in `folder` into one line."""
    try:
        yield
    except (ParseError, UnicodeDecodeError) as error:
        raise _damaged(folder) from error


def _damaged(folder: Path) -> VisageError:
    return VisageError(f"{folder}: the prepared data set is damaged; remove that folder and run again")


def _refusal(error: Exception) -> tuple[str, str] | None:
    """Returns why the system refused to write, and the fix; None for any other error."""
    # TensorFlow's writer does not raise an OSError for a full disk.
    full = os.strerror(errno.ENOSPC)
    if full in str(error):
        return full, "free space there"
    if not isinstance(error, OSError):
        return None
    fix = "free space there" if error.errno == errno.EDQUOT else "name a workspace that can be written"
    return error.strerror or str(error), fix


def _sweep(folder: Path, leftovers: str) -> None:
    """Removes the remains of killed work in `folder`; the caller must hold the lock."""
    for leftover in folder.glob(leftovers):
        shutil.rmtree(leftover)


def _state(data: DataSettings, part: SourcePart, data_root: Path) -> Iterator[str]:
    from tfds_builders.archive_state import state_of_archive, state_of_labelled_folder
    from tfds_builders.file_digests import remembered_digests

    folder = _existing(data.folder_of(part.span))
    reading = data.labelled_folder(part.dataset)
    name = hashlib.sha256(f"{part.dataset} {folder}".encode()).hexdigest()[:16]
    with remembered_digests(data_root / "digests" / name, part.name) as digests:
        if reading is None:
            yield from state_of_archive(folder, part.dataset, digests)
        else:
            yield from state_of_labelled_folder(folder / part.dataset.partition("/")[2], reading.labels, digests)
            yield reading.model_dump_json()


def _existing(folder: Path) -> Path:
    if not folder.is_dir():
        raise VisageError(f"data.dir: {folder} does not exist; name the folder that holds the archives")
    return folder
