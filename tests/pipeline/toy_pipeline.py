"""A pipeline of two small nodes, compiled as the real one is."""

from pathlib import Path

from tfx.dsl.compiler.compiler import Compiler
from tfx.orchestration.metadata import sqlite_metadata_connection_config
from tfx.orchestration.pipeline import Pipeline
from tfx.proto.orchestration import pipeline_pb2

from pipeline.node import stamp
from tests.pipeline.toy_components import Counted, Reader


def counted(folder: Path) -> pipeline_pb2.Pipeline:
    """Returns the pipeline `toy` in `folder`: Counted, which adds a line to the file `counter`, and Reader after it."""
    source = Counted(counter=str(folder / "counter"))
    ir = Compiler().compile(
        Pipeline(
            pipeline_name="toy",
            pipeline_root=str(folder / "artifacts"),
            metadata_connection_config=sqlite_metadata_connection_config(str(folder / "metadata.sqlite")),
            components=[source, Reader(source=source.outputs["text"])],
            enable_cache=True,
        )
    )
    stamp(ir)
    return ir
