"""Wires the pipeline, once for all schedulers."""

from pathlib import Path

from tfx.dsl.components.base.base_node import BaseNode
from tfx.orchestration.pipeline import Pipeline
from tfx.proto import pusher_pb2
from tfx.types import BaseChannel

from components.curated_schema.component import CuratedSchema
from components.evaluator.component import Evaluator
from components.example_validator.component import ExampleValidator
from components.face_example_gen.component import FaceExampleGen
from components.infra_validator.component import InfraValidator
from components.model_card.component import ModelCard
from components.pusher.component import Pusher
from components.resolvers.blessed_model import create_blessed_model_resolver, create_warm_start_model_resolver
from components.resolvers.validated_statistics import create_validated_statistics_resolver
from components.statistics_gen.component import create_statistics_gen
from components.trainer.component import create_trainer
from components.tuner.component import create_tuner
from pipeline.config.schema import PipelineConfig
from pipeline.metadata.connection import compiled_connection
from pipeline.metadata.location import StoreLocation
from visage.data_validation.source_domain import with_sources
from visage.errors import VisageError
from visage.evaluation.waivers import WAIVERS_FILE
from visage.ready_model.cache import ready_model
from visage.ready_model.names import READY
from visage.saved_model.metadata import TrainingProvenance
from visage.saved_model.provenance import check_provenance, provenance_of_data
from visage.saved_model.versions import SAVED_MODEL
from visage.training.distillation.teacher import find_teacher

SCHEMA = Path(__file__).parent.parent / "components" / "curated_schema" / "schema.pbtxt"


def create_pipeline(config: PipelineConfig, publish: bool = True) -> Pipeline:
    """Wires the components from the archives to the pushed model; creates nothing on disk.

    Args:
        config: the whole run.
        publish: False for one run of a cross-validation, which serves nothing. It ends with Evaluator, has no search,
            and uses no earlier run, because those divide the same data into other folds, and their models were
            trained on this fold's test split.

    Raises:
        VisageError: the teacher may know faces of the test split, or from a component.
    """
    provenance = _provenance(config) if publish else None
    example_gen = FaceExampleGen(settings=config.face_example_gen_settings())
    examples = example_gen.outputs["examples"]
    schema = CuratedSchema(text=with_sources(SCHEMA.read_text(encoding="utf-8"), config.data.folder_names))
    statistics_gen = create_statistics_gen(examples=examples, schema=schema.outputs["schema"])
    statistics = statistics_gen.outputs["statistics"]
    last_data = create_validated_statistics_resolver(statistics, config.validation) if publish else None
    validator = ExampleValidator(
        statistics=statistics,
        schema=schema.outputs["schema"],
        baseline_statistics=last_data.outputs["statistics"] if last_data else None,
        settings=config.validation,
    )
    warm_start_model = create_warm_start_model_resolver() if config.trainer.weights == "blessed" else None
    first_model = warm_start_model.outputs["model"] if warm_start_model else None
    checkpoint_dir = str(config.root / "checkpoints")
    tuner = (
        create_tuner(
            examples=examples,
            recipe=config.trainer,
            alignment=config.alignment,
            settings=config.tuner,
            checkpoint_dir=checkpoint_dir,
            warm_start_model=first_model,
        )
        if publish and config.tuner.search
        else None
    )
    best_values = tuner.outputs["best_hyperparameters"] if tuner else None
    trainer = create_trainer(
        examples=examples,
        settings=config.trainer,
        alignment=config.alignment,
        checkpoint_dir=checkpoint_dir,
        warm_start_model=first_model,
        best_values=best_values,
        provenance=provenance,
        suspect_labels=config.cleaning.suspect_labels,
    )
    for trainable in (tuner, trainer) if tuner else (trainer,):
        trainable.add_upstream_node(validator)
    model = trainer.outputs["model"]
    baseline = create_blessed_model_resolver(candidate=model) if publish else None
    evaluator = Evaluator(
        examples=examples,
        model=model,
        baseline_model=baseline.outputs["model"] if baseline else None,
        settings=config.evaluator,
        reference=_reference(config),
        looks=config.root / "test_looks.json" if publish else None,
        waivers=config.root / WAIVERS_FILE if publish else None,
    )
    nodes = [
        example_gen,
        schema,
        statistics_gen,
        last_data,
        validator,
        warm_start_model,
        tuner,
        trainer,
        baseline,
        evaluator,
        *(_publication(config, example_gen, statistics, model, best_values, evaluator) if publish else ()),
    ]
    return Pipeline(
        pipeline_name=config.name,
        pipeline_root=str(config.root / "artifacts"),
        components=[node for node in nodes if node is not None],
        enable_cache=True,
        metadata_connection_config=compiled_connection(StoreLocation.of(config)),
    )


