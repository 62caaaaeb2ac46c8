"""TFX's ExampleValidator with an executor that stops the run where the data is wrong."""

from tfx.components.example_validator import component
from tfx.dsl.components.base import executor_spec

from components.example_validator.executor import Executor


class ExampleValidator(component.ExampleValidator):
    """Compares the statistics of every split with the schema; fails where they do not agree."""

    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)
