"""Summarizes a run, for the screen and as JSON."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.markup import escape

from pipeline.config.schema import PipelineConfig
from pipeline.exit_codes import FAILED, HELD, NOT_BLESSED
from pipeline.output.console import Reporter, error_line
from pipeline.output.exports import print_exports
from pipeline.output.gate_table import print_gates
from pipeline.output.node_summary import model_was_pushed, pushed_new_version, why_held
from pipeline.results import ExportResult, RunResult
from visage.evaluation.evaluation import EVALUATION_FILE, read_evaluation
from visage.evaluation.gates.gate import Comparison, Gate, blessed
from visage.evaluation.waivers import Waiver
from visage.folder_alias import is_plain


@dataclass(frozen=True)
class Outcome:
    """The result of one run.

    Attributes:
        pipeline: its name in ML Metadata.
        run_id: groups its nodes there.
        drawn: whether the model was trained on drawn portraits.
        pushed: whether the model is in the serving folder.
        version: its number there; None if it is not pushed.
        new_version: False if an earlier run pushed the model.
        model_base_path: the folder of the versions.
        infra_validator: 'ok', or the reason of the rejection.
        gates: one a limit.
        looks: models that were measured on this test split, this one included; None: not known.
        waiver: lets the model through if it covers each gate that failed.
        model_card: path of the page; None if ModelCard failed.
        seconds: by node, wall time.
        cached: nodes that reused an earlier execution's outputs.
        failed: the error of each failed node, in one line; only of nodes that no other one needs.
        held: why a blessed model is not pushed: a rollback or a hold (`visage runs`); '' if it is not held.
        copied_to: the newest version's address in the bucket of `serving.copy_to`; '' if it is not there.
        copy_failed: why it is not there; it does not change the exit code, because the next run copies it.
        exports: of those that are configured; a failed one does not change the exit code.
        independence_unknown: as in `Evaluation`.
    """

    pipeline: str
    run_id: str
    drawn: bool
    pushed: bool
    version: str | None
    new_version: bool
    model_base_path: str
    infra_validator: str
    gates: Sequence[Gate]
    looks: int | None
    waiver: Waiver | None
    model_card: str | None
    seconds: Mapping[str, float]
    cached: Sequence[str]
    failed: Mapping[str, str]
    held: str = ""
    copied_to: str = ""
    copy_failed: str = ""
    exports: Sequence[ExportResult] = ()
    independence_unknown: Mapping[Comparison, str] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """Returns the exit code of `visage run`: the gate's decision takes precedence over a missing model card."""
        if "Pusher" in self.failed:
            return FAILED
        if self.held:
            return HELD
        if not self.pushed:
            return NOT_BLESSED
        return FAILED if self.failed else 0


def outcome_of(config: PipelineConfig, run: RunResult) -> Outcome:
    """Returns the result of a run from the outputs of its nodes."""
    pusher, card = run.nodes.get("Pusher"), run.nodes.get("ModelCard")
    push = pusher.output("pushed_model").properties if pusher else {}
    evaluation = read_evaluation(Path(run.nodes["Evaluator"].output("evaluation").uri) / EVALUATION_FILE)
    check = run.nodes["InfraValidator"].output("blessing").properties
    return Outcome(
        pipeline=config.name,
        run_id=run.run_id,
        drawn=config.data.drawn,
        pushed=pusher is not None and model_was_pushed(pusher),
        held=why_held(pusher) if pusher else "",
        copied_to=str(push.get("copied_to", "")),
        copy_failed=str(push.get("copy_failed", "")),
        version=str(push.get("pushed_version", "")) or None,
        new_version=pusher is not None and pushed_new_version(pusher),
        model_base_path=str(config.model_base_path),
        infra_validator="ok" if check.get("blessed") == 1 else str(check.get("reason", "failed")),
        gates=evaluation.gates,
        looks=evaluation.looks,
        waiver=evaluation.waiver,
        model_card=str(Path(card.output("model_card").uri) / "model_card.html") if card else None,
        seconds={node: round(seconds, 2) for node, seconds in run.seconds.items()},
        cached=[node for node, result in run.nodes.items() if result.cached],
        failed={node: error_line(error) for node, error in run.failed.items()},
        exports=run.exports,
        independence_unknown=evaluation.independence_unknown,
    )


def print_outcome(outcome: Outcome, reporter: Reporter, visage: str, default_model: bool) -> None:
    """Prints the gate, the folder of the model and the commands to use it.

    Args:
        outcome: of the run.
        reporter: for the lines.
        visage: how to call the command.
        default_model: whether `visage predict` finds the model without an option.
    """
    reporter.print()
    print_gates(outcome.gates, outcome.independence_unknown, reporter)
    if outcome.looks is None:
        reporter.print("How many models were measured on this test split is not known")
    elif outcome.looks > 1:
        reporter.print(f"{outcome.looks} models were measured on this test split, so the best of them is partly chance")
    if outcome.infra_validator != "ok":
        reporter.print(f"InfraValidator: [red]{escape(outcome.infra_validator)}[/]")
    reporter.print()
    if outcome.pushed:
        how = "pushed" if outcome.new_version else "was pushed before"
        reporter.print(f"{_blessing(outcome)} Version {outcome.version} {how}: {escape(outcome.model_base_path)}")
        visage, base_path = escape(visage), escape(shlex.quote(outcome.model_base_path))
        reporter.print(f"predict     {visage} predict {'' if default_model else f'--model {base_path} '}PHOTO")
        reporter.print(f"serve       {visage} serve{'' if default_model else f' --model-base-path {base_path}'}")
        if not is_plain(outcome.model_base_path):
            reporter.print(
                "TensorFlow Serving treats this folder's name as a pattern: give it a link or a mount of another name"
            )
        if outcome.drawn:
            reporter.print(
                "it was trained on drawings: for photos of people train on real data, see docs/data.md, or take the "
                "ready model, see docs/ready-model.md"
            )
    elif outcome.held:
        reporter.print(f"[bold yellow]Blessed, not pushed[/]: {escape(outcome.held)}. The served model stays.")
    else:
        reporter.print(f"[bold red]Not pushed: {_why_not_pushed(outcome)}.[/] What is served stays.")
    if outcome.copied_to:
        reporter.print(f"copy        {escape(outcome.copied_to)}")
    if outcome.copy_failed:
        reporter.print(f"copy        [yellow]none[/]: {escape(outcome.copy_failed)}")
    reporter.print(f"model card  {escape(outcome.model_card) if outcome.model_card else '[red]not written[/]'}")
    print_exports(outcome.exports, reporter)


def _blessing(outcome: Outcome) -> str:
    if blessed(outcome.gates) or outcome.waiver is None:
        return "[bold green]Blessed.[/]"
    waiver = outcome.waiver
    return f"[bold yellow]Waived by {escape(waiver.by)} until {waiver.until}: {escape(waiver.reason)}.[/]"


def _why_not_pushed(outcome: Outcome) -> str:
    waiver = outcome.waiver
    if not blessed(outcome.gates) and (waiver is None or not waiver.lets_through(outcome.gates)):
        return escape(waiver.shortfall(outcome.gates) if waiver else "") or "not blessed"
    return "rejected by InfraValidator" if outcome.infra_validator != "ok" else "Pusher failed"
