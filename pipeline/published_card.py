"""Puts the model card of a run beside the version that the run pushed."""

from pathlib import Path

from rich.markup import escape
from tfx.proto.orchestration import pipeline_pb2

from pipeline.compiled_run import run_of
from pipeline.metadata.records import SUCCEEDED
from pipeline.node import node_ids
from pipeline.output.console import Reporter, error_line
from visage.errors import VisageError
from visage.model_card.publish import place_beside

# Either may end first: neither waits for the other.
NODES = ("Pusher", "ModelCard")


def publish_card(ir: pipeline_pb2.Pipeline, run_id: str) -> Path | None:
    """Copies the card of a run beside the version that the run pushed, or pushed before, once both exist.

    Args:
        ir: the compiled pipeline.
        run_id: of the run.

    Returns:
        The copied page; None if the run has not pushed its model, or has no card, so far.

    Raises:
        OSError: the card is gone.
        VisageError: the copy cannot be written, or ML Metadata cannot be read.
    """
    if not set(NODES) <= set(node_ids(ir)):
        return None
    run = run_of(ir, run_id)
    ended = {name: node for name, node in run.nodes.items() if name in NODES and node.state in SUCCEEDED}
    if set(ended) != set(NODES):
        return None
    pushed, card = run.output("Pusher", "pushed_model"), run.output("ModelCard", "model_card")
    if pushed is None or card is None or pushed.properties.get("pushed") != 1:
        return None
    version = Path(str(pushed.properties["pushed_destination"]))
    return place_beside(card.uri, version) if version.is_dir() else None


def publish_card_or_warn(ir: pipeline_pb2.Pipeline, run_id: str, reporter: Reporter) -> None:
    """Puts the model card beside the pushed version; a copy that fails takes nothing back, and prints a warning."""
    try:
        publish_card(ir, run_id)
    except (OSError, VisageError) as error:
        reporter.print(f"[yellow]the model card is not beside the pushed version: {escape(error_line(error))}[/]")
