"""The way from archives to prepared TFDS data sets; what is there already is not done again."""

import errno
import hashlib
import importlib
import os
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from google.protobuf.json_format import ParseError

from components.face_example_gen.settings import (
    DataSettings,
    LabelledFolderSettings,
)
from visage import progress
from visage.data.datasets import dataset_spec
from visage.data.datasets.labelled_folder import LABELLED_FOLDER
from visage.errors import VisageError
from visage.folder_alias import folder_alias, is_plain
from visage.lock import locked
from visage.source_digest import source_digest

if TYPE_CHECKING:
    import tensorflow_datasets as tfds


@dataclass(frozen=True)
class Source:
    """One prepared data set.

    Attributes:
        dataset: its TFDS name.
        files: the files with its records.
        records: how many records they hold.
        archive_rows: rows of the archive, as the builder counted them.
        skipped: rows that became no record, by reason.
        skipped_rows: file with a line of JSON for each of them; None where no row is listed.
        examples: the commonest cause of each reason, with a row of it.
    """

    dataset: str
    files: tuple[str, ...]
    records: int
    archive_rows: int
    skipped: Mapping[str, int]
    skipped_rows: Path | None = None
    examples: Mapping[str, str] = field(default_factory=dict)


def archive_digest(data: DataSettings, dataset: str) -> str:
    """A short text that changes when what a data set is prepared from does, or the code that draws or prepares it.

    Tables count by their content, large archives by size, time and samples, images in folders by size and time; what
    other data sets are read from does not count.

    Raises:
        VisageError: the folder with the archives is not there.
    """
    digest = hashlib.sha256(source_digest("tfds_builders").encode())
    if data.dir is None:
        digest.update(f"drawn {data.sample_portraits} {sorted(data.sources)}".encode())
    else:
        for line in _state(data, dataset):
            digest.update(f"{line}\n".encode())
    return digest.hexdigest()[:16]


def prepared_root(data_root: Path, archive_digest: str) -> Path:
    """TFDS's data_dir of the data sets that were prepared from what has this fingerprint."""
    return data_root / "prepared" / archive_digest


def archive_dir(data: DataSettings, data_root: Path) -> Path:
    """The folder with the archives; draws the sample portraits into it where there are none.

    Raises:
        VisageError: the folder is not there, or cannot be written.
    """
    if data.dir is not None:
        folder = Path(data.dir)
        if not folder.is_dir():
            raise VisageError(f"data.dir {folder}: no such folder; name the one that holds the archives")
        return folder
    from tfds_builders.sample_portraits.draw import draw_sample_portraits

    drawing = data.sample_portraits
    # The same for each of the sources: the portraits are shared among them.
    folder = data_root / "sample_portraits" / archive_digest(data, data.sources[0])
    with _working(folder, "draw portraits"):
        _sweep(folder.parent, f".{folder.name}.unfinished-*")
        draw_sample_portraits(folder, drawing.count, drawing.seed, data.sources)
    return folder


def prepare_source(
    dataset: str, archives: Path, prepared_root: Path, folder: LabelledFolderSettings | None = None
) -> "tfds.core.DatasetBuilder":
    """Prepares one data set with its TFDS builder, unless it is prepared already.

    Several processes may ask for the same one at the same time: one prepares it, the others wait. What a killed
    preparation left behind is removed.

    Args:
        dataset: the TFDS name, e.g. 'adience/faces' or 'labelled_folder/NAME'.
        archives: folder with the archives as published.
        prepared_root: TFDS's data_dir.
        folder: how a labelled folder is to be read; None: as it stands without a configuration.

    Raises:
        VisageError: the archive is missing, incomplete or not what it should be, or there is no space to prepare it.
    """
    import tensorflow_datasets as tfds

    tfds.disable_progress_bar()
    name, _, config = dataset.partition("/")
    module = importlib.import_module(f"{dataset_spec(dataset).package}.{name}_dataset_builder")
    progress.report(f"prepare {dataset}", 0)
    with _working(prepared_root / dataset, f"prepare {dataset}", archives):
        # Made under the lock: a builder looks once whether its data set is prepared.
        if name == LABELLED_FOLDER:
            reading = (folder or LabelledFolderSettings()).model_dump()
            builder_config = module.LabelledFolderConfig(name=config, **reading)
        else:
            builder_config = config or None
        # TFDS finds the files that it has just written by patterns.
        with folder_alias(prepared_root) as data_dir:
            # A builder reads what is prepared when it is made.
            with _reading(prepared_root / dataset):
                builder = module.Builder(config=builder_config, data_dir=data_dir)
            _sweep(prepared_root / Path(builder.data_dir).relative_to(data_dir).parent, "incomplete.*")
            builder.download_and_prepare(download_config=tfds.download.DownloadConfig(manual_dir=archives))
        return builder if is_plain(prepared_root) else module.Builder(config=builder_config, data_dir=prepared_root)


def source_of(dataset: str, builder: "tfds.core.DatasetBuilder") -> Source:
    """What there is to read of a data set that `prepare_source` has prepared.

    Raises:
        VisageError: the prepared data set says nothing of itself, or lists other rows than it has skipped.
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
    return Source(dataset, files, records, counts["rows"], dict(listed), skipped_rows, examples)


@contextmanager
def _working(folder: Path, what: str, archives: Path | None = None) -> Iterator[None]:
    """Makes `folder` under a lock of its own beside it.

    The builders say themselves what they cannot read. What is left is refused on the way to it, which a path below
    `archives` tells, or refused while writing.
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
    """Turns what a damaged description in `folder` brings about into one line."""
    try:
        yield
    except (ParseError, UnicodeDecodeError) as error:
        raise _damaged(folder) from error


def _damaged(folder: Path) -> VisageError:
    return VisageError(f"{folder}: the prepared data set is damaged: remove that folder and run again")


def _refusal(error: Exception) -> tuple[str, str] | None:
    """Why the system refused to write, and what to do; None where something else happened."""
    # TensorFlow's writer knows no OSError.
    full = os.strerror(errno.ENOSPC)
    if full in str(error):
        return full, "free space there"
    if not isinstance(error, OSError):
        return None
    fix = "free space there" if error.errno == errno.EDQUOT else "name a workspace that can be written"
    return error.strerror or str(error), fix


def _sweep(folder: Path, leftovers: str) -> None:
    """Removes what killed work left in `folder`; nobody else may be at work there."""
    for leftover in folder.glob(leftovers):
        shutil.rmtree(leftover)


def _state(data: DataSettings, dataset: str) -> Iterator[str]:
    from tfds_builders.archive_state import state_of_archive, state_of_labelled_folder

    assert data.dir is not None
    folder = Path(data.dir)
    if not folder.is_dir():
        raise VisageError(f"data.dir {folder}: no such folder; name the one that holds the archives")
    reading = data.labelled_folder(dataset)
    if reading is None:
        yield from state_of_archive(folder, dataset)
    else:
        yield from state_of_labelled_folder(folder / dataset.partition("/")[2], reading.labels)
        yield reading.model_dump_json()
