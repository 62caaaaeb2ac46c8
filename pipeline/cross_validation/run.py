"""Cross-validates a recipe: k folds times r repeats, with a pipeline run each."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from tfx.proto.orchestration import pipeline_pb2

from pipeline.config.schema import PipelineConfig
from pipeline.cross_validation.cache_key import cache_key
from pipeline.cross_validation.checkpoints import FinishedRun, PlannedRun, Result, run_unfinished
from pipeline.cross_validation.folds import check_folds
from pipeline.cross_validation.result import CrossValidation, summarize, write
from pipeline.node import compile_pipeline, node_ids, run_node
from pipeline.output.console import Reporter
from pipeline.output.node_summary import describe
from pipeline.results import NodeResult
from visage.data.examples import read_records, read_serialized
from visage.data.protocols import SPLITS
from visage.data.records import FaceRecord
from visage.data.settings import SplitSettings
from visage.evaluation.predictions.table import CANDIDATE
from visage.prediction.examples import ExamplesModel, predict_examples
from visage.training.initialization.first_network import check_start
from visage.training.memory import clear_networks

_SEEDS = 2**32


def cross_validate(
    config: PipelineConfig, splits: Sequence[SplitSettings], repeats: int, run_id: str, reporter: Reporter
) -> CrossValidation:
    """Trains and tests `repeats` models a fold; pushes nothing.

    Args:
        config: the recipe, under a name that no other pipeline has. The first model of a fold has its seed, the next
            one the next seed.
        splits: of `fold_splits`.
        repeats: models a fold.
        run_id: prefix of the run ids.
        reporter: shows the progress.

    Raises:
        VisageError: the first weights are missing, the folds are invalid, or bad input stopped a node.
    """
    with reporter.stage("loading TFX"):
        planned = plan(config, splits, repeats)
    with reporter.stage("checking the first weights"):
        check_start(config.trainer, None)
    work = partial(train_and_predict, planned, splits, run_id, reporter)
    results = run_unfinished(list(planned), config.root / "crossval", work, reporter)
    result = summarize(config, splits, repeats, results)
    write(result)
    return result


def plan(
    config: PipelineConfig, splits: Sequence[SplitSettings], repeats: int
) -> dict[PlannedRun, pipeline_pb2.Pipeline]:
    """Returns every run, fold by fold, with its compiled pipeline."""
    key, planned = cache_key(config, splits), {}
    for split in splits:
        for repeat in range(repeats):
            seed = (config.trainer.seed + repeat) % _SEEDS
            trainer = config.trainer.model_copy(update={"seed": seed})
            of_run = config.model_copy(update={"split": split, "trainer": trainer})
            planned[PlannedRun(split.fold, seed, key)] = compile_pipeline(of_run, publish=False)
    return planned


def train_and_predict(
    planned: Mapping[PlannedRun, pipeline_pb2.Pipeline],
    splits: Sequence[SplitSettings],
    call: str,
    reporter: Reporter,
    run: PlannedRun,
    title: str,
) -> Result:
    """Runs the nodes of a run's pipeline, then predicts the test split.

    Args:
        planned: all runs.
        splits: of the folds.
        call: prefix of the run id.
        reporter: shows the progress.
        run: the one to do.
        title: of the run, for the screen.

    Raises:
        VisageError: the folds are invalid, or bad input stopped a node.
    """
    run_id = f"{call}-fold-{run.fold}-seed-{run.seed}"
    ir, nodes = planned[run], {}
    for node in node_ids(ir):
        with reporter.stage(f"{title}: {node}"):
            nodes[node] = run_node(ir, node, run_id)
        if node == "FaceExampleGen":
            if not nodes[node].cached:
                reporter.print(f"  fold {run.fold}: {describe(nodes[node])}")
            # A finished first run means that the folds were checked.
            if run == next(iter(planned)):
                check_folds(_records(nodes[node]), splits)
    model = Path(nodes["Trainer"].output("model").uri) / "Format-Serving"
    with reporter.stage(f"{title}: predictions"):
        test = read_serialized(_examples(nodes["FaceExampleGen"]), "test")
        predictions = predict_examples(test, {CANDIDATE: ExamplesModel(model)}).in_order_of_keys()
    clear_networks()
    evaluation = nodes["Evaluator"].output("evaluation").uri
    return FinishedRun(run.fold, run.seed, run_id, str(model), evaluation), predictions


def _records(example_gen: NodeResult) -> Iterator[FaceRecord]:
    for split in SPLITS:
        yield from read_records(_examples(example_gen), split)


def _examples(example_gen: NodeResult) -> Path:
    return Path(example_gen.output("examples").uri)
