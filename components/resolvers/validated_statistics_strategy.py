"""Which data this run's data is compared with."""

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
    """One ExampleValidator that let data pass: ids of the artifacts that went in, and its settings as JSON."""

    statistics: int
    baseline: int | None
    settings: str


class ValidatedStatisticsStrategy(ResolverStrategy):
    """The statistics of the last run whose data passed ExampleValidator, never the candidate itself.

    - **Passed** is an ExampleValidator that completed, i.e. left an `anomalies` artifact, by itself or from the cache.
      One that stopped its run left none: drift that was refused once is refused again. One that let anomalies pass
      because `validation.anomalies` is `warn` counts: whoever says so accepts the data, and later runs are compared
      with them.
    - **The same data again** (the candidate is the data that passed last) with the same settings get the baseline that
      they had then: nothing has changed, so ExampleValidator and its warnings come from the cache. With other settings
      there is no baseline: those data were let pass, by a limit raised for one run perhaps, and have not drifted since.
      So accepted once is accepted, until other data come.
    """

    def __init__(self, settings: str) -> None:
        """Takes the `ValidationSettings` of this run's ExampleValidator as JSON."""
        self._settings = settings

    def resolve_artifacts(
        self, store: mlmd.MetadataStore, input_dict: dict[str, list[Artifact]]
    ) -> dict[str, list[Artifact]]:
        """Resolves to one of `statistics`, or to none; the `candidate` passes through.

        Args:
            store: ML Metadata, which knows what each ExampleValidator compared.
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
    """Every time that data passed, in order."""
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
