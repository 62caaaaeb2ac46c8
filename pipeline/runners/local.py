"""Runs the whole pipeline in this process, node after node."""

from dataclasses import replace
from pathlib import Path

from rich.markup import escape
from tfx.proto.orchestration import pipeline_pb2

from pipeline.checks.unservable import unservable_version
from pipeline.config.schema import PipelineConfig
from pipeline.exports.export import enabled_exports, export_run
from pipeline.metadata.warm_start import warm_start_model
from pipeline.node import compile_pipeline, node_ids
from pipeline.output.console import Reporter, error_line, log_traceback
from pipeline.output.exports import print_failed_exports
from pipeline.output.node_events import node_fields
from pipeline.output.node_summary import describe
from pipeline.published_card import publish_card_or_warn
from pipeline.results import ExportResult, NodeEnd, RunResult
from pipeline.runners.sequence import NodeSequence, is_needed
from pipeline.stages import run_order
from visage.saved_model.provenance import check_provenance, provenance_of_data
from visage.training.initialization.first_network import check_start

# Letters of the longest name of a node, and one.
_NAME_WIDTH = 28


def run_pipeline(config: PipelineConfig, run_id: str, reporter: Reporter) -> RunResult:
    """Runs every node of the configured pipeline; the caller holds its lock.

    A failed node stops the run, unless no other node needs it (Pusher, ModelCard): then the others still run, as on a
    scheduler.

    Raises:
        VisageError: the first weights are missing or may know faces of the test split, or bad input stopped a node.
    """
    with reporter.stage("loading TFX"):
        ir = compile_pipeline(config)
    with reporter.stage("checking the first weights"):
        _check_start(config)
    if unservable := unservable_version(config.model_base_path):
        reporter.print(f"[yellow]{escape(_unservable_line(unservable))}[/]")
    try:
        result = run_nodes(ir, run_id, reporter)
    except Exception:
        _export(config, run_id, reporter)
        raise
    publish_card_or_warn(ir, run_id, reporter)
    return replace(result, exports=_export(config, run_id, reporter))


def run_nodes(ir: pipeline_pb2.Pipeline, run_id: str, reporter: Reporter) -> RunResult:
    """Runs every node of a compiled pipeline, as `run_pipeline` does."""

    def ended(end: NodeEnd) -> None:
        if end.result is not None:
            took = "cached" if end.result.cached else f"{end.seconds:.1f} s"
            line = f"[green]✓[/] {end.node:<{_NAME_WIDTH}}{took:>8}  {describe(end.result)}"
            reporter.print(line, **node_fields(end))
        elif end.error is not None and is_needed(ir, end.node):
            reporter.print_event(f"{end.node}: failed: {error_line(end.error)}", **node_fields(end))
            raise end.error
        elif end.error is not None:
            log_traceback(end.error)
            line = f"[red]✗[/] {end.node:<{_NAME_WIDTH}}  failed: {escape(error_line(end.error))}"
            reporter.print(line, **node_fields(end))

    sequence = NodeSequence(ir, run_order(node_ids(ir)), run_id)
    sequence.run(reporter, ended)
    ends = [end for end in sequence.ends if end.result is not None]
    return RunResult(
        run_id=run_id,
        nodes={end.node: end.result for end in ends if end.result is not None},
        seconds={end.node: end.seconds for end in ends},
        failed={end.node: end.error for end in sequence.ends if end.error is not None},
    )


def _export(config: PipelineConfig, run_id: str, reporter: Reporter) -> list[ExportResult]:
    """Makes the exports of a run that has ended, however it ended; a failed one is a line and nothing more."""
    if not enabled_exports(config):
        return []
    with reporter.stage("exporting"):
        exports = export_run(config, run_id)
    print_failed_exports(exports, reporter)
    return exports


def _check_start(config: PipelineConfig) -> None:
    blessed = warm_start_model(config)
    check_provenance(provenance_of_data(config.data.sources, config.split), None, Path(blessed) if blessed else None)
    check_start(config.trainer, blessed)


def _unservable_line(version: Path) -> str:
    return (
        f"{version}: an earlier VisAge exported it, and TensorFlow Serving cannot load it; this run pushes a new "
        "version if its model is blessed"
    )
