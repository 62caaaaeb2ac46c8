"""Computes the cache key of a cross-validation's runs, besides fold and seed.

It leaves out what changes no prediction: limits of the gate and of the validation, workers, `checkpoint_steps`.
"""

import hashlib
import json
from collections.abc import Sequence

import keras
import tensorflow as tf

from components.face_example_gen.prepare import archive_digests
from pipeline.config.schema import PipelineConfig
from visage.data.settings import SplitSettings
from visage.source_digest import TRAINING_CODE, source_digest
from visage.training.pin_files import pin_files

_CODE = {*TRAINING_CODE, "components.face_example_gen", "components.trainer", "pipeline.cross_validation"}


def cache_key(config: PipelineConfig, splits: Sequence[SplitSettings]) -> str:
    """Returns a short text that depends on data, settings, files, code, Keras and TensorFlow.

    Args:
        config: the recipe.
        splits: of the folds.

    Raises:
        VisageError: the folder with the archives does not exist.
    """
    _, files = pin_files(config.trainer, config.alignment)
    what = {
        "data": list(archive_digests(config.face_example_gen_settings()).items()),
        "cleaning": config.cleaning.model_dump(mode="json"),
        "alignment": config.alignment.model_dump(mode="json"),
        "split": splits[0].model_dump(mode="json", exclude={"fold"}),
        # No setting has the number of published folds; a smaller --folds must reach the check that rejects it.
        "folds": len(splits),
        "trainer": config.trainer.model_dump(mode="json", exclude={"seed", "checkpoint_steps"}),
        "files": files,
        "code": source_digest(*_CODE),
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
    }
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:16]
