"""A version leads back to its data, configuration and code, and two runs to what differs between them."""

import io
from pathlib import Path

import pytest

from pipeline.metadata.details import details_of, differences
from pipeline.metadata.lineage import pushed_versions, version_of
from pipeline.metadata.origin import find_origin, served_version
from pipeline.metadata.reader import PipelineMetadata
from pipeline.output.console import Reporter
from pipeline.output.runs import print_runs
from pipeline.run_record import record_path
from tests.pipeline.recorded_runs import RecordedPipeline
from visage.errors import VisageError
from visage.saved_model.pushing.rollback import roll_back


@pytest.fixture
def pipeline(tmp_path: Path) -> RecordedPipeline:
    """Three runs: the second reuses the data of the first, the third starts from the second's model."""
    pipeline = RecordedPipeline(tmp_path / "faces")
    first = pipeline.run("first", configuration={"trainer": {"epochs": 3}})
    second = pipeline.run("second", data=first, configuration={"trainer": {"epochs": 4}})
    pipeline.run("third", start=second, sources=("utkface", "adience/faces"))
    return pipeline


def metadata(pipeline: RecordedPipeline) -> PipelineMetadata:
    return PipelineMetadata(pipeline.root)


def test_a_version_leads_back_to_its_training_and_data(pipeline: RecordedPipeline) -> None:
    second = pipeline.runs[1]
    origin = find_origin(metadata(pipeline), str(second.version)).to_json()
    assert origin["version"] == second.version
    assert origin["place"] == "older"
    assert origin["model"] == str(second.folder)
    assert origin["trained_by"]["run_id"] == "second"
    assert origin["trained_by"]["archives"] == {"utkface": "archivedigest"}
    assert origin["trained_by"]["counts"]["all train"] == 3
    assert origin["trained_by"]["code"]["FaceExampleGen"] == "datacode"
    assert origin["trained_by"]["record"]["configuration"] == {"trainer": {"epochs": 4}}
    assert origin["examples"]["exists"]
    assert origin["started_from"] is None


def test_a_model_that_started_from_another_names_its_version(pipeline: RecordedPipeline) -> None:
    origin = find_origin(metadata(pipeline), served_version(metadata(pipeline), pipeline.base))
    assert origin.start == f"version {pipeline.runs[1].version}"
    assert origin.training.sources == ["utkface", "adience/faces"]
    assert origin.details.unknown[0].startswith("configuration, packages and git commit")


def test_a_model_is_found_by_each_of_its_folders(pipeline: RecordedPipeline) -> None:
    third = pipeline.runs[2]
    for folder in (pipeline.base, pipeline.base / str(third.version), third.folder, third.folder / "Format-Serving"):
        # The metadata of another pipeline do not matter then.
        found = find_origin(PipelineMetadata(pipeline.root.with_name("other")), str(folder))
        assert found.training.model.uri == third.folder


def test_a_model_that_was_held_back_is_the_version_that_has_it_after_the_release(pipeline: RecordedPipeline) -> None:
    first, third = pipeline.runs[0], pipeline.runs[2]
    why = "this is version 3, rolled back"
    cached = pipeline.run("cached", model=third, held=why)
    repeated = pipeline.run("repeated", weights=first.run_id, held=why)
    new = pipeline.run("new", held="pushing is held")
    found = metadata(pipeline)
    versions = pushed_versions(found)
    numbers = {one.run_id: version_of(found.run(one.run_id), versions) for one in (cached, repeated, new)}
    assert {run: version and version.number for run, version in numbers.items()} == {
        "cached": third.version,
        "repeated": first.version,
        "new": None,
    }
    stream = io.StringIO()
    print_runs(found.runs, {}, versions, {}, Reporter(stream))
    lines = stream.getvalue().splitlines()[1:]
    assert f"{third.version} served" in lines[3]
    assert f"{first.version} older" in lines[4]
    assert "not pushed (hold)" in lines[5]


def test_a_version_that_is_held_is_found_and_named_so(pipeline: RecordedPipeline) -> None:
    first, third = pipeline.runs[0], pipeline.runs[2]
    roll_back(pipeline.base, str(first.version))
    places = {version.number: version.place for version in pushed_versions(metadata(pipeline))}
    assert places == {first.version: "served", pipeline.runs[1].version: "held", third.version: "held"}
    origin = find_origin(metadata(pipeline), str(third.version))
    assert origin.folder == pipeline.base / ".held" / str(third.version)
    assert served_version(metadata(pipeline), pipeline.base) == first.version


@pytest.mark.parametrize(
    ("model", "line"),
    [("1", "^version 1: faces has not pushed it; there are "), ("/nowhere/7", "^/nowhere/7: no model of a pipeline")],
)
def test_an_unknown_model_is_an_error(pipeline: RecordedPipeline, model: str, line: str) -> None:
    with pytest.raises(VisageError, match=line):
        find_origin(metadata(pipeline), model)


def test_two_runs_are_compared(pipeline: RecordedPipeline) -> None:
    found = metadata(pipeline)
    first, second, third = (details_of(found, found.run(name)) for name in ("first", "second", "third"))
    two = differences(first, second)
    assert two["configuration"] == {"trainer.epochs": (3, 4)}
    assert two["archives"] == two["counts"] == two["code"] == two["environment"] == {}
    assert two["metrics"]["age_mae"] == (4.5, 4.5)
    assert differences(second, third)["archives"] == {"adience/faces": (None, "archivedigest")}
    assert differences(second, third)["environment"]["keras"] == ("3", None)


def test_a_damaged_record_is_an_error_that_names_the_file(pipeline: RecordedPipeline) -> None:
    record_path(pipeline.root, "first").write_text("{")
    with pytest.raises(VisageError, match=r"runs/first\.json: damaged .*; remove it"):
        details_of(metadata(pipeline), metadata(pipeline).run("first"))
