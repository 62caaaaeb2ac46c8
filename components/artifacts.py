"""Artifact types of our own, known to ML Metadata by the names below."""

from tfx.types.artifact import Artifact


class CleaningReport(Artifact):
    """A folder with `cleaning_report.json`: how many records came in, were dropped by which rule, and went out."""

    TYPE_NAME = "components.CleaningReport"


class ModelCard(Artifact):
    """A folder with `model_card.html` and `model_card.json`."""

    TYPE_NAME = "components.ModelCard"
