"""A labels file, CSV or Parquet, as rows of texts under standard column names; and the images inside Parquet.

Parquet is read in batches, and images apart from labels, so that the images in memory are those of one page of the file
(at most 1,024 as Arrow writes them, 100 of Hugging Face's). A column of images holds `bytes`, or structs
`{bytes, path}` as Hugging Face's `datasets` writes them. The names of its classes (`ClassLabel`) are read from the
file's metadata.
"""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfds_builders.labelled_folder.header import Reading, used_columns
from tfds_builders.near_files import near_files
from tfds_builders.unknown import is_unknown
from visage.errors import VisageError, quoted, shortened

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

STANDARD_FILES = ("labels.csv", "labels.parquet")
_ROWS_A_BATCH = 10_000
_IMAGES_A_BATCH = 64
_CHUNK = 2**20
# What to write in columns where a number says nothing.
_NO_NUMBERS = {"gender": "words", "race": "words", "age_group": "ranges such as 20-29"}

Row = dict[str, str] | None
"""Standard column to text; None where the row has more or fewer fields than the header."""


def find_folder(archives: Path, name: str) -> Path:
    """Returns the folder with the labels file.

    Raises:
        VisageError: there is no such folder.
    """
    folder = archives / name
    if not folder.is_dir():
        raise VisageError(
            f"no folder {name}/ in {archives}: {near_files(archives, [name])}"
            "put it there, with its labels file and images"
        )
    return folder


def find_labels_files(folder: Path, name: str | None, key: str) -> list[Path]:
    """Returns the labels files of a folder, in the order of their names.

    Args:
        folder: the labelled folder.
        name: of the labels file, or a pattern such as data/train-*.parquet; None: labels.csv or labels.parquet.
        key: configuration key of the folder's settings, for messages.

    Raises:
        VisageError: there is no labels file, or two, or the pattern is invalid.
    """
    wanted = (name,) if name else STANDARD_FILES
    found = [path for path in (folder / file for file in wanted) if path.is_file()]
    if name and not found and "*" in name:
        try:
            found = sorted(path for path in folder.glob(name) if path.is_file())
        except ValueError:
            raise VisageError(
                f"{key}.labels: {quoted(name)} is no pattern of files: write * for a part of a name, **/ for folders"
            ) from None
    if not found:
        raise VisageError(
            f"no {' or '.join(wanted)} in {folder}: {near_files(folder, wanted)}put it there, or name the file "
            f"with the labels in {key}.labels"
        )
    if not name and len(found) > 1:
        raise VisageError(f"{folder} holds {' and '.join(STANDARD_FILES)}: name one of them in {key}.labels")
    return found


def check_labels_file(path: Path, reading: Reading) -> list[str]:
    """Checks the header of a labels file, and that a CSV is UTF-8 throughout; imports no TensorFlow.

    Returns:
        The standard columns that it has.

    Raises:
        VisageError: as `read_labels_file`, except for unbalanced quotes.
    """
    if _is_parquet(path):
        with _parquet(path) as file:
            return list(_parquet_columns(path, file, reading))
    with _reading_csv(path), path.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file, delimiter=reading.separator, strict=True)
        used = used_columns(path, _csv_header(path, lines, reading), reading)
        while file.read(_CHUNK):
            pass
    return list(used)


def read_labels_file(path: Path, reading: Reading) -> Iterator[Row]:
    """Reads a labels file row by row: Parquet if its name ends so, else CSV in UTF-8.

    Raises:
        VisageError: the file cannot be read, is not of its format, its separator is wrong, a column is missing or
            doubled, has a type that holds no labels, or has nearly the name of a standard one.
    """
    yield from (_read_parquet if _is_parquet(path) else _read_csv)(path, reading)


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() == ".parquet"


def _read_csv(path: Path, reading: Reading) -> Iterator[Row]:
    with _reading_csv(path), path.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file, delimiter=reading.separator, strict=True)
        header = _csv_header(path, lines, reading)
        places = {column: header.index(name) for column, name in used_columns(path, header, reading).items()}
        try:
            for fields in filter(None, lines):
                whole = len(fields) == len(header)
                yield {column: fields[place] for column, place in places.items()} if whole else None
        except csv.Error as error:
            raise _quotes_do_not_match(path, lines, error, reading) from error


def _csv_header(path: Path, lines: Any, reading: Reading) -> list[str]:
    try:
        return next(lines, [])
    except csv.Error as error:
        raise _quotes_do_not_match(path, lines, error, reading) from error


def _quotes_do_not_match(path: Path, lines: Any, error: csv.Error, reading: Reading) -> VisageError:
    return VisageError(
        f"{path}, line {lines.line_num}: {error}: fix its quotes, or name the separator in {reading.key}.separator"
    )


