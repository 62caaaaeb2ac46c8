"""Predicts the files of a split with several models in Beam, and writes a Parquet file for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import apache_beam as beam

from visage import progress
from visage.data.tfrecords import read_all
from visage.evaluation.predictions.files import write_predictions
from visage.prediction.examples import ExamplesModel, predict_examples


def predict_files(pipeline: beam.Pipeline, files: Sequence[Path], models: Mapping[str, Path], folder: Path) -> None:
    """Adds the prediction of files of serialized records to a Beam pipeline, which writes `folder`/NUMBER.parquet.

    Args:
        pipeline: predicts on its workers.
        files: TFRecord files that FaceExampleGen wrote; one without a record gets no Parquet file.
        models: folders of SavedModels by role.
        folder: exists; for the Parquet files.
    """
    named = [(str(file), str(folder / f"{number:05d}.parquet")) for number, file in enumerate(files)]
    # Without the reshuffling one worker would get all of the files.
    (
        pipeline
        | beam.Create(named)
        | beam.Reshuffle()
        | beam.ParDo(_PredictFile({role: str(model) for role, model in models.items()}))
    )


class _PredictFile(beam.DoFn):
    """Predicts the records of a file with every model."""

    def __init__(self, folders: Mapping[str, str]) -> None:
        super().__init__()
        self._folders = dict(folders)
        self._models: dict[str, ExamplesModel] = {}
        self._done = 0

    def setup(self) -> None:
        """Loads the models, once for all files of a worker."""
        self._models = {role: ExamplesModel(Path(folder)) for role, folder in self._folders.items()}

    def process(self, names: tuple[str, str]) -> Iterator[str]:
        """Reads a file of records, writes the file of their predictions, and yields its path."""
        source, target = names
        records = list(read_all(Path(source)))
        if not records:
            return
        with progress.reworded(self._of_all_files):
            write_predictions(predict_examples(records, self._models), Path(target))
        self._done += len(records)
        yield target

    def _of_all_files(self, step: str, done: int, total: int | None, note: str) -> progress.Report:
        return "predict the test split", self._done + done, total, note
