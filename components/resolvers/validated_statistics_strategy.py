"""The rule that selects the statistics to compare this run's data with."""

from dataclasses import dataclass

import ml_metadata as mlmd
from tfx.dsl.components.common.resolver import ResolverStrategy
from tfx.dsl.io import fileio
from tfx.types import Artifact

from components.resolvers.lineage import inputs_of_producers

STATISTICS = "statistics"
BASELINE_STATISTICS = "baseline_statistics"
ANOMALIES = "anomalies"
CANDIDATE = "candidate"
SETTINGS = "settings"


@dataclass(frozen=True)
class _Pass:
    """An execution of ExampleValidator that let data pass: ids of its input artifacts, and its settings as JSON."""

    statistics: int
    baseline: int | None
    settings: str


class ValidatedStatisticsStrategy(ResolverStrategy):
    """Selects the statistics of the last run whose data passed ExampleValidator, never the candidate.

    - **Passed**: ExampleValidator completed, i.e. it wrote an `anomalies` artifact or took one from the cache. An
      ExampleValidator that stopped its run wrote none, so drift that was refused once is refused again. One that
      continued because `validation.anomalies` is `warn` counts: its user has accepted the data, and later runs are
      compared with them.
    - **The same data again** (the candidate is the data that passed last) with the same settings: the baseline is the
      one of that run. Nothing has changed, so ExampleValidator and its warnings come from the cache. With other
      settings there is no baseline: the data has passed, perhaps by a limit raised for one run, and has not drifted
      since. So accepted data stays accepted until other data comes.
    """

    def __init__(self, settings: str) -> None:
        """Stores the `ValidationSettings` of this run's ExampleValidator, as JSON."""
        self._settings = settings

    def resolve_artifacts(
        self, store: mlmd.MetadataStore, input_dict: dict[str, list[Artifact]]
    ) -> dict[str, list[Artifact]]:
        """Resolves to one of `statistics`, or to none; the `candidate` is returned unchanged.

        Args:
            store: ML Metadata, which records the inputs of each ExampleValidator.
            input_dict: every `statistics` and `anomalies` of this pipeline so far, and this run's `candidate`.
        """
        statistics = {artifact.id: artifact for artifact in input_dict[STATISTICS] if fileio.exists(artifact.uri)}
        passes = [passed for passed in _passes(store, input_dict[ANOMALIES]) if passed.statistics in statistics]
        baseline = self._baseline(passes, {artifact.id for artifact in input_dict[CANDIDATE]})
        return {**input_dict, STATISTICS: [statistics[baseline]] if baseline in statistics else [], ANOMALIES: []}

    def _baseline(self, passes: list[_Pass], candidates: set[int]) -> int | None:
        if not passes:
            return None
        last = passes[-1]
        if last.statistics not in candidates:
            return last.statistics
        return last.baseline if last.settings == self._settings else None


def _passes(store: mlmd.MetadataStore, anomalies: list[Artifact]) -> list[_Pass]:
    """Returns every execution that let data pass, in order."""
    inputs = inputs_of_producers(store, [artifact.id for artifact in anomalies])
    settings = {
        execution.id: execution.custom_properties[SETTINGS].string_value
        for execution in (store.get_executions_by_id(list(inputs)) if inputs else ())
    }
    return [
        _Pass(given[STATISTICS][0], next(iter(given.get(BASELINE_STATISTICS, ())), None), settings[execution_id])
        for execution_id, given in inputs.items()
        if given.get(STATISTICS)
    ]
