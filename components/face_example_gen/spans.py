"""The data sets of a configuration with the folders of their archives, one for each span."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from components.face_example_gen.settings import SPAN, DataSettings
from visage.data.datasets.labelled_folder import labelled_folder_name
from visage.data.prepared_dataset import part_name
from visage.errors import VisageError, listed, quoted

# Spans are part of the keys of records.
_SPAN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=+-]*")


@dataclass(frozen=True)
class SourcePart:
    """A data set, or what one span holds of it.

    Attributes:
        dataset: its TFDS name.
        span: name of the span's folder; '': there are no spans.
    """

    dataset: str
    span: str = ""

    @property
    def name(self) -> str:
        """Returns the data set and the span, which keys of its records start with, e.g. 'utkface/2026-11'."""
        return part_name(self.dataset, self.span)


def parts_of(data: DataSettings, source: str | None = None) -> list[SourcePart]:
    """Returns every data set, of the chosen spans, oldest first, those that have it.

    Args:
        data: names the folder and the sources.
        source: the only one of the sources to return; None: all.

    Raises:
        VisageError: there is no span, one is empty, or a source is in none of them.
    """
    wanted = data.sources if source is None else [source]
    if not data.by_span:
        return [SourcePart(dataset) for dataset in wanted]
    spans = chosen_spans(data)
    held = {span: [dataset for dataset in data.sources if _holds(data.folder_of(span), dataset)] for span in spans}
    for span, datasets in held.items():
        if not datasets:
            raise VisageError(
                f"data.dir: {data.folder_of(span)} holds none of {', '.join(data.sources)}; put them there, or rename "
                f"the span to .{span} until it is complete"
            )
    for dataset in wanted:
        if not any(dataset in datasets for datasets in held.values()):
            raise VisageError(
                f"data.sources: no span of {data.root} holds {dataset} (read: {listed(spans)}); add it to one, read "
                "more spans, or remove the source"
            )
    return [SourcePart(dataset, span) for dataset in wanted for span in spans if dataset in held[span]]


def part_of_name(data: DataSettings, name: str) -> SourcePart:
    """Returns the part with this `SourcePart.name`."""
    dataset = next(dataset for dataset in data.sources if f"{name}/".startswith(f"{dataset}/"))
    return SourcePart(dataset, name[len(dataset) + 1 :])


def chosen_spans(data: DataSettings) -> list[str]:
    """Returns the spans to read, oldest first.

    A span is a folder whose name has a digit; hidden folders and others are none. Digits are compared as numbers.

    Raises:
        VisageError: there is none, or one has a name that no key can have.
    """
    root = data.root
    assert root is not None
    if not root.is_dir():
        raise VisageError(f"data.dir: {root} does not exist; name the folder that holds the folders of the spans")
    names = [path.name for path in root.iterdir() if re.search(r"[0-9]", path.name) and path.is_dir()]
    spans = sorted((name for name in names if not name.startswith(".")), key=_in_natural_order)
    for span in spans:
        if not _SPAN_NAME.fullmatch(span):
            raise VisageError(
                f"data.dir: {quoted(str(root / span))}: a span is named by letters, digits and ._=+- alone; rename it"
            )
    if not spans:
        raise VisageError(
            f"data.dir: {root} holds no span, a folder with a digit in its name such as 2026-11; add one, or leave out "
            f"{SPAN}"
        )
    return spans if data.spans is None else spans[-data.spans :]


def _in_natural_order(name: str) -> tuple[list[str | int], str]:
    """Returns a key that compares digits as numbers; texts and numbers alternate, so each meets its like."""
    parts = re.split(r"([0-9]+)", name)
    return [int(part) if number % 2 else part for number, part in enumerate(parts)], name


def _holds(folder: Path, dataset: str) -> bool:
    return any(path.exists() for path in _archives(folder, dataset))


def _archives(folder: Path, dataset: str) -> Iterator[Path]:
    """Yields the places where the archive of a data set may be."""
    from tfds_builders.published_files import folders_of
    from visage.data.datasets import archive_files

    name = labelled_folder_name(dataset)
    if name is not None:
        yield folder / name
        return
    files = archive_files(dataset)
    for place in folders_of(files, folder):
        yield from (place / archive for archive in (files.root, f"{files.root}.tar", f"{files.root}.tar.gz"))
