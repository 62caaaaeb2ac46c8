"""What prune removes, and what it never does; a killed one is completed."""

import io
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipeline.config.loader import load_config
from pipeline.config.schema import PipelineConfig
from pipeline.metadata import prune
from pipeline.metadata.prune import plan_prune, remove
from pipeline.metadata.reader import PipelineMetadata
from pipeline.output.console import Reporter
from pipeline.output.runs import print_prune
from pipeline.run_lock import node_lock
from tests.helpers.project import PROJECT
from tests.pipeline.pushed_model import execution, open_store
from tests.pipeline.recorded_runs import RecordedPipeline
from visage.errors import VisageError
from visage.lock import locked
from visage.saved_model.pushing.rollback import roll_back

pytestmark = pytest.mark.one_stack


@pytest.fixture
def pipeline(tmp_path: Path) -> RecordedPipeline:
    """Runs `bad 1` to `bad 4` are not blessed; `good` is, and was pushed before them."""
    pipeline = RecordedPipeline(tmp_path / "sample-portraits")
    pipeline.run("good")
    for number in range(1, 5):
        pipeline.run(f"bad {number}", blessed=0)
    return pipeline


def config(pipeline: RecordedPipeline, *overrides: str) -> PipelineConfig:
    return load_config(PROJECT / "pipeline_config.yaml", [f"workspace={pipeline.root.parent}", *overrides])


def plan(pipeline: RecordedPipeline, *overrides: str, keep: int = 1) -> prune.PrunePlan:
    return plan_prune(PipelineMetadata(pipeline.root), config(pipeline, *overrides), keep)


def removed(pipeline: RecordedPipeline, found: prune.PrunePlan) -> set[str]:
    """Returns the runs whose models are to be removed."""
    paths = {removal.path for removal in found.removals}
    return {run.run_id for run in pipeline.runs if run.folder in paths}


def test_old_runs_lose_what_is_large_and_keep_their_reports(pipeline: RecordedPipeline) -> None:
    found = plan(pipeline)
    assert removed(pipeline, found) == {"bad 1", "bad 2", "bad 3"}
    assert {removal.what for removal in found.removals} == {"Examples", "Model"}
    assert found.bytes == sum(removal.bytes for removal in found.removals) > 0
    assert found.kept == {"good": ("blessed", "pushed"), "bad 4": ("newest", "last valid data")}
    remove(PipelineMetadata(pipeline.root), found)
    assert not any(removal.path.exists() for removal in found.removals)
    assert all(run.folder.is_dir() for run in (pipeline.runs[0], pipeline.runs[4]))
    assert len(list((pipeline.root / "artifacts" / "ModelCard" / "model_card").iterdir())) == 5
    assert plan(pipeline).removals == ()


def test_what_was_removed_is_no_longer_usable_in_ml_metadata(pipeline: RecordedPipeline) -> None:
    remove(PipelineMetadata(pipeline.root), plan(pipeline))
    live = {run.run_id: run.output("Trainer", "model").live for run in PipelineMetadata(pipeline.root).runs}  # type: ignore[union-attr]
    assert live == {"good": True, "bad 1": False, "bad 2": False, "bad 3": False, "bad 4": True}


def test_keep_counts_the_newest_runs(pipeline: RecordedPipeline) -> None:
    assert removed(pipeline, plan(pipeline, keep=3)) == {"bad 1"}
    assert removed(pipeline, plan(pipeline, keep=50)) == set()


def test_examples_that_a_kept_run_took_from_the_cache_stay(pipeline: RecordedPipeline) -> None:
    old = pipeline.runs[1]
    pipeline.run("new", data=old, blessed=0)
    found = plan(pipeline)
    assert removed(pipeline, found) == {"bad 1", "bad 2", "bad 3", "bad 4"}
    remove(PipelineMetadata(pipeline.root), found)
    newest = PipelineMetadata(pipeline.root).run("new").output("FaceExampleGen", "examples")
    assert newest
    assert newest.exists


def test_a_model_that_was_rolled_back_stays_with_its_data(pipeline: RecordedPipeline) -> None:
    second = pipeline.run("good 2")
    roll_back(pipeline.base, str(pipeline.runs[0].version))
    pipeline.run("bad 5", blessed=0)
    found = plan(pipeline)
    assert second.run_id not in removed(pipeline, found)
    assert "pushed" in found.kept["good 2"]


