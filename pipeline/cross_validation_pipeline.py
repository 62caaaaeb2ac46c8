"""One run of a cross-validation: what of the pipeline stands between the archives and the test of one model."""

from tfx.components.statistics_gen.component import StatisticsGen
from tfx.orchestration.pipeline import Pipeline

from components.curated_schema.component import CuratedSchema
from components.curated_schema.domain import with_sources
from components.evaluator.component import create_evaluator
from components.example_validator.component import ExampleValidator
from components.face_example_gen.component import FaceExampleGen
from components.trainer.component import create_trainer
from pipeline.config.schema import PipelineConfig
from pipeline.pipeline import SCHEMA, metadata_store


def create_cross_validation_pipeline(config: PipelineConfig) -> Pipeline:
    """Wires the components; creates nothing on disk.

    Left out are ModelCheck, Pusher and ModelCard, for nothing is to be served; and what looks back at earlier runs:
    LatestPassedStatistics, for other folds are the same data in other parts, and LatestBlessedModel, for the models of
    other folds have learned from this fold's test split.
    """
    example_gen = FaceExampleGen(settings=config.face_example_gen_settings())
    examples = example_gen.outputs["examples"]
    schema = CuratedSchema(text=with_sources(SCHEMA.read_text(encoding="utf-8"), config.data.folder_names))
    statistics_gen = StatisticsGen(examples=examples, schema=schema.outputs["schema"])
    validator = ExampleValidator(
        statistics=statistics_gen.outputs["statistics"],
        schema=schema.outputs["schema"],
        baseline_statistics=None,
        settings=config.validation,
    )
    trainer = create_trainer(
        examples=examples,
        settings=config.trainer,
        alignment=config.alignment,
        checkpoint_dir=str(config.root / "checkpoints"),
    )
    trainer.add_upstream_node(validator)
    evaluator = create_evaluator(
        examples=examples,
        model=trainer.outputs["model"],
        baseline_model=None,
        settings=config.evaluator,
        has_age=config.trainer.spec.age_head is not None,
        has_gender=config.trainer.spec.gender_head is not None,
    )
    return Pipeline(
        pipeline_name=config.name,
        pipeline_root=str(config.root / "artifacts"),
        components=[example_gen, schema, statistics_gen, validator, trainer, evaluator],
        enable_cache=True,
        metadata_connection_config=metadata_store(config),
    )
