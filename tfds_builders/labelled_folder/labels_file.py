"""A labels file, CSV or Parquet, as rows of texts under standard column names."""

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from components.errors import VisageError
from tfds_builders.labelled_folder.label_row import COLUMNS

_ROWS_A_BATCH = 10_000

Row = dict[str, str] | None
"""Standard column to text; None where the row has more or fewer fields than the header."""


def read_labels_file(path: Path, renamed: Mapping[str, str], separator: str, key: str) -> Iterator[Row]:
    """Reads a labels file row by row; Parquet where its name ends so, else CSV in UTF-8.

    Args:
        path: the file.
        renamed: standard column to what this file calls it, where that differs.
        separator: between the fields of a CSV.
        key: of these settings in the configuration, for messages.

    Raises:
        VisageError: it cannot be read, is not of its format, or a column is missing or doubled.
    """
    read = _read_parquet if path.suffix == ".parquet" else _read_csv
    yield from read(path, renamed, separator, key)


def _read_csv(path: Path, renamed: Mapping[str, str], separator: str, key: str) -> Iterator[Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file, delimiter=separator, strict=True)
            try:
                header = [name.strip() for name in next(lines, [])]
                places = {column: header.index(name) for column, name in _used(path, header, renamed, key).items()}
                for fields in filter(None, lines):
                    whole = len(fields) == len(header)
                    yield {column: fields[place] for column, place in places.items()} if whole else None
            except csv.Error as error:
                raise VisageError(
                    f"{path}, line {lines.line_num}: {error}: mend its quotes, or name the separator in {key}.separator"
                ) from error
    except OSError as error:
        raise VisageError(f"{path}: cannot be read ({error.strerror}): make it readable") from error
    except UnicodeDecodeError as error:
        raise VisageError(f"{path} is not UTF-8 text: save it as CSV in UTF-8") from error


def _read_parquet(path: Path, renamed: Mapping[str, str], separator: str, key: str) -> Iterator[Row]:
    import pyarrow
    from pyarrow.parquet import ParquetFile

    try:
        with closing(ParquetFile(path)) as file:
            used = _used(path, file.schema_arrow.names, renamed, key)
            for batch in file.iter_batches(_ROWS_A_BATCH, columns=sorted(set(used.values()))):
                for row in batch.to_pylist():
                    yield {column: _text(row[name]) for column, name in used.items()}
    except (pyarrow.ArrowException, OSError) as error:
        reason = str(error).partition("\n")[0].rstrip(". ")
        raise VisageError(f"{path} is cut off or no Parquet file ({reason}): write it again") from error


def _text(value: Any) -> str:
    """What a CSV would hold; pandas makes floats of whole numbers, and nan, where a column has gaps."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _used(path: Path, header: Sequence[str], renamed: Mapping[str, str], key: str) -> dict[str, str]:
    """Standard column to this file's, for those that the file has."""
    if len(header) == 1 and (found := set(";\t|") & set(header[0])):
        raise VisageError(f"{path} has one column alone, {header[0]!r}: say {key}.separator: {min(found)!r}")
    used = {}
    for column in COLUMNS:
        name = renamed.get(column, column)
        if name in header:
            # A column that stands for another one is not also itself.
            if column in renamed or name not in renamed.values():
                used[column] = name
        elif column in renamed:
            raise VisageError(f"{path} has no column {name!r}, which {key}.columns.{column} names; {_has(header)}")
    if "picture" not in used:
        raise VisageError(
            f"{path} has no column 'picture': say in {key}.columns.picture which one holds the pictures' paths; "
            f"{_has(header)}"
        )
    for name in used.values():
        if header.count(name) > 1:
            raise VisageError(f"{path} has the column {name!r} twice: rename one")
    return used


def _has(header: Sequence[str]) -> str:
    return f"it has {', '.join(header)}" if any(header) else "it is empty"
