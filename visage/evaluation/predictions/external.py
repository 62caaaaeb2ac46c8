"""Reads the predictions of any system from a CSV or Parquet file, as a prediction table.

| column | what |
|---|---|
| `predicted_age` | years |
| `predicted_male` | P(male), 0 to 1 |
| `predicted_gender` | 'female' or 'male', in place of `predicted_male` |
| `age`, `gender` | labels; empty: unknown. An age is a number of years or an age group such as 20-29 |
| `age_group` | an age group such as 20-29, where `age` is empty |
| `race`, `source`, `identity`, `key` | optional |

One predicted column at least and the label of what it predicts are needed. Other columns are refused, so that a typo is
not taken for an unknown label. Files that the Evaluator wrote are read as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from visage.data.age_labels import read_age
from visage.data.labels import GENDERS, RACES, UNKNOWN
from visage.errors import VisageError, quoted
from visage.evaluation.predictions.files import from_arrow
from visage.evaluation.predictions.table import CANDIDATE, ModelOutputs, PredictionTable, Truths
from visage.names import did_you_mean

_PREDICTED = ("predicted_age", "predicted_male", "predicted_gender")
_COLUMNS = (*_PREDICTED, "age", "gender", "age_group", "race", "source", "identity", "key")
# A column of the Evaluator's files alone.
_OURS = "image_digest"


def read_external(path: Path) -> PredictionTable:
    """Reads a file of predictions.

    Args:
        path: a CSV file with a header, in UTF-8, or a Parquet file (`.parquet`).

    Returns:
        The table, with the system as the candidate.

    Raises:
        VisageError: the file cannot be read, a column is unknown or missing, or a value is invalid.
    """
    table = _read(path)
    if _OURS in table.column_names:
        return _ours(path, table)
    _check_columns(path, table.column_names)
    if not len(table):
        raise VisageError(f"{path}: holds no row; give one row for each face")
    columns = _Columns(path, table)
    male = columns.numbers("predicted_male", 0, 1)
    predicted_gender = columns.choice("predicted_gender", GENDERS)
    named = None
    if predicted_gender is not None:
        named = np.where(predicted_gender == UNKNOWN, np.nan, predicted_gender == "male").astype(np.float32)
    count = len(table)
    unknown = np.full(count, UNKNOWN)
    labels = columns.age_labels("age", exact=True)
    # An age beside its group is the more precise of the two.
    labels = np.where(np.isnan(labels), columns.age_labels("age_group", exact=False), labels)
    numbers = np.array([f"row {number}" for number in range(2, count + 2)])
    truths = Truths(
        key=columns.texts("key", numbers),
        image_digest=np.full(count, ""),
        identity=columns.texts("identity", unknown),
        source=columns.texts("source", np.full(count, path.stem)),
        gender=_or(columns.choice("gender", GENDERS), unknown),
        race=_or(columns.choice("race", RACES), unknown),
        age_low=labels[:, 0],
        age_high=labels[:, 1],
        apparent_age=np.full((count, 2), np.nan, np.float32),
    )
    outputs = ModelOutputs(columns.numbers("predicted_age", -50, 200), gender_probability=male, gender=named)
    return PredictionTable(truths, {CANDIDATE: outputs})


def _read(path: Path) -> pa.Table:
    try:
        # An open file, because Arrow takes no name that is not UTF-8.
        with path.open("rb") as file:
            return _parsed(file, path.suffix.lower())
    except FileNotFoundError:
        raise VisageError(f"{path}: does not exist; give a CSV or Parquet file of predictions, or a model") from None
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise VisageError(f"{path}: cannot be read ({reason}); give a CSV in UTF-8 or a Parquet file") from None


def _parsed(file: BinaryIO, ending: str) -> pa.Table:
    if ending == ".parquet":
        table = pq.read_table(file)
        # Texts that are not UTF-8 are found here, in one line.
        table.validate(full=True)
        return table
    # As texts: a column of identities may look like numbers.
    options = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(_COLUMNS, pa.string()), strings_can_be_null=False)
    return pyarrow.csv.read_csv(file, convert_options=options)


def _ours(path: Path, table: pa.Table) -> PredictionTable:
    try:
        found = from_arrow(table)
    except (KeyError, TypeError, ValueError) as error:
        raise VisageError(
            f"{path}: is no prediction table of this version ({error}); evaluate the model again"
        ) from None
    if CANDIDATE not in found.outputs or not len(found):
        raise VisageError(f"{path}: holds no predictions of a candidate; evaluate the model again")
    return found


def _check_columns(path: Path, names: list[str]) -> None:
    for name in names:
        if name not in _COLUMNS:
            hint = did_you_mean(name, _COLUMNS) or f"columns are {', '.join(_COLUMNS)}"
            raise VisageError(f"{path}: column {quoted(name)} is unknown; {hint}")
    if len(set(names)) < len(names):
        raise VisageError(f"{path}: a column is named twice; remove one")
    age = "predicted_age" in names and ("age" in names or "age_group" in names)
    gender = ("predicted_male" in names or "predicted_gender" in names) and "gender" in names
    if not (age or gender):
        raise VisageError(
            f"{path}: nothing to compare; give predicted_age with age, or predicted_male or predicted_gender with "
            "gender"
        )


class _Columns:
    """The columns of a file; empty cells and nulls are unknown."""

    def __init__(self, path: Path, table: pa.Table) -> None:
        self._path = path
        self._table = table

    def texts(self, name: str, default: np.ndarray) -> np.ndarray:
        """Returns a column as texts, string [n]; `default` where it is missing or empty."""
        cells = self._cells(name)
        return default if cells is None else np.where(cells == "", default, cells)

    def numbers(self, name: str, low: float, high: float) -> np.ndarray | None:
        """Returns a column of numbers, float32 [n], NaN where unknown; None without the column."""

        def number(cell: str) -> float:
            value = float(cell)
            if not (np.isnan(value) or low <= value <= high):
                raise ValueError
            return value

        return self._converted(name, number, np.nan, np.float32, f"must be a number from {low:g} to {high:g}")

    def age_labels(self, name: str, exact: bool) -> np.ndarray:
        """Returns a column of ages, lowest and highest age in years, float32 [n, 2], NaN where unknown.

        Args:
            name: of the column; without it all are unknown.
            exact: whether a number of years is a label, not an age group alone.
        """

        def bounds(cell: str) -> tuple[float, float]:
            label = read_age(cell)
            if label is None or not 0 <= label.low <= label.high <= 150 or (label.age is not None and not exact):
                raise ValueError
            return label.low, label.high

        nothing = (np.nan, np.nan)
        kinds = "years from 0 to 150, or an age group such as 20-29" if exact else "an age group such as 20-29"
        found = self._converted(name, bounds, nothing, np.float32, f"must be {kinds}")
        return np.full((len(self._table), 2), np.nan, np.float32) if found is None else found.reshape(-1, 2)

    def choice(self, name: str, allowed: tuple[str, ...]) -> np.ndarray | None:
        """Returns a column of names, string [n], 'unknown' where empty; None without the column."""

        def known(cell: str) -> str:
            if cell not in (*allowed, UNKNOWN):
                raise ValueError
            return cell

        return self._converted(name, known, UNKNOWN, str, f"must be one of {', '.join(allowed)}, or empty")

    def _cells(self, name: str) -> np.ndarray | None:
        if name not in self._table.column_names:
            return None
        cells = self._table.column(name).to_pylist()
        return np.array(["" if cell is None else str(cell).strip() for cell in cells], str)

    def _converted(
        self, name: str, convert: Callable[[str], Any], unknown: Any, kind: Any, rule: str
    ) -> np.ndarray | None:
        cells = self._cells(name)
        if cells is None:
            return None
        converted = []
        for number, cell in enumerate(cells.tolist(), start=2):
            try:
                converted.append(unknown if cell == "" else convert(cell))
            except ValueError:
                raise VisageError(f"{self._path}, row {number}: {name} {rule}, not {quoted(cell)}") from None
        return np.array(converted, kind)


def _or(values: np.ndarray | None, default: np.ndarray) -> np.ndarray:
    return default if values is None else values