def _publication(
    config: PipelineConfig,
    example_gen: FaceExampleGen,
    statistics: BaseChannel,
    model: BaseChannel,
    best_values: BaseChannel | None,
    evaluator: Evaluator,
) -> tuple[BaseNode, ...]:
    """Wires the nodes after Evaluator: InfraValidator, Pusher and ModelCard."""
    infra_validator = InfraValidator(model=model)
    pusher = Pusher(
        model=model,
        model_blessing=evaluator.outputs["blessing"],
        infra_blessing=infra_validator.outputs["blessing"],
        push_destination=pusher_pb2.PushDestination(
            filesystem=pusher_pb2.PushDestination.Filesystem(base_directory=str(config.model_base_path))
        ),
        custom_config={"compare": config.evaluator.compares, **_signing(config), **_copy_to(config)},
    )
    model_card = ModelCard(
        cleaning_report=example_gen.outputs["cleaning_report"],
        statistics=statistics,
        model=model,
        evaluation=evaluator.outputs["evaluation"],
        blessing=evaluator.outputs["blessing"],
        infra_blessing=infra_validator.outputs["blessing"],
        settings=config.trainer,
        best_values=best_values,
        examples=example_gen.outputs["examples"],
        card=config.model_card,
    )
    return infra_validator, pusher, model_card


def _signing(config: PipelineConfig) -> dict[str, dict[str, str]]:
    """Returns the keys for Pusher; without a private key nothing, so that cached pushes stay valid."""
    keys = config.exports.signing
    if keys.private_key is None or keys.public_key is None:
        return {}
    paths = {"private_key": keys.private_key, "public_key": keys.public_key}
    return {"signing": {name: str(Path(path).resolve()) for name, path in paths.items()}}


def _copy_to(config: PipelineConfig) -> dict[str, str]:
    """Returns the bucket for Pusher; without one nothing, so that cached pushes stay valid."""
    return {} if config.serving.copy_to is None else {"copy_to": config.serving.copy_to}


def _provenance(config: PipelineConfig) -> TrainingProvenance:
    """Returns the provenance of the model to be trained.

    Raises:
        VisageError: the teacher may know faces of the test split.
    """
    provenance = provenance_of_data(config.data.sources, config.split, config.name, config.data.drawn)
    # The model of `weights: blessed` is chosen during a run, the teacher here.
    check_provenance(provenance, _teacher(config), blessed=None)
    return provenance


def _teacher(config: PipelineConfig) -> Path | None:
    teacher = config.trainer.distillation.teacher
    return find_teacher(teacher, config.alignment) if teacher is not None else None


def _reference(config: PipelineConfig) -> Path | None:
    """Returns the SavedModel of `evaluator.reference`; None without one.

    Raises:
        VisageError: there is no such model.
    """
    reference = config.evaluator.reference
    if reference is None:
        return None
    if reference == READY:
        return ready_model(config.alignment, "evaluator.reference")
    named = config.model_base_path / str(reference) if isinstance(reference, int) else Path(reference)
    # Not the newest of several versions, which would move with every push.
    if not (named / SAVED_MODEL).is_file():
        raise VisageError(
            f"evaluator.reference: {named} has no {SAVED_MODEL}; name a version in {config.model_base_path}, or the "
            "folder of one SavedModel"
        )
    return named.resolve()
