"""Finds what ML Metadata records of a run of a compiled pipeline."""

from tfx.proto.orchestration import pipeline_pb2

from pipeline.metadata.reader import PipelineMetadata
from pipeline.metadata.records import Run
from pipeline.node import workspace_of


def run_of(ir: pipeline_pb2.Pipeline, run_id: str) -> Run:
    """Returns what is recorded of a run so far.

    Raises:
        VisageError: no node of it has started, or ML Metadata cannot be read.
    """
    return PipelineMetadata(workspace_of(ir), ir.pipeline_info.id).run(run_id)
