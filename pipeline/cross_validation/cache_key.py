"""What the models of a cross-validation and their answers depend on, besides fold and seed, as a short text.

Limits of the gate and of the data's validation, who prepares the data, and when a training is saved change no answer.
"""

import hashlib
import json
from collections.abc import Sequence

import keras
import tensorflow as tf

from components.face_example_gen.prepare import archive_digest
from components.trainer.component import pin_files
from pipeline.config.schema import PipelineConfig
from visage.faces.settings import SplitSettings
from visage.source_digest import TRAINING_CODE, source_digest

_CODE = {*TRAINING_CODE, "components.face_example_gen", "components.trainer", "pipeline.cross_validation"}


def key_of(config: PipelineConfig, splits: Sequence[SplitSettings]) -> str:
    """A short text that differs where data, settings, files, code, Keras or TensorFlow do.

    Args:
        config: the recipe.
        splits: of the folds.

    Raises:
        VisageError: the folder with the archives is not there.
    """
    data = config.face_example_gen_settings().data
    _, files = pin_files(config.trainer, config.alignment)
    what = {
        "data": [(source, archive_digest(data, source)) for source in data.sources],
        "cleaning": config.cleaning.model_dump(mode="json"),
        "alignment": config.alignment.model_dump(mode="json"),
        "split": splits[0].model_dump(mode="json", exclude={"fold"}),
        # No setting says how many the published ones are: who asks for fewer than there are is to be refused.
        "folds": len(splits),
        "trainer": config.trainer.model_dump(mode="json", exclude={"seed", "checkpoint_steps"}),
        "files": files,
        "code": source_digest(*_CODE),
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
    }
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:16]
