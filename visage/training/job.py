"""Describes one training completely, so that the other machines of a cluster can take part in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import tensorflow as tf

from visage.data.settings import SuspectLabels
from visage.errors import VisageError
from visage.files import write_atomically
from visage.saved_model.training_history import PhaseHistory
from visage.training.batches import Split, open_split
from visage.training.checkpoint import Checkpoint, training_key
from visage.training.known_labels import check_labels
from visage.training.settings import TrainerSettings
from visage.training.suspects.table import SuspectTable
from visage.training.train import train

_FILE = "job.json"


@dataclass(frozen=True)
class Trained:
    """The result of a job.

    Attributes:
        network: trained, as `train` returns it.
        checkpoint: the state of the training; remove it when the network is written.
        faces: number of records of the split `train`.
        val_split: the records that chose the best epoch.
        history: the metrics of each epoch, by phase.
        judged: the labels of the split `train`, and which look wrong; None: they were not judged.
    """

    network: keras.Model
    checkpoint: Checkpoint
    faces: int
    val_split: Split
    history: Sequence[PhaseHistory]
    judged: SuspectTable | None = None


@dataclass(frozen=True)
class Job:
    """The inputs of a training.

    Attributes:
        train_files: globs of gzip TFRecords to learn from.
        val_files: globs of those to choose the best epoch by.
        settings: the recipe, as JSON.
        code: `source_digest` of the training code.
        checkpoint_dir: folder that keeps the states of trainings; every machine must reach it.
        base_model: SavedModel that was pushed last, if the recipe starts from it.
        suspect_labels: what becomes of training labels that look wrong; "keep": none is judged.
    """

    train_files: list[str]
    val_files: list[str]
    settings: str
    code: str
    checkpoint_dir: str
    base_model: str | None
    suspect_labels: SuspectLabels = "keep"

    @contextmanager
    def announced(self) -> Iterator[None]:
        """Writes the job to where the other machines look for it, for the duration of the `with` block.

        Raises:
            VisageError: it cannot be written.
        """
        file = Path(self.checkpoint_dir) / _FILE
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, json.dumps(asdict(self)))
        try:
            yield
        finally:
            file.unlink(missing_ok=True)

    def run(self, strategy: tf.distribute.Strategy, log_dir: str) -> Trained:
        """Trains the network.

        Raises:
            VisageError: a split is empty, unreadable or without labels that the network learns, machines do not train
                the same, or `train` fails.
        """
        settings = TrainerSettings.model_validate_json(self.settings)
        train_split = open_split("train", self.train_files)
        val_split = open_split("val", self.val_files)
        check_labels(train_split, val_split, settings)
        key = training_key(settings, self.code, [train_split, val_split], self.suspect_labels)
        _check_agreement(key, strategy)
        checkpoint = Checkpoint(Path(self.checkpoint_dir) / key)
        history: list[PhaseHistory] = []
        judged: list[SuspectTable] = []
        network = train(
            train_split,
            val_split,
            settings,
            log_dir,
            strategy,
            checkpoint,
            self.base_model,
            history=history,
            suspect_labels=self.suspect_labels,
            on_judged=judged.append,
        )
        return Trained(network, checkpoint, train_split.size, val_split, history, judged[0] if judged else None)


def read_job(checkpoint_dir: Path) -> Job | None:
    """Returns the job that was last announced there; None if there is none."""
    try:
        return Job(**json.loads((checkpoint_dir / _FILE).read_text()))
    except FileNotFoundError:
        return None


def _check_agreement(key: str, strategy: tf.distribute.Strategy) -> None:
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return
    # An int64 holds 15 hexadecimal digits.
    keys = strategy.gather(strategy.run(lambda: tf.constant([int(key[:15], 16)], tf.int64)), axis=0)
    if len(set(keys.numpy())) > 1:
        raise VisageError(
            "the machines that TF_CONFIG names do not train the same: settings, records or code differ; start the "
            "workers again, with this version of the code"
        )
