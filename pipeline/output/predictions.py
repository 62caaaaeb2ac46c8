"""Prints predictions of photos as they are made: as a table, as CSV, or as one document of JSON."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, Protocol

import click
from rich.cells import cell_len

from visage.prediction.age_span import age_span
from visage.prediction.photos import FacePrediction, PhotoPrediction

_NONE = "-"
# Widths of all columns but the first and the last.
_WIDTHS = {"face": 4, "age": 8, "80 % span": 9, "gender": 12}
_CSV_COLUMNS = (
    "file", "face", "age", "age_deviation", "age_low", "age_high", "age_group", "gender", "gender_probability",
    "score", "x0", "y0", "x1", "y1",
)  # fmt: skip


class Writer(Protocol):
    """Prints predictions."""

    def add(self, prediction: PhotoPrediction) -> None:
        """Takes the prediction of the next photo."""

    def end(self) -> None:
        """Ends the output."""


class TableWriter:
    """A row for each face, in aligned columns; before the first one the model, with a warning if there is one."""

    def __init__(self, stream: IO[str], paths: Sequence[str]) -> None:
        """Takes the paths of all photos, which the first column must hold."""
        self._stream = stream
        self._file_width = max((cell_len(_on_one_line(path)) for path in paths), default=0)
        self._is_begun = False

    def add(self, prediction: PhotoPrediction) -> None:
        """Prints the rows of a photo."""
        if prediction.model is not None and not self._is_begun:
            for line in prediction.model.lines():
                click.echo(line, file=self._stream)
            self._print("file", [*_WIDTHS], "face at")
            self._is_begun = True
        for number, face in enumerate(prediction.faces, start=1):
            span = _NONE if face.age_probabilities is None else "-".join(map(str, age_span(face.age_probabilities)))
            box = ", ".join(f"{side:.0f}" for side in face.box)
            self._print(_on_one_line(prediction.path), [str(number), _age(face), span, _gender(face)], box)

    def end(self) -> None:
        """Does nothing: every row is complete."""

    def _print(self, path: str, cells: Sequence[str], box: str) -> None:
        file = path + " " * (self._file_width - cell_len(path))
        columns = [cell.ljust(width) for cell, width in zip(cells, _WIDTHS.values(), strict=True)]
        click.echo("  ".join([file, *columns, box]), file=self._stream)


class CsvWriter:
    """A row for each face: ages in years, probabilities 0..1 (that of the gender is P(male)), boxes in pixels."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._print(_CSV_COLUMNS)

    def add(self, prediction: PhotoPrediction) -> None:
        """Prints the rows of a photo."""
        for number, face in enumerate(prediction.faces, start=1):
            low, high = age_span(face.age_probabilities) if face.age_probabilities else (None, None)
            age = (face.age, face.age_deviation, low, high, face.age_group)
            gender = (face.gender, face.gender_probability)
            self._print((prediction.path, number, *age, *gender, face.score, *face.box))

    def end(self) -> None:
        """Does nothing: every row is complete."""

    def _print(self, values: Sequence[Any]) -> None:
        row = io.StringIO()
        csv.writer(row, lineterminator="\n").writerow(values)
        click.echo(row.getvalue(), nl=False, file=self._stream)


class JsonWriter:
    """A list of all predictions, the problems among them, when the last one is made."""

    def __init__(self, show: Callable[[list[dict[str, Any]]], None], config: Path | None) -> None:
        """Takes what prints the list, and the configuration that chose the model, which the model's identity shows."""
        self._show = show
        self._config = config
        self._documents: list[dict[str, Any]] = []

    def add(self, prediction: PhotoPrediction) -> None:
        """Keeps the prediction."""
        fields = asdict(prediction)
        if fields["model"] is not None:
            fields["model"]["config"] = self._config
        self._documents.append(fields)

    def end(self) -> None:
        """Prints the list."""
        self._show(self._documents)


def identity_lines(prediction: PhotoPrediction) -> Iterator[str]:
    """Yields the model of a prediction and its warning."""
    if prediction.model is not None:
        yield from prediction.model.lines()


def _on_one_line(path: str) -> str:
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in path)


def _age(face: FacePrediction) -> str:
    return _NONE if face.age is None else f"{face.age:.0f} ± {face.age_deviation:.0f}"


def _gender(face: FacePrediction) -> str:
    if face.gender_probability is None:
        return _NONE
    return f"{face.gender} {max(face.gender_probability, 1 - face.gender_probability):.0%}"
