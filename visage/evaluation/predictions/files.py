"""Writes and reads prediction tables as Parquet files.

Columns: those of `Truths`, with `apparent_age_mean` and `apparent_age_std`, and `quality_NAME` for each measure of
quality; then for each model, e.g. the candidate, `candidate_age`, `candidate_age_probabilities` (a list),
`candidate_age_group`, `candidate_gender_probability` and `candidate_gender`, where it has them. Unknown numbers are
null.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from visage.errors import VisageError
from visage.evaluation.predictions.table import BASELINE, CANDIDATE, REFERENCE, ModelOutputs, PredictionTable, Truths
from visage.files import atomic_file

_TEXTS = ("key", "image_digest", "identity", "source", "gender", "race")
_AGE_LABEL = ("age_low", "age_high")
_APPARENT = ("apparent_age_mean", "apparent_age_std")
_QUALITY = "quality_"
_OUTPUTS = ("age", "age_probabilities", "age_group", "gender_probability", "gender")


def to_arrow(table: PredictionTable) -> pa.Table:
    """Returns the table in Arrow's form, a row for each record."""
    truths = table.truths
    columns: dict[str, pa.Array] = {name: pa.array(getattr(truths, name), pa.string()) for name in _TEXTS}
    columns |= {name: _numbers(getattr(truths, name)) for name in _AGE_LABEL}
    columns |= {name: _numbers(truths.apparent_age[:, place]) for place, name in enumerate(_APPARENT)}
    columns |= {f"{_QUALITY}{name}": _numbers(values) for name, values in truths.quality.items()}
    for role, outputs in table.outputs.items():
        for name in _OUTPUTS:
            values = getattr(outputs, name)
            if values is not None:
                columns[f"{role}_{name}"] = _lists(values) if values.ndim == 2 else pa.array(values, pa.float32())
    return pa.table(columns)


def _numbers(values: np.ndarray) -> pa.Array:
    return pa.array(values, pa.float32(), mask=np.isnan(values))


def _lists(values: np.ndarray) -> pa.Array:
    flat = pa.array(np.ascontiguousarray(values).reshape(-1), pa.float32())
    return pa.FixedSizeListArray.from_arrays(flat, values.shape[1])


def from_arrow(table: pa.Table) -> PredictionTable:
    """Returns the table that `to_arrow` converted.

    Raises:
        KeyError: a column is missing; tables of earlier versions lack those of the age label.
    """

    def numbers(name: str) -> np.ndarray:
        return table.column(name).to_numpy().astype(np.float32)

    names = table.column_names
    truths = Truths(
        **{name: np.array(table.column(name).to_pylist(), str) for name in _TEXTS},
        **{name: numbers(name) for name in _AGE_LABEL},
        apparent_age=np.stack([numbers(name) for name in _APPARENT], axis=1),
        quality={name.removeprefix(_QUALITY): numbers(name) for name in names if name.startswith(_QUALITY)},
    )
    outputs: dict[str, dict[str, np.ndarray]] = {}
    for name, role, output in _output_columns(names):
        column = table.column(name).combine_chunks()
        if pa.types.is_fixed_size_list(column.type):
            values = column.flatten().to_numpy(zero_copy_only=False).reshape(len(table), column.type.list_size)
        else:
            values = column.to_numpy(zero_copy_only=False)
        outputs.setdefault(role, {})[output] = values
    return PredictionTable(truths, {role: ModelOutputs(**arrays) for role, arrays in outputs.items()})


def _output_columns(names: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Yields column, role and output of the columns with outputs."""
    for role in (CANDIDATE, BASELINE, REFERENCE):
        for output in _OUTPUTS:
            if (name := f"{role}_{output}") in names:
                yield name, role, output


def write_predictions(table: PredictionTable, path: Path) -> None:
    """Writes a table to a Parquet file, whole or not at all.

    Raises:
        OSError: the folder is missing, not writable, or full.
    """
    with atomic_file(path) as partial:
        pq.write_table(to_arrow(table), partial)


def read_predictions(paths: Sequence[Path]) -> PredictionTable:
    """Reads the files of one table, in the order of the records' keys.

    Args:
        paths: one at least, with the same columns.

    Raises:
        VisageError: an earlier version wrote them.
    """
    tables = [pq.read_table(path) for path in paths]
    try:
        return from_arrow(pa.concat_tables([each for each in tables if len(each)] or tables[:1])).in_order_of_keys()
    except KeyError as error:
        raise VisageError(
            f"{paths[0]}: is no prediction table of this version ({error.args[0]}); evaluate the model again"
        ) from None
