"""Finds the configuration by which a run that has ended is exported."""

from pipeline.config.recorded import read_recorded
from pipeline.config.schema import PipelineConfig
from pipeline.run_record import RunRecord


def configuration_of_run(record: RunRecord | None, given: PipelineConfig) -> PipelineConfig:
    """Returns the configuration of a run, as it recorded it, with the exports and the folder of the given one.

    Args:
        record: of the run; None, or without a configuration: a run of an older version.
        given: configuration of the pipeline today; the run's own where the run recorded none.

    Raises:
        VisageError: another version of VisAge recorded it, with other keys.
    """
    if record is None or record.configuration is None:
        return given
    run = read_recorded(record.configuration, f"run {record.run_id}", "export it with the version that ran it")
    return run.model_copy(update={"exports": given.exports, "name": given.name, "workspace": given.workspace})
