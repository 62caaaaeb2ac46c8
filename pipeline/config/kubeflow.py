"""Settings of Kubeflow, as they stand in the configuration file."""

from pydantic import Field

from pipeline.stages import Grouping
from visage.settings import Settings


class KubeflowSettings(Settings):
    """How Kubeflow runs the pipeline."""

    image: str = Field("visage:latest", min_length=1, description="container image with this project installed")
    tasks: Grouping = Field("stages", description="a task for each stage (data, train, judge, push), or for each node")
