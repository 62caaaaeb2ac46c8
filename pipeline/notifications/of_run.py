"""Makes the notifications of a run that has ended, or of a scheduler's task of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.config.schema import PipelineConfig
from pipeline.notifications.notification import Notification
from pipeline.output.console import error_line
from pipeline.output.node_summary import why_held
from pipeline.output.run_summary import Outcome
from pipeline.task_report import TaskReport
from visage.evaluation.gates.gate import Gate
from visage.saved_model.versions import newest_version


def of_outcome(config: PipelineConfig, outcome: Outcome) -> list[Notification]:
    """Returns the notifications of `visage run`."""
    withheld = "Pusher" not in outcome.failed and not outcome.pushed
    return _End(
        config,
        outcome.run_id,
        failed=outcome.failed,
        withheld=_why(outcome.held, outcome.gates, outcome.infra_validator) if withheld else None,
        pushed=outcome.version if outcome.new_version else None,
        gates=outcome.gates,
        card=outcome.model_card,
    ).notifications()


def of_task(config: PipelineConfig, report: TaskReport) -> list[Notification]:
    """Returns the notifications of a scheduler's task; the task with Pusher has the verdict."""
    gates = () if report.evaluation is None else report.evaluation.gates
    held = why_held(report.pusher) if report.pusher else ""
    pushed = report.to_json()["pushed"]
    return _End(
        config,
        report.run_id,
        failed={end.node: error_line(end.error) for end in report.ends if end.error is not None},
        withheld=_why(held, gates) if report.withheld else None,
        pushed=pushed and pushed["version"],
        gates=gates,
        card=None if report.card is None else str(report.card),
    ).notifications()


def of_error(config: PipelineConfig, run_id: str, error: Exception) -> list[Notification]:
    """Returns the notification of a run that an error stopped."""
    return _End(config, run_id, failed={"": error_line(error)}).notifications()


@dataclass(frozen=True)
class _End:
    """How a run or a task ended.

    Attributes:
        config: of the pipeline.
        run_id: of the run.
        failed: the error of each failed node.
        withheld: why the model was not pushed; None: it was, or this is not the task that pushes.
        pushed: the version that was newly pushed; None: none was.
        gates: of the evaluation.
        card: page of the model card; None without one.
    """

    config: PipelineConfig
    run_id: str
    failed: Mapping[str, str]
    withheld: str | None = None
    pushed: str | None = None
    gates: Sequence[Gate] = ()
    card: str | None = None

    def notifications(self) -> list[Notification]:
        """Returns a notification for each event."""
        newest = newest_version(self.config.model_base_path)
        served = newest.path.name if newest else None
        stays = f"version {served} stays served" if served else "no version is served"
        found = []
        if self.withheld is not None:
            text = f"the model of run {self.run_id} is withheld, {stays}: {self.withheld}"
            found.append(self._of("withheld", text, served))
        if self.failed:
            errors = "; ".join(f"{node + ' failed: ' if node else ''}{line}" for node, line in self.failed.items())
            found.append(self._of("failed", f"run {self.run_id} failed, {stays}: {' '.join(errors.split())}", served))
        if self.pushed is not None:
            found.append(self._of("pushed", f"run {self.run_id} pushed version {self.pushed}", self.pushed))
        return found

    def _of(self, event: str, text: str, version: str | None) -> Notification:
        return Notification(
            event=event,  # type: ignore[arg-type]
            pipeline=self.config.name,
            text=f"{self.config.name}: {text}",
            run_id=self.run_id,
            version=version,
            gates=[f"{gate.name} of {gate.slice}" for gate in _failed(self.gates)],
            card=self.card,
        )


def _why(held: str, gates: Sequence[Gate], infra_validator: str = "") -> str:
    """Returns why a model is withheld: by a person, by gates, or by InfraValidator."""
    if held:
        return held
    texts = [_text(gate) for gate in _failed(gates)]
    reason = f" ({infra_validator})" if infra_validator not in ("", "ok") else ""
    return "; ".join(texts) or f"InfraValidator rejects it{reason}"


def _text(gate: Gate) -> str:
    measured = "not measured" if gate.measured is None else f"{gate.measured:.3g}"
    return f"{gate.name} of {gate.slice} is {measured}, must be {gate.relation} {gate.limit:g}"


def _failed(gates: Sequence[Gate]) -> list[Gate]:
    return [gate for gate in gates if gate.verdict == "failed"]