@contextmanager
def _reading_csv(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise VisageError(f"{path} is not UTF-8 text{_where_not(path)}: save it as CSV in UTF-8") from error


def _unreadable(path: Path, error: OSError) -> VisageError:
    return VisageError(f"{path}: cannot be read ({error.strerror}): make it readable")


def _where_not(path: Path) -> str:
    """Returns the line of a file that is not UTF-8 and its first wrong byte, as text."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                return f" (line {number}, byte 0x{line[error.start]:02x})"
    return ""


@contextmanager
def _parquet(path: Path) -> Iterator["ParquetFile"]:
    import pyarrow
    from pyarrow.parquet import ParquetFile

    try:
        # Without a buffer, the whole column of a row group would be in memory.
        with closing(ParquetFile(path, buffer_size=_CHUNK)) as file:
            yield file
    except (pyarrow.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise _unreadable(path, error) from error
        reason = shortened(str(error).partition("\n")[0].rstrip(". "))
        raise VisageError(f"{path}: truncated or not a Parquet file ({reason}): write it again") from error
    except UnicodeDecodeError as error:
        raise VisageError(f"{path}: a text in it is not UTF-8 ({error.reason}): write it again") from error


def _read_parquet(path: Path, reading: Reading) -> Iterator[Row]:
    with _parquet(path) as file:
        used = _parquet_columns(path, file, reading)
        if _image_kind(file, used) is not None:
            del used["image"]
        classes = _classes(file)
        if not used:
            yield from ({} for _ in range(file.metadata.num_rows))
            return
        for batch in file.iter_batches(_ROWS_A_BATCH, columns=sorted(set(used.values()))):
            for row in batch.to_pylist():
                yield {column: _text(row[name], classes.get(name)) for column, name in used.items()}


def holds_images(path: Path, reading: Reading) -> bool:
    """Returns whether a labels file holds the images themselves; the texts of its rows then have no `image`.

    Raises:
        VisageError: as `read_labels_file`.
    """
    if not _is_parquet(path):
        return False
    with _parquet(path) as file:
        return _image_kind(file, _parquet_columns(path, file, reading)) is not None


def read_images(path: Path, reading: Reading) -> Iterator[bytes]:
    """Yields the image of each row of a Parquet file that holds them; empty where a row has none.

    Raises:
        VisageError: the file is damaged.
    """
    with _parquet(path) as file:
        name = _parquet_columns(path, file, reading)["image"]
        kind = _image_kind(file, {"image": name})
        for batch in file.iter_batches(_IMAGES_A_BATCH, columns=[f"{name}.bytes" if kind == "struct" else name]):
            for image in batch.column(0).to_pylist():
                found = image["bytes"] if isinstance(image, dict) else image
                yield found or b""


def _image_kind(file: "ParquetFile", used: Mapping[str, str]) -> str | None:
    """Returns 'bytes' or 'struct' where the column of images holds them; None where it holds paths."""
    from pyarrow import types

    kind = file.schema_arrow.field(used["image"]).type
    if types.is_binary(kind) or types.is_large_binary(kind):
        return "bytes"
    if types.is_struct(kind):
        place = kind.get_field_index("bytes")
        inner = kind[place].type if place >= 0 else None
        if inner is not None and (types.is_binary(inner) or types.is_large_binary(inner)):
            return "struct"
    return None


def _classes(file: "ParquetFile") -> dict[str, list[str]]:
    """Returns the names of the classes of each column that Hugging Face's `datasets` wrote as numbers."""
    written = (file.schema_arrow.metadata or {}).get(b"huggingface", b"{}")
    try:
        features = json.loads(written)["info"]["features"].items()
        return {name: list(map(str, one["names"])) for name, one in features if one.get("_type") == "ClassLabel"}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _parquet_columns(path: Path, file: "ParquetFile", reading: Reading) -> dict[str, str]:
    from pyarrow import types

    schema = file.schema_arrow
    used = used_columns(path, schema.names, reading)
    classes = _classes(file)
    for column, name in used.items():
        kind = schema.field(name).type
        kind = kind.value_type if types.is_dictionary(kind) else kind
        if column == "image" and _image_kind(file, used) is not None:
            continue
        if column == "image" and types.is_nested(kind):
            raise VisageError(
                f"{path}: column {quoted(name)} is of type {shortened(str(kind))}: write an image as bytes, as a "
                "struct with bytes, or as the path of a file"
            )
        if not (_is_text(kind) or types.is_integer(kind) or types.is_floating(kind) or types.is_null(kind)):
            raise VisageError(
                f"{path}: column {quoted(name)} is of type {shortened(str(kind))}: write {column} as text or numbers, "
                f"or leave it out with {reading.leaving_out([column])}"
            )
    nameless = {column: name for column, name in used.items() if column in _NO_NUMBERS and name not in classes}
    if numbers := [column for column, name in nameless.items() if _holds_numbers(file, name)]:
        fixes = " and ".join(f"{column} as {_NO_NUMBERS[column]}" for column in numbers)
        age = "; look whether age has years, not such numbers" if "age" in used and used["age"] not in classes else ""
        raise VisageError(
            f"{path}: {' and '.join(quoted(used[column]) for column in numbers)}: numbers without the names of their "
            f"classes: write {fixes}, or leave them out with {reading.leaving_out(numbers)}{age}"
        )
    return used


def _holds_numbers(file: "ParquetFile", name: str) -> bool:
    """Returns whether a column has a number other than -1, which is unknown, as far as the file's statistics say."""
    from pyarrow import types

    kind = file.schema_arrow.field(name).type
    if not (types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)):
        return False
    groups = map(file.metadata.row_group, range(file.num_row_groups))
    chunks = (group.column(number) for group in groups for number in range(group.num_columns))
    found = (chunk.statistics for chunk in chunks if chunk.path_in_schema == name)
    return any(one is not None and one.has_min_max and (one.min, one.max) != (-1, -1) for one in found)


def _is_text(kind: Any) -> bool:
    from pyarrow import types

    return types.is_string(kind) or types.is_large_string(kind) or types.is_decimal(kind)


def _text(value: Any, classes: Sequence[str] | None = None) -> str:
    """Returns the text as a CSV has it; pandas stores integers as floats, and nan, in columns with gaps.

    Args:
        value: of a row.
        classes: names of the classes whose numbers the column holds; -1 is unknown.
    """
    if is_unknown(value):
        return ""
    if classes is not None and isinstance(value, int | float):
        # Never the number itself, which a column of ages would take for years.
        return classes[int(value)] if 0 <= value < len(classes) else "" if value == -1 else f"class {value}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
