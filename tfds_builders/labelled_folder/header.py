"""The header of a labels file: the columns that are read, and columns whose names look like a mistake."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from visage.data.datasets.labelled_folder import BOX_COLUMNS, LABEL_COLUMNS, OLDER_NAMES
from visage.errors import VisageError, listed, quoted
from visage.names import did_you_mean, near_names

_SEPARATORS = ",;\t|"


@dataclass(frozen=True)
class Reading:
    """The settings for reading a labels file.

    Attributes:
        columns: standard column to the name in this file, if that differs; None: the file has no such column.
        separator: between the fields of a CSV.
        key: configuration key of these settings, for messages.
    """

    columns: Mapping[str, str | None]
    separator: str
    key: str

    def leaving_out(self, columns: Iterable[str]) -> str:
        """Returns the setting that leaves columns out, e.g. 'KEY.columns: {age: null}'."""
        return f"{self.key}.columns: {{{', '.join(f'{column}: null' for column in columns)}}}"

    def name(self, column: str) -> str | None:
        """Returns the file's name for a standard column; None if the settings exclude the column."""
        return self.columns.get(column, column)


def used_columns(path: Path, header: Sequence[str], reading: Reading) -> dict[str, str]:
    """Returns the file's column name for each standard column that the file has.

    Raises:
        VisageError: a column is missing or doubled, the separator is wrong, or a column that is not read has nearly the
            name of a standard one.
    """
    _check_separator(path, header, reading)
    used = _exact(path, header, reading)
    _check_near_names(path, header, used, reading)
    if "image" not in used:
        raise VisageError(
            f"{path} has no column 'image': name in {reading.key}.columns.image the one that holds the images' "
            f"paths; {_has(header)}"
        )
    for name in used.values():
        if header.count(name) > 1:
            raise VisageError(f"{path} has the column {quoted(name)} twice: rename one")
    sides = [column for column in BOX_COLUMNS if column in used]
    if sides and (missing := [column for column in BOX_COLUMNS if column not in used]):
        raise VisageError(
            f"{path} has {' and '.join(sides)} of the boxes of faces, but no {' or '.join(missing)}: name the columns "
            f"in {reading.key}.columns, or leave the boxes out with {reading.leaving_out(sides)}"
        )
    return used


def _check_separator(path: Path, header: Sequence[str], reading: Reading) -> None:
    wanted = set(_names("image", reading))
    if wanted & set(header):
        return
    line = reading.separator.join(header)
    split = {separator: line.split(separator) for separator in _SEPARATORS if separator != reading.separator}
    likely = [separator for separator, names in split.items() if wanted & set(names) and len(names) > 1]
    if len(header) == 1:
        likely += [separator for separator, names in split.items() if len(names) > 1]
    if likely:
        raise VisageError(
            f"{path}: the header {quoted(line)} is not separated by {json.dumps(reading.separator)}: "
            f"set {reading.key}.separator: {json.dumps(likely[0])}"
        )


def _names(column: str, reading: Reading) -> list[str]:
    """Returns the names by which a file may call a standard column: its own and an older one, unless it is mapped."""
    name = reading.name(column)
    older = OLDER_NAMES.get(column)
    if name is None or column in reading.columns or older is None or older in reading.columns.values():
        return [] if name is None else [name]
    return [name, older]


def _exact(path: Path, header: Sequence[str], reading: Reading) -> dict[str, str]:
    used = {}
    for column in LABEL_COLUMNS:
        names = _names(column, reading)
        if not names:
            continue
        present = [name for name in names if name in header]
        if len(present) > 1:
            raise VisageError(
                f"{path} has the columns {' and '.join(present)}, two names of one: "
                f"name in {reading.key}.columns.{column} the one to read"
            )
        name = (present or names)[0]
        if name in header:
            # A column that is mapped to another one is not also read under its own name.
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
    missing = [column for column in LABEL_COLUMNS if column not in used and reading.name(column) is not None]
    unused = [name for name in header if name not in used.values() and name not in LABEL_COLUMNS]
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
