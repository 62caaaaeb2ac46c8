"""The executor of the Evaluator: TFX's own, made to work in a folder of any name."""

from tfx.components.evaluator import executor

from components.artifact_aliases import UnderAliases


class Executor(UnderAliases, executor.Executor):
    """TFX's executor, which interprets the URIs of its artifacts as glob patterns."""
