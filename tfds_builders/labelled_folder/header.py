"""The header of a labels file: which of its columns are read, and which were probably meant to be."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tfds_builders.labelled_folder.label_row import COLUMNS
from visage.errors import VisageError, listed, quoted
from visage.names import did_you_mean, near_names

_SEPARATORS = ",;\t|"


@dataclass(frozen=True)
class Reading:
    """How a labels file is to be read.

    Attributes:
        columns: standard column to what this file calls it, where that differs; None: the file has no such column.
        separator: between the fields of a CSV.
        key: of these settings in the configuration, for messages.
    """

    columns: Mapping[str, str | None]
    separator: str
    key: str

    def name(self, column: str) -> str | None:
        """What the file calls a standard column, if it has it; None where it is said to have none."""
        return self.columns.get(column, column)


def used_columns(path: Path, header: Sequence[str], reading: Reading) -> dict[str, str]:
    """Standard column to this file's, for those that the file has.

    Raises:
        VisageError: a column is missing or doubled, the separator is another one, or a column is not read whose name is
            nearly that of a standard one.
    """
    _check_separator(path, header, reading)
    used = _exact(path, header, reading)
    _check_near_names(path, header, used, reading)
    if "picture" not in used:
        raise VisageError(
            f"{path} has no column 'picture': say in {reading.key}.columns.picture which one holds the pictures' "
            f"paths; {_has(header)}"
        )
    for name in used.values():
        if header.count(name) > 1:
            raise VisageError(f"{path} has the column {quoted(name)} twice: rename one")
    return used


def _check_separator(path: Path, header: Sequence[str], reading: Reading) -> None:
    wanted = reading.name("picture")
    if wanted in header:
        return
    line = reading.separator.join(header)
    split = {separator: line.split(separator) for separator in _SEPARATORS if separator != reading.separator}
    likely = [separator for separator, names in split.items() if wanted in names and len(names) > 1]
    if len(header) == 1:
        likely += [separator for separator, names in split.items() if len(names) > 1]
    if likely:
        raise VisageError(
            f"{path}: the header {quoted(line)} is not separated by {json.dumps(reading.separator)}: "
            f"set {reading.key}.separator: {json.dumps(likely[0])}"
        )


def _exact(path: Path, header: Sequence[str], reading: Reading) -> dict[str, str]:
    used = {}
    for column in COLUMNS:
        name = reading.name(column)
        if name is None:
            continue
        if name in header:
            # A column that stands for another one is not also itself.
            if column in reading.columns or name not in reading.columns.values():
                used[column] = name
        elif column in reading.columns:
            meant = did_you_mean(name, filter(None, header))
            raise VisageError(
                f"{path} has no column {quoted(name)}, which {reading.key}.columns.{column} names; "
                f"{meant + ' ' if meant else ''}{_has(header)}"
            )
    return used


def _check_near_names(path: Path, header: Sequence[str], used: Mapping[str, str], reading: Reading) -> None:
    missing = [column for column in COLUMNS if column not in used and reading.name(column) is not None]
    unused = [name for name in header if name not in used.values() and name not in COLUMNS]
    near = {name: found for name in unused if (found := near_names(name, missing))}
    if near:
        meant = ", ".join(f"{quoted(name)} (did you mean {' or '.join(found)}?)" for name, found in near.items())
        first, (column, *_) = next(iter(near.items()))
        written = json.dumps(first, ensure_ascii=False) if len(first) < 40 else "NAME"
        raise VisageError(
            f"{path}: column {meant} would not be read: rename it, or set {reading.key}.columns: "
            f"{{{column}: {written}}} to read it, {{{column}: null}} to leave it out"
        )


def _has(header: Sequence[str]) -> str:
    return f"it has {listed(header)}" if any(header) else "it is empty"
