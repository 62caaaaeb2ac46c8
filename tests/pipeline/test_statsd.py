"""Metrics of a run: the model's figures and whether it was pushed, in names that StatsD takes."""

from pathlib import Path

import pytest

from pipeline.results import NodeEnd, NodeResult, Output
from pipeline.statsd import StatsD, metrics_of_node, metrics_of_run
from tests.helpers.statsd import statsd_server
from tests.pipeline.recorded_runs import evaluation_of
from visage.errors import VisageError
from visage.evaluation.evaluation import EVALUATION_FILE, write_evaluation
from visage.resource_use import ResourceUse


def push(cached: bool = False, **properties: int | str) -> NodeEnd:
    return NodeEnd("Pusher", 1.0, NodeResult("Pusher", cached, {"pushed_model": (Output("", properties),)}))


@pytest.mark.parametrize(
    ("end", "metrics"),
    [
        (push(pushed=1, newly_pushed=1), ["visage.faces.pushed:1|c"]),
        # The version of an earlier run.
        (push(pushed=1, newly_pushed=0), []),
        (push(cached=True, pushed=1, newly_pushed=1), []),
        (push(pushed=0), ["visage.faces.withheld:1|c"]),
        (push(pushed=0, held="by Ada"), ["visage.faces.withheld:1|c"]),
        (NodeEnd("Pusher", error=VisageError("full")), []),
    ],
)
def test_a_push_is_counted_once(end: NodeEnd, metrics: list[str]) -> None:
    assert metrics_of_run("faces", end) == metrics


def test_the_figures_of_the_model_are_gauges_also_below_zero(tmp_path: Path) -> None:
    evaluation = evaluation_of()
    write_evaluation(evaluation, tmp_path / EVALUATION_FILE)
    outputs = {"evaluation": (Output(str(tmp_path), {}),)}
    sent = metrics_of_run("faces", NodeEnd("Evaluator", 1.0, NodeResult("Evaluator", True, outputs)))
    known = {name: value for name, value in evaluation.overall.scores().items() if value is not None}
    gauges: dict[str, float] = {}
    for line in sent:
        name, _, value = line.removesuffix("|g").partition(":")
        # As a server does.
        gauges[name] = gauges[name] + float(value) if value[0] in "+-" else float(value)
    assert gauges == pytest.approx({f"visage.faces.{name}": value for name, value in known.items()}, rel=1e-5)
    assert gauges["visage.faces.age_mae"] == pytest.approx(1.0)


def test_names_have_no_character_that_statsd_reads() -> None:
    end = NodeEnd("A:b|c", 0.25, NodeResult("A:b|c", False, {}, 1, ResourceUse(0.2, 0.1, 5)))
    assert metrics_of_node("faces.daily @1", end) == [
        "visage.faces_daily__1.A_b_c.ran:1|c",
        "visage.faces_daily__1.A_b_c.duration:250|ms",
        "visage.faces_daily__1.A_b_c.cpu:100|ms",
        "visage.faces_daily__1.A_b_c.memory:5|g",
    ]


def test_a_run_whose_evaluation_is_gone_sends_what_is_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    outputs = {"evaluation": (Output(str(tmp_path / "gone"), {}),)}
    with statsd_server() as server:
        monkeypatch.setenv("VISAGE_STATSD", server.address)
        sender = StatsD.of_environment()
        assert sender is not None
        sender.send_end("faces", NodeEnd("Evaluator", 1.0, NodeResult("Evaluator", True, outputs)))
        assert server.received() == ["visage.faces.Evaluator.cached:1|c"]
        # More than one packet holds.
        many = [f"visage.faces.number{number}:1|c" for number in range(200)]
        sender.send(many)
        assert server.received() == many


def test_without_the_variable_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VISAGE_STATSD", raising=False)
    assert StatsD.of_environment() is None
