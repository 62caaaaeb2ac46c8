"""The work of StatisticsGen: TFX's own, in a folder of any name."""

from tfx.components.statistics_gen import executor

from components.artifact_aliases import UnderAliases


class Executor(UnderAliases, executor.Executor):
    """TFX's executor, which takes the uris of its artifacts for patterns."""
