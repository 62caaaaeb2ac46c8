"""`visage lineage` as a user types it, on recorded runs."""

import json
from pathlib import Path

import pytest

from tests.end_to_end.visage import visage
from tests.pipeline.recorded_runs import RecordedPipeline

pytestmark = pytest.mark.one_stack


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> RecordedPipeline:
    pipeline = RecordedPipeline(tmp_path_factory.mktemp("workspace") / "sample-portraits")
    pipeline.run("first")
    return pipeline


def lineage(pipeline: RecordedPipeline, *words: str | Path, code: int = 0) -> str:
    ended = visage("lineage", *words, "--set", f"workspace={pipeline.root.parent}")
    assert ended.returncode == code, ended.stderr
    return ended.stderr if code else ended.stdout


def test_the_served_model_leads_back_to_its_data(pipeline: RecordedPipeline) -> None:
    shown = lineage(pipeline)
    assert f"version {pipeline.runs[0].version} (served), pushed by run first" in shown
    assert "network     compact, random weights\n" in shown
    assert "Mean absolute error of the age 4.50 years" in shown
    assert "archive     utkface, digest archivedigest: train 3 · val 1 · test 1, 2 dropped" in shown
    assert "not recorded: configuration, packages and git commit (no run record)" in shown
    assert json.loads(lineage(pipeline, pipeline.base, "--json"))["sources"] == ["utkface"]


def test_a_person_and_an_archive_lead_to_the_models(pipeline: RecordedPipeline) -> None:
    row = ["sample-portraits", "first", str(pipeline.runs[0].version), "served", "trained", "on", "it"]
    for question, counts in ((("--identity", "utkface/1"), ["2", "0", "0"]), (("--archive", "utkface"), list("311"))):
        found = lineage(pipeline, *question).splitlines()[-1].split()
        assert [found[0], *found[2:]] == [*row, *counts]
    models = json.loads(lineage(pipeline, "--identity", "utkface/1", "--json"))["models"]
    assert models[0]["records"] == {"train": 2, "val": 0, "test": 0}


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--identity", "utkface/9x"], "--identity utkface/9x: is in no example"),
        (["--archive", "utkfac"], "--archive utkfac: no model learned from it; did you mean utkface?"),
        (["--archive", "a", "--identity", "b"], "MODEL, --archive and --identity: exclude each other; give one"),
        (["7"], "version 7: sample-portraits has not pushed it; there are "),
    ],
)
def test_an_unknown_name_is_one_line(pipeline: RecordedPipeline, words: list[str], line: str) -> None:
    error = lineage(pipeline, *words, code=1)
    assert error.startswith(f"visage: {line}")
    assert error.count("\n") == 1
