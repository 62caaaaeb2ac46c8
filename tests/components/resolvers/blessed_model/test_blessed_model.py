"""Whole runs of a small pipeline with TFX's own local runner: train, find the baseline, evaluate, push."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.metadata import sqlite_metadata_connection_config
from tfx.orchestration.pipeline import Pipeline
from tfx.proto import pusher_pb2

from components.pusher.component import Pusher
from components.resolvers.blessed_model import create_blessed_model_resolver
from tests.components.resolvers.blessed_model.toy_components import ToyEvaluator, ToyTrainer
from visage.saved_model.pushing.rollback import hold_pushes, release, roll_back


@dataclass
class ToyPipeline:
    """A pipeline whose runs share a cache and a history under `root`.

    `compare`: whether Pusher refuses a model that was not compared with the served one.
    """

    root: Path
    name: str = "toy"
    compare: bool = True

    def run(self, weights: str, *, bless: int = 1) -> None:
        trainer = ToyTrainer(weights=weights)
        latest_blessed_model = create_blessed_model_resolver(trainer.outputs["model"])
        evaluator = ToyEvaluator(
            model=trainer.outputs["model"], baseline_model=latest_blessed_model.outputs["model"], bless=bless
        )
        destination = pusher_pb2.PushDestination.Filesystem(base_directory=str(self.root / "served"))
        pusher = Pusher(
            model=trainer.outputs["model"],
            model_blessing=evaluator.outputs["blessing"],
            push_destination=pusher_pb2.PushDestination(filesystem=destination),
            custom_config={"compare": self.compare},
        )
        LocalDagRunner().run(
            Pipeline(
                pipeline_name=self.name,
                pipeline_root=str(self.root / "artifacts"),
                metadata_connection_config=sqlite_metadata_connection_config(str(self.root / "metadata.sqlite")),
                components=[trainer, latest_blessed_model, evaluator, pusher],
                enable_cache=True,
            )
        )

    @property
    def compared_with(self) -> list[str]:
        """Returns the baseline of each executed evaluation, in order; '' for none."""
        files = (self.root / "artifacts/ToyEvaluator/blessing").glob("*/compared_with")
        return [file.read_text() for file in sorted(files, key=lambda file: int(file.parent.name))]

    @property
    def pushed(self) -> list[str]:
        """Returns the weights of every pushed version, in order."""
        versions = sorted((self.root / "served").glob("[0-9]*"), key=lambda version: int(version.name))
        return [(version / "saved_model.pb").read_text() for version in versions]


@pytest.fixture
def pipeline(tmp_path: Path) -> ToyPipeline:
    return ToyPipeline(tmp_path)


def test_the_first_run_has_nothing_to_compare_with_and_pushes(pipeline: ToyPipeline) -> None:
    pipeline.run("first")
    assert pipeline.compared_with == [""]
    assert pipeline.pushed == ["first"]


def test_an_identical_run_comes_from_the_cache_and_pushes_nothing_twice(pipeline: ToyPipeline) -> None:
    pipeline.run("first")
    pipeline.run("first")
    pipeline.run("first")
    assert pipeline.compared_with == [""]
    assert pipeline.pushed == ["first"]


def test_another_model_is_compared_with_the_one_pushed_before(pipeline: ToyPipeline) -> None:
    pipeline.run("first")
    pipeline.run("second")
    pipeline.run("second")
    assert pipeline.compared_with == ["", "first"]
    assert pipeline.pushed == ["first", "second"]


def test_a_model_that_was_not_blessed_is_no_baseline(pipeline: ToyPipeline) -> None:
    pipeline.run("first")
    pipeline.run("bad", bless=0)
    pipeline.run("second")
    assert pipeline.compared_with == ["", "first", "first"]
    assert pipeline.pushed == ["first", "second"]


def test_a_model_whose_files_are_gone_is_no_baseline(pipeline: ToyPipeline) -> None:
    pipeline.compare = False
    pipeline.run("first")
    shutil.rmtree(pipeline.root / "artifacts/ToyTrainer/model")
    pipeline.run("second")
    assert pipeline.compared_with == ["", ""]


def test_switching_between_earlier_models_serves_the_requested_one(pipeline: ToyPipeline) -> None:
    for weights in ("first", "second", "first", "second"):
        pipeline.run(weights)
        assert pipeline.pushed[-1] == weights
    pipeline.run("second")
    assert pipeline.pushed == ["first", "second", "first", "second"]


def test_a_pushed_model_whose_folder_was_removed_is_pushed_again(pipeline: ToyPipeline) -> None:
    pipeline.run("first")
    shutil.rmtree(pipeline.root / "served")
    pipeline.run("first")
    assert pipeline.pushed == ["first"]


def test_a_newest_version_that_was_removed_is_pushed_again_and_not_taken_from_the_cache(pipeline: ToyPipeline) -> None:
    for weights in ("first", "second"):
        pipeline.run(weights)
    for _ in range(2):
        shutil.rmtree(pipeline.root / "served" / numbers(pipeline)[-1])
        pipeline.run("second")
        assert pipeline.pushed == ["first", "second"]


def test_if_the_newest_version_was_removed_the_served_one_is_the_baseline(pipeline: ToyPipeline) -> None:
    for weights in ("first", "second"):
        pipeline.run(weights)
    shutil.rmtree(pipeline.root / "served" / numbers(pipeline)[-1])
    pipeline.run("third")
    assert pipeline.compared_with == ["", "first", "first"]
    assert pipeline.pushed == ["first", "third"]


def test_if_all_versions_were_removed_the_model_that_was_pushed_last_is_the_baseline(pipeline: ToyPipeline) -> None:
    for weights in ("first", "second"):
        pipeline.run(weights)
    shutil.rmtree(pipeline.root / "served")
    pipeline.run("third")
    assert pipeline.compared_with == ["", "first", "second"]
    assert pipeline.pushed == ["third"]


def numbers(pipeline: ToyPipeline) -> list[str]:
    return sorted(version.name for version in (pipeline.root / "served").glob("[0-9]*"))


def test_after_a_rollback_the_served_version_is_the_baseline_and_the_model_stays_back(pipeline: ToyPipeline) -> None:
    for weights in ("first", "second"):
        pipeline.run(weights)
    roll_back(pipeline.root / "served", numbers(pipeline)[0])
    for _ in range(2):
        pipeline.run("second")
        assert pipeline.pushed == ["first"]
    pipeline.run("third")
    assert pipeline.compared_with == ["", "first", "first"]
    assert pipeline.pushed == ["first", "third"]


def test_a_released_model_is_served_and_comes_from_the_cache(pipeline: ToyPipeline) -> None:
    for weights in ("first", "second"):
        pipeline.run(weights)
    roll_back(pipeline.root / "served", numbers(pipeline)[0])
    pipeline.run("second")
    release(pipeline.root / "served")
    pipeline.run("second")
    assert pipeline.pushed == ["first", "second"]


def test_a_push_that_was_held_is_made_by_the_first_run_after_the_release(pipeline: ToyPipeline) -> None:
    pipeline.run("first")
    hold_pushes(pipeline.root / "served")
    pipeline.run("second")
    pipeline.run("second")
    assert pipeline.pushed == ["first"]
    release(pipeline.root / "served")
    pipeline.run("second")
    assert pipeline.pushed == ["first", "second"]


def test_a_pipeline_does_not_see_the_models_of_another_on_the_same_store(pipeline: ToyPipeline) -> None:
    pipeline.run("first")
    other = ToyPipeline(pipeline.root, name="other", compare=False)
    other.run("second")
    assert pipeline.compared_with == ["", ""]
