"""The Trainer: TFX's own component, given a recipe."""

from __future__ import annotations

from tfx import types
from tfx.components.trainer.component import Trainer
from tfx.proto import trainer_pb2

from components.faces.settings import AlignmentSettings
from components.source_digest import source_digest
from components.trainer.settings import TrainerSettings
from components.trainer.training_code import TRAINING_CODE


def create_trainer(
    examples: types.BaseChannel,
    settings: TrainerSettings,
    alignment: AlignmentSettings,
    checkpoint_dir: str,
    starting_model: types.BaseChannel | None = None,
) -> Trainer:
    """A Trainer that learns from the split `train` and chooses its best epoch by the split `val`.

    Args:
        examples: channel of Examples, as FaceExampleGen writes them.
        settings: network and training.
        alignment: how the crops of `examples` were made; the model aligns photos alike.
        checkpoint_dir: folder in which a training leaves how far it has come, for the next try at it.
        starting_model: channel of the Model whose weights are the first, where the recipe says `weights: blessed`.

    Returns:
        A component with the outputs `model` and `model_run`.
    """
    return Trainer(
        examples=examples,
        base_model=starting_model,
        run_fn="components.trainer.executor.run_fn",
        train_args=trainer_pb2.TrainArgs(splits=["train"]),
        eval_args=trainer_pb2.EvalArgs(splits=["val"]),
        custom_config={
            "settings": settings.model_dump_json(),
            "alignment": alignment.model_dump_json(),
            "checkpoint_dir": checkpoint_dir,
            # Another version of the code must miss the cache.
            "code": source_digest(*TRAINING_CODE),
        },
    )
