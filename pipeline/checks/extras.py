"""Checks that the extras of a recipe are installed, before anything is drawn, read or imported."""

from pathlib import Path

from pipeline.config.schema import PipelineConfig
from pipeline.ready import ready_keys
from visage.extras import check_installed
from visage.ready_model.names import EXTRA
from visage.saved_model.pushing.bucket_copy import check_bucket_installed
from visage.saved_model.pushing.signing import check_keys


def check_detector(config: PipelineConfig) -> None:
    """Checks that the package of the face detector is installed.

    Raises:
        VisageError: it is not installed.
    """
    check_installed(config.alignment.detector, "alignment.detector")


def check_extras(config: PipelineConfig) -> None:
    """Checks that the packages of detector, weights, ready model, signature and bucket are installed, and the keys.

    Raises:
        VisageError: one is not installed, or a key is missing.
    """
    check_detector(config)
    keys = config.exports.signing
    if keys.private_key is not None and keys.public_key is not None:
        check_keys(Path(keys.private_key), Path(keys.public_key))
    weights = config.trainer.weights
    for source in weights.values() if isinstance(weights, dict) else (weights,):
        check_installed(source, "trainer.weights")
    for key in ready_keys(config):
        check_installed(EXTRA, key)
    if config.serving.copy_to is not None:
        check_bucket_installed(config.serving.copy_to)
