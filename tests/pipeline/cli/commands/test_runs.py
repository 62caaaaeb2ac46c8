"""`visage runs` as a user types it, on recorded runs; `tests/end_to_end/test_runs.py` has real ones."""

import json
from datetime import date
from pathlib import Path

import pytest

from pipeline.run_lock import hold_run_lock
from tests.end_to_end.visage import visage
from tests.pipeline.recorded_runs import RecordedPipeline, evaluation_of
from visage.evaluation.gates.gate import Gate
from visage.evaluation.waivers import failed_limits, read_waivers, valid_waivers

pytestmark = pytest.mark.one_stack

MISSED = Gate("age_mae_max", "age_mae", "overall", 5.0, "point", "failed", 6.0, unit="years")


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> RecordedPipeline:
    """Two pushed runs, and two that were not blessed."""
    pipeline = RecordedPipeline(tmp_path_factory.mktemp("workspace") / "sample-portraits")
    pipeline.run("first", configuration={"trainer": {"epochs": 3}})
    pipeline.run("second", configuration={"trainer": {"epochs": 4}})
    pipeline.run("bad", blessed=0)
    pipeline.run("worse", blessed=0, evaluation=evaluation_of(MISSED))
    return pipeline


def runs(pipeline: RecordedPipeline, *words: str, code: int = 0) -> str:
    """Returns what a command prints: on standard output, or on standard error if it fails."""
    ended = visage("runs", *words, "--set", f"workspace={pipeline.root.parent}")
    assert ended.returncode == code, ended.stderr
    return ended.stderr if code else ended.stdout


def test_runs_are_listed_with_outcome_version_and_metrics(pipeline: RecordedPipeline) -> None:
    lines = runs(pipeline, "list").splitlines()
    assert [line.split()[0] for line in lines] == ["run", "first", "second", "bad", "worse"]
    assert lines[1].split()[-5:] == ["blessed", str(pipeline.runs[0].version), "older", "4.50", "90.0%"]
    assert lines[2].split()[-3] == "served"
    assert lines[3].split()[-5:] == ["not", "blessed", "-", "4.50", "90.0%"]


def test_a_run_and_what_differs_between_two_are_shown(pipeline: RecordedPipeline) -> None:
    shown = runs(pipeline, "show", "first")
    assert "exit code 0" in shown
    assert f"gate        blessed, version {pipeline.runs[0].version}" in shown
    assert "Mean absolute error of the age 4.50 years, Gender accuracy 90.0 %" in shown
    assert "archives    utkface archivedigest" in shown
    assert "not recorded: git commit" in shown
    assert runs(pipeline, "show").startswith("worse ")
    compared = runs(pipeline, "compare", "first", "second").splitlines()
    assert "trainer.epochs  3      4" in compared
    assert "archives  equal" in compared


def test_an_unknown_run_is_one_line(pipeline: RecordedPipeline) -> None:
    assert runs(pipeline, "show", "secnd", code=1) == (
        "visage: run secnd: sample-portraits has no such run; did you mean second?\n"
    )


def test_a_rollback_a_hold_and_a_release_say_what_is_served(pipeline: RecordedPipeline) -> None:
    first, second = str(pipeline.runs[0].version), str(pipeline.runs[1].version)
    assert runs(pipeline, "rollback", first, "--reason", "[x]") == (
        f"version {first} is served; held back: {second}: {pipeline.base}\n"
    )
    assert runs(pipeline, "hold") == f"no model is pushed: {pipeline.base}\n"
    listed = runs(pipeline, "list")
    assert f"{second} held" in listed
    assert "rolled back by " in listed
    assert f": [x]; held back: {second}\n" in listed
    assert "pushing is held by " in listed
    assert json.loads(runs(pipeline, "list", "--json"))["hold"]["rollback"]["versions"] == [int(second)]
    assert runs(pipeline, "release") == f"released; version {second} is served: {pipeline.base}\n"
    assert "nothing is held" in runs(pipeline, "release", code=1)


def test_prune_names_what_goes_and_waits_for_no_run(pipeline: RecordedPipeline) -> None:
    would = runs(pipeline, "prune", "--keep", "1", "--dry-run")
    assert str(pipeline.runs[2].folder) in would
    assert "would remove 2 folders" in would
    assert "second (blessed, pushed)" in would
    assert pipeline.runs[2].folder.exists()
    with hold_run_lock(pipeline.root):
        assert "another run of this pipeline is active" in runs(pipeline, "prune", code=1)
    assert "removed 2 folders" in runs(pipeline, "prune", "--keep", "1")
    assert not pipeline.runs[2].folder.exists()


def test_a_pipeline_without_runs_is_said_so(tmp_path: Path) -> None:
    nothing = RecordedPipeline(tmp_path / "sample-portraits")
    assert runs(nothing, "list") == f"{nothing.root}: sample-portraits has no runs yet; run it first (visage run)\n"
    assert json.loads(runs(nothing, "list", "--json"))["runs"] == []
    for command in (["show"], ["rollback", "1"], ["prune"], ["release"]):
        assert runs(nothing, *command, code=1).count("\n") == 1


def test_a_model_that_was_withheld_is_waived_by_a_named_person(pipeline: RecordedPipeline) -> None:
    waived = runs(
        pipeline, "waive", "worse", "--reason", "the old one errs more", "--until", "2999-01-31", "--by", "Ada"
    )
    assert waived == (
        "waived by Ada until 2999-01-31; the next run with this model pushes it\n"
        "covered: age_mae_max of overall (6.00 years, limit at most 5.00 years)\n"
    )
    (waiver,) = read_waivers(pipeline.root / "waivers.json")
    assert (waiver.by, waiver.reason, waiver.limits) == ("Ada", "the old one errs more", failed_limits([MISSED]))
    assert valid_waivers([waiver], waiver.model, date(2999, 1, 31)) == [waiver]


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (["first", "--reason", "x", "--until", "2999-01-31"], "first: no model of it was withheld by a limit"),
        (["bad", "--reason", " ", "--until", "2999-01-31"], "--reason: is empty"),
        (["bad", "--reason", "x", "--until", "2020-01-31"], "--until: 2020-01-31 is over"),
        (
            ["bad", "--reason", "x", "--until", "2999-01-31"],
            "bad: its evaluation is gone, or another version wrote it, so there is nothing to waive",
        ),
        (["bda", "--reason", "x", "--until", "2999-01-31"], "run bda: sample-portraits has no such run"),
    ],
)
def test_what_cannot_be_waived_is_refused_in_one_line(
    pipeline: RecordedPipeline, words: list[str], refusal: str
) -> None:
    line = runs(pipeline, "waive", *words, code=1)
    assert line.startswith(f"visage: {refusal}")
    assert line.count("\n") == 1
