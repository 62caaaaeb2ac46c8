"""Reports a scheduler's task: how its nodes ended, the gates and metrics of the run, and what was newly pushed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from tfx.proto.orchestration import pipeline_pb2

from pipeline.compiled_run import run_of
from pipeline.exit_codes import FAILED, HELD, NOT_BLESSED
from pipeline.metadata.records import SUCCEEDED, ArtifactRecord, Run
from pipeline.output.console import error_line
from pipeline.output.node_summary import model_was_pushed, pushed_new_version, why_held
from pipeline.results import NodeEnd, NodeResult
from visage.errors import VisageError
from visage.evaluation.evaluation import EVALUATION_FILE, Evaluation, read_evaluation
from visage.evaluation.gates.gate import Gate
from visage.files import write_atomically
from visage.saved_model.versions import newest_version

PUSHER, EVALUATOR, MODEL_CARD = "Pusher", "Evaluator", "ModelCard"
_PAGE = "model_card.html"


@dataclass(frozen=True)
class TaskReport:
    """What one task of a scheduler did.

    Attributes:
        run_id: of the run.
        pipeline: its name.
        ends: how each node of the task ended.
        evaluation: of the run; None: Evaluator has not succeeded yet, or its files are gone.
        card: page of the run's model card; None: ModelCard has not succeeded yet.
    """

    run_id: str
    pipeline: str
    ends: Sequence[NodeEnd]
    evaluation: Evaluation | None
    card: Path | None

    @property
    def pusher(self) -> NodeResult | None:
        """Returns the result of Pusher; None if this task has no Pusher, or it did not succeed."""
        return next((end.result for end in self.ends if end.node == PUSHER), None)

    @property
    def withheld(self) -> Literal["not blessed", "held"] | None:
        """Returns why Pusher of this task pushed no model; None if it did, or there is none."""
        if self.pusher is None or model_was_pushed(self.pusher):
            return None
        return "held" if why_held(self.pusher) else "not blessed"

    def exit_code(self, last_try: bool = False) -> int:
        """Returns the exit code of the task: the gate's decision takes precedence over a missing model card.

        Args:
            last_try: whether nobody tries again. Then a missing card does not hide from the scheduler that a model was
                pushed.
        """
        failed = {end.node for end in self.ends if end.error is not None}
        if PUSHER not in failed and self.withheld:
            return HELD if self.withheld == "held" else NOT_BLESSED
        if last_try and self.pusher is not None:
            failed.discard(MODEL_CARD)
        return FAILED if failed else 0

    def to_json(self) -> dict[str, Any]:
        """Returns the report as JSON.

        `pushed` is of a version that the execution of this run made: None where the version is an earlier run's, be it
        that Pusher was cached or that the newest version was this model already. A task that runs again under the same
        run id reports it again, so that a crash before the scheduler read the report loses no event; but not once the
        version was rolled back or replaced.
        """
        evaluation = self.evaluation
        return {
            "run_id": self.run_id,
            "pipeline": self.pipeline,
            "nodes": [_node(end) for end in self.ends],
            "gates": None if evaluation is None else [_gate(gate) for gate in evaluation.gates],
            "metrics": self._metrics(),
            "card": self.card and str(self.card),
            "pushed": self._pushed(),
            "withheld": self.withheld,
        }

    def _metrics(self) -> dict[str, float | None] | None:
        return None if self.evaluation is None else dict(self.evaluation.overall.scores())

    def _pushed(self) -> dict[str, Any] | None:
        if self.pusher is None or not pushed_new_version(self.pusher):
            return None
        push = self.pusher.output("pushed_model").properties
        folder = Path(str(push["pushed_destination"]))
        newest = newest_version(folder.parent)
        if newest is None or newest.path.name != folder.name:
            return None
        return {
            "version": str(push["pushed_version"]),
            "uri": str(folder),
            "metrics": self._metrics(),
            "card": self.card and str(self.card),
        }


def report_task(ir: pipeline_pb2.Pipeline, run_id: str, ends: Sequence[NodeEnd]) -> TaskReport:
    """Returns the report of a task that has ended; what ML Metadata does not have is left out.

    Args:
        ir: the compiled pipeline.
        run_id: of the run.
        ends: how the nodes of the task ended.
    """
    try:
        run = run_of(ir, run_id)
    except VisageError:
        # Nothing has started, or the store is damaged, which the failed node reports.
        run = Run(run_id, {})
    return TaskReport(run_id, ir.pipeline_info.id, ends, _evaluation_of(run), _card_of(run))


def write_report(report: TaskReport, file: Path) -> None:
    """Writes a report as JSON, whole.

    Raises:
        VisageError: the file cannot be written.
    """
    write_atomically(file, json.dumps(report.to_json(), indent=2, default=str) + "\n")


def _output(run: Run, node: str, key: str) -> ArtifactRecord | None:
    made = run.output(node, key) if node in run.nodes and run.nodes[node].state in SUCCEEDED else None
    return made if made is not None and made.exists else None


def _evaluation_of(run: Run) -> Evaluation | None:
    made = _output(run, EVALUATOR, "evaluation")
    try:
        return None if made is None else read_evaluation(made.uri / EVALUATION_FILE)
    except VisageError:
        return None


def _card_of(run: Run) -> Path | None:
    made = _output(run, MODEL_CARD, "model_card")
    return None if made is None else made.uri / _PAGE


def _node(end: NodeEnd) -> dict[str, Any]:
    error = {} if end.error is None else {"error": error_line(end.error)}
    outputs: Mapping[str, Any] = {} if end.result is None else asdict(end.result)["outputs"]
    return {"node": end.node, "state": end.state, "seconds": round(end.seconds, 2), **error, "outputs": outputs}


def _gate(gate: Gate) -> dict[str, Any]:
    return {
        "name": gate.name,
        "of": gate.slice,
        "compared_with": gate.compared_with,
        "relation": gate.relation,
        "limit": gate.limit,
        "value": gate.measured,
        "unit": gate.unit,
        "evidence": gate.evidence,
        "verdict": gate.verdict,
        "ok": gate.verdict != "failed",
    }
