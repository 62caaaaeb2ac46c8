"""How a run ended, as a person reads it and as JSON."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from components.evaluator.result import Gate, read_evaluation
from pipeline.config import PipelineConfig
from pipeline.console import Screen
from pipeline.runners.local import RunResult
from pipeline.summary import model_was_pushed


@dataclass(frozen=True)
class Outcome:
    """What came out of one run; `new_version` is false where the model was served already."""

    pipeline: str
    run_id: str
    pushed: bool
    version: str | None
    new_version: bool
    model_base_path: str
    model_check: str
    gates: Sequence[Gate]
    model_card: str
    seconds: Mapping[str, float]
    cached: Sequence[str]


def outcome_of(config: PipelineConfig, run: RunResult) -> Outcome:
    """Gathers what the nodes of `run` left behind."""
    pusher = run.nodes["Pusher"]
    check = run.nodes["ModelCheck"].output("blessing").properties
    return Outcome(
        pipeline=config.name,
        run_id=run.run_id,
        pushed=model_was_pushed(pusher),
        version=str(pusher.output("pushed_model").properties.get("pushed_version", "")) or None,
        new_version=not pusher.cached and pusher.output("pushed_model").properties.get("newly_pushed") == 1,
        model_base_path=str(config.model_base_path),
        model_check="ok" if check.get("blessed") == 1 else str(check.get("reason", "failed")),
        gates=read_evaluation(run.nodes["Evaluator"].output("evaluation").uri).gates,
        model_card=str(Path(run.nodes["ModelCard"].output("model_card").uri) / "model_card.html"),
        seconds={node: round(seconds, 2) for node, seconds in run.seconds.items()},
        cached=[node for node, result in run.nodes.items() if result.cached],
    )


def print_outcome(outcome: Outcome, screen: Screen, visage: str, default_model: bool, drawings: bool) -> None:
    """Shows the gate, where the model went and how to ask it.

    Args:
        outcome: what to show.
        screen: where.
        visage: the command as it can be typed.
        default_model: whether `visage predict` finds the model without an option.
        drawings: whether it was trained on drawn portraits.
    """
    screen.print()
    screen.print(_gate_table(outcome.gates))
    if outcome.model_check != "ok":
        screen.print(f"model check: [red]{escape(outcome.model_check)}[/]")
    screen.print()
    if outcome.pushed:
        how = "pushed" if outcome.new_version else "is in its place already"
        screen.print(f"[bold green]Blessed.[/] Version {outcome.version} {how}: {escape(outcome.model_base_path)}")
        visage, base_path = escape(visage), escape(shlex.quote(outcome.model_base_path))
        screen.print(f"ask it      {visage} predict {'' if default_model else f'--model {base_path} '}PHOTO")
        screen.print(f"serve it    {visage} serve{'' if default_model else f' --model-base-path {base_path}'}")
        if drawings:
            screen.print("it was trained on drawings: for photos of people train on real data, see docs/data.md")
    else:
        why = "not blessed" if not all(gate.passed for gate in outcome.gates) else "refused by the model check"
        screen.print(f"[bold red]Not pushed: {why}.[/] What is served stays as it is.")
    screen.print(f"model card  {escape(outcome.model_card)}")


def _gate_table(gates: Sequence[Gate]) -> Table:
    table = Table("gate", "of", "measured", "limit", "", box=None, pad_edge=False, header_style="bold")
    for gate in gates:
        measured = "not measured" if gate.measured is None else f"{gate.measured:.3f}"
        verdict = "[green]ok[/]" if gate.passed else "[red]failed[/]"
        table.add_row(gate.name, escape(gate.slice), measured, f"{gate.relation} {gate.limit:g}", verdict)
    return table
