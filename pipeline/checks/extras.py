"""Looks for what a recipe needs beyond the locked packages, before anything is drawn, read or imported."""

from pipeline.config.schema import PipelineConfig
from visage.extras import check_installed


def check_detector(config: PipelineConfig) -> None:
    """Looks for the package of the face detector.

    Raises:
        VisageError: it is not installed.
    """
    check_installed(config.alignment.detector, "alignment.detector")


def check_extras(config: PipelineConfig) -> None:
    """Looks for the packages of the face detector and of the first weights.

    Raises:
        VisageError: one is not installed.
    """
    check_detector(config)
    check_installed(config.trainer.weights, "trainer.weights")
