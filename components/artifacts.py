"""Artifact types of VisAge, registered in ML Metadata under the names below."""

from tfx.types.artifact import Artifact


class CleaningReport(Artifact):
    """A folder with `cleaning_report.json`: the number of records read, dropped by each rule, and written."""

    TYPE_NAME = "components.CleaningReport"


class ModelCard(Artifact):
    """A folder with `model_card.html` and `model_card.json`."""

    TYPE_NAME = "components.ModelCard"
