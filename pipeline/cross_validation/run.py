"""k folds times r repeats: a pipeline run each, and what the models of a fold say together of its test split."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from tfx.proto.orchestration import pipeline_pb2

from pipeline.cli.output.console import Reporter
from pipeline.cli.output.node_summary import describe
from pipeline.config.schema import PipelineConfig
from pipeline.cross_validation.cache_key import key_of
from pipeline.cross_validation.checkpoints import FinishedRun, PlannedRun, Result, work_through
from pipeline.cross_validation.folds import check_folds
from pipeline.cross_validation.predict import forget_networks, predict, read_split
from pipeline.cross_validation.result import CrossValidation, summarize, write
from pipeline.node import NodeResult, compile_pipeline, node_ids, run_node
from visage.data.records import FaceRecord, from_example
from visage.data.split import SPLITS
from visage.faces.settings import SplitSettings
from visage.training.initialize import check_start

_SEEDS = 2**32


def cross_validate(
    config: PipelineConfig, splits: Sequence[SplitSettings], repeats: int, run_id: str, reporter: Reporter
) -> CrossValidation:
    """Trains and tests `repeats` models a fold; pushes nothing.

    Args:
        config: the recipe, under a name that no other pipeline has. The first model of a fold has its seed, the next
            one the next seed.
        splits: of the folds, as `fold_splits` gives them.
        repeats: models a fold.
        run_id: begins the run ids.
        reporter: shows how far it has come.

    Raises:
        VisageError: what its trainings start from is not there, its folds cannot be, or bad input stopped a node.
    """
    with reporter.stage("loading TFX"):
        planned = plan(config, splits, repeats)
    with reporter.stage("looking at what training starts from"):
        check_start(config.trainer, None)
    work = partial(train_and_ask, planned, splits, run_id, reporter)
    results = work_through(list(planned), config.root / "crossval", work, reporter)
    result = summarize(config, splits, repeats, results)
    write(result)
    return result


def plan(
    config: PipelineConfig, splits: Sequence[SplitSettings], repeats: int
) -> dict[PlannedRun, pipeline_pb2.Pipeline]:
    """Every run, fold by fold, with its compiled pipeline."""
    key, planned = key_of(config, splits), {}
    for split in splits:
        for repeat in range(repeats):
            seed = (config.trainer.seed + repeat) % _SEEDS
            trainer = config.trainer.model_copy(update={"seed": seed})
            of_run = config.model_copy(update={"split": split, "trainer": trainer})
            planned[PlannedRun(split.fold, seed, key)] = compile_pipeline(of_run, publish=False)
    return planned


def train_and_ask(
    planned: Mapping[PlannedRun, pipeline_pb2.Pipeline],
    splits: Sequence[SplitSettings],
    call: str,
    reporter: Reporter,
    run: PlannedRun,
    title: str,
) -> Result:
    """The nodes of a run's pipeline, then the model's answers to the test split.

    Args:
        planned: all runs.
        splits: of the folds.
        call: begins the run id.
        reporter: shows how far it has come.
        run: which of them.
        title: of it, for the screen.

    Raises:
        VisageError: the folds cannot be, or bad input stopped a node.
    """
    run_id = f"{call}-fold-{run.fold}-seed-{run.seed}"
    ir, nodes = planned[run], {}
    for node in node_ids(ir):
        with reporter.stage(f"{title}: {node}"):
            nodes[node] = run_node(ir, node, run_id)
        if node == "FaceExampleGen":
            if not nodes[node].cached:
                reporter.print(f"  fold {run.fold}: {describe(nodes[node])}")
            # Whoever finished the first run has found the folds as they should be.
            if run == next(iter(planned)):
                check_folds(_records(nodes[node]), splits)
    model = Path(nodes["Trainer"].output("model").uri) / "Format-Serving"
    with reporter.stage(f"{title}: predictions"):
        predictions = predict(model, _split_folder(nodes["FaceExampleGen"], "test"))
    forget_networks()
    evaluation = nodes["Evaluator"].output("evaluation").uri
    return FinishedRun(run.fold, run.seed, run_id, str(model), evaluation), predictions


def _records(example_gen: NodeResult) -> Iterator[FaceRecord]:
    for split in SPLITS:
        yield from map(from_example, read_split(_split_folder(example_gen, split)))


def _split_folder(example_gen: NodeResult, split: str) -> Path:
    return Path(example_gen.output("examples").uri) / f"Split-{split}"