def test_what_the_configuration_or_another_pipeline_names_stays(pipeline: RecordedPipeline) -> None:
    teacher, start = pipeline.runs[1].folder / "Format-Serving", pipeline.runs[2].folder
    RecordedPipeline(pipeline.root.with_name("small")).run("student", teacher=teacher)
    assert removed(pipeline, plan(pipeline, f"trainer.weights={start}/x.weights.h5")) == {"bad 3"}


def test_a_run_that_a_scheduler_may_be_running_stays(pipeline: RecordedPipeline) -> None:
    contexts = {"pipeline": "sample-portraits", "pipeline_run": "bad 2"}
    execution(open_store(pipeline.root), "ModelCard", contexts, {}, {}, mlmd.Execution.RUNNING)
    found = plan(pipeline)
    assert removed(pipeline, found) == {"bad 1", "bad 3"}
    assert found.kept["bad 2"] == ("active",)


def test_remnants_of_a_failed_node_are_removed(pipeline: RecordedPipeline) -> None:
    contexts = {"pipeline": "sample-portraits", "pipeline_run": "bad 4"}
    number, _ = execution(open_store(pipeline.root), "Trainer", contexts, {}, {}, mlmd.Execution.FAILED)
    remnant = pipeline.root / "artifacts" / "Trainer" / "model" / str(number)
    remnant.mkdir()
    (remnant / "half").write_text("half a model")
    assert [(one.path, one.what) for one in plan(pipeline, keep=9).removals] == [(remnant, "remnant")]


@pytest.mark.parametrize("state", [mlmd.Execution.FAILED, mlmd.Execution.RUNNING])
def test_what_a_process_of_this_machine_is_writing_stays_for_days(
    pipeline: RecordedPipeline, state: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    contexts = {"pipeline": "sample-portraits", "pipeline_run": "bad 2"}
    number, _ = execution(open_store(pipeline.root), "Tuner", contexts, {}, {}, state)
    writing = pipeline.root / "artifacts" / "Tuner" / "best" / str(number)
    writing.mkdir(parents=True)
    (writing / "half").write_text("half a search")
    monkeypatch.setattr(prune, "_ACTIVE", timedelta(0))
    with locked(node_lock(pipeline.root, "bad 2", "Tuner"), "end Tuner"):
        found = plan(pipeline)
        assert removed(pipeline, found) == {"bad 1", "bad 3"}
        assert found.kept["bad 2"] == ("active",)
        assert "remnant" not in {removal.what for removal in found.removals}
    found = plan(pipeline)
    assert removed(pipeline, found) == {"bad 1", "bad 2", "bad 3"}
    assert [removal.path for removal in found.removals if removal.what == "remnant"] == [writing]


def test_a_prune_that_was_killed_is_completed(pipeline: RecordedPipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    calls, rmtree = iter(range(100)), shutil.rmtree

    def dies(path: Path) -> None:
        if next(calls) == 1:
            raise KeyboardInterrupt
        rmtree(path)

    first = plan(pipeline)
    with monkeypatch.context() as patch:
        patch.setattr(prune.shutil, "rmtree", dies)
        with pytest.raises(KeyboardInterrupt):
            remove(PipelineMetadata(pipeline.root), first)
    rest = plan(pipeline)
    assert len(rest.removals) == len(first.removals) - 1
    assert all(removal.artifact is None for removal in rest.removals)
    remove(PipelineMetadata(pipeline.root), rest)
    assert not any(removal.path.exists() for removal in first.removals)


def test_a_copied_workspace_leaves_the_original_alone_and_names_it(pipeline: RecordedPipeline, tmp_path: Path) -> None:
    copy = tmp_path / "copy" / pipeline.root.name
    shutil.copytree(pipeline.root, copy)
    found = plan_prune(PipelineMetadata(copy), config(RecordedPipeline(copy)), 1)
    assert (found.removals, found.moved_from) == ((), (pipeline.root,))
    assert plan(pipeline).moved_from == ()
    stream = io.StringIO()
    print_prune(found, False, Reporter(stream))
    line = f"not removed: artifacts in {pipeline.root}, from which this workspace was copied or moved"
    assert line in " ".join(stream.getvalue().split())


def test_a_folder_that_cannot_be_removed_is_an_error_of_one_line(
    pipeline: RecordedPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    found = plan(pipeline)
    monkeypatch.setattr(prune.shutil, "rmtree", fails)
    with pytest.raises(VisageError, match=r"cannot be removed \(Permission denied\); change its permissions and prune"):
        remove(PipelineMetadata(pipeline.root), found)
