"""Makes the configured exports of a run; each can be made again."""

from collections.abc import Callable

from pipeline.config.schema import PipelineConfig
from pipeline.exports.ml_bom import export_ml_bom
from pipeline.exports.mlflow import export_mlflow
from pipeline.exports.openlineage import export_openlineage
from pipeline.exports.run import ExportedRun, read_exported_run
from pipeline.output.console import error_line, log_traceback
from pipeline.results import ExportResult

EXPORTS: dict[str, Callable[[ExportedRun], str]] = {
    # MLflow takes the file of the ML-BOM along.
    "ml_bom": export_ml_bom,
    "openlineage": export_openlineage,
    "mlflow": export_mlflow,
}
"""By their key in `exports` of the configuration; each returns where it went."""


def enabled_exports(config: PipelineConfig) -> list[str]:
    """Returns the names of the exports that the configuration turns on, in their order."""
    exports = config.exports
    enabled = {
        "ml_bom": exports.ml_bom,
        "openlineage": exports.openlineage.url is not None or exports.openlineage.file is not None,
        "mlflow": exports.mlflow.tracking_uri is not None,
    }
    return [name for name in EXPORTS if enabled[name]]


def export_run(config: PipelineConfig, run_id: str) -> list[ExportResult]:
    """Makes the configured exports of a run that has ended; one that fails stops no other.

    Args:
        config: of the run.
        run_id: as `visage run` gives it.

    Returns:
        The result of each, failed ones too. The traceback of a failed one is in the log.
    """
    names = enabled_exports(config)
    try:
        run = read_exported_run(config, run_id)
    except Exception as error:
        log_traceback(error)
        return [ExportResult(name, None, error_line(error)) for name in names]
    return [_export(name, run) for name in names]


def _export(name: str, run: ExportedRun) -> ExportResult:
    try:
        return ExportResult(name, EXPORTS[name](run))
    # Whatever fails here, the model is trained and pushed.
    except Exception as error:
        log_traceback(error)
        return ExportResult(name, None, error_line(error))
