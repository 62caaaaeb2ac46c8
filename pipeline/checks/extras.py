"""Checks that the extras of a recipe are installed, before anything is drawn, read or imported."""

from pipeline.config.schema import PipelineConfig
from visage.extras import check_installed


def check_detector(config: PipelineConfig) -> None:
    """Checks that the package of the face detector is installed.

    Raises:
        VisageError: it is not installed.
    """
    check_installed(config.alignment.detector, "alignment.detector")


def check_extras(config: PipelineConfig) -> None:
    """Checks that the packages of the face detector and of the first weights are installed.

    Raises:
        VisageError: one is not installed.
    """
    check_detector(config)
    check_installed(config.trainer.weights, "trainer.weights")
