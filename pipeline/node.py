"""Runs ONE node of the compiled pipeline with TFX's portable launcher, in the process of any scheduler.

A node needs only the compiled pipeline (TFX's intermediate representation, "IR"). It names the executors, the
artifacts' root and the ML Metadata store, in which the nodes of one run find each other's outputs by the run id.
"""

import base64
import gzip
from collections.abc import Collection
from pathlib import Path

from google.protobuf import json_format
from google.protobuf.wrappers_pb2 import StringValue
from tfx.dsl.compiler.compiler import Compiler
from tfx.dsl.compiler.constants import PIPELINE_RUN_ID_PARAMETER_NAME
from tfx.orchestration.local import runner_utils
from tfx.orchestration.portable.launcher import Launcher
from tfx.orchestration.portable.runtime_parameter_utils import substitute_runtime_parameter
from tfx.proto.orchestration import pipeline_pb2

from pipeline.compiled import CONFIGURATION, INLINE_PREFIX, not_compiled, read_compiled
from pipeline.config.schema import PipelineConfig
from pipeline.interruption import check_interrupted
from pipeline.machine.full_disk import full_disk_line
from pipeline.metadata.connection import CheckedMetadata, connection_of
from pipeline.metadata.node_result import read_result
from pipeline.pipeline import create_pipeline
from pipeline.results import NodeResult
from pipeline.stages import run_order
from visage.errors import VisageError


def compile_pipeline(config: PipelineConfig, publish: bool = True) -> pipeline_pb2.Pipeline:
    """Returns the IR of the configured pipeline with its configuration, without a run id.

    Args:
        config: the whole run. Its outputs get absolute paths, because a scheduler's tasks start in other folders.
        publish: as in `create_pipeline`.
    """
    ir = Compiler().compile(create_pipeline(config, publish))
    configuration = StringValue(value=config.with_absolute_outputs().model_dump_json())
    ir.platform_configs[CONFIGURATION].Pack(configuration)
    return ir


def to_json(ir: pipeline_pb2.Pipeline) -> str:
    """Returns the IR as JSON text, which schedulers store."""
    return json_format.MessageToJson(ir, preserving_proto_field_name=True)


def to_inline(ir: pipeline_pb2.Pipeline) -> str:
    """Returns the IR as one short text without blanks, for schedulers without a file."""
    return INLINE_PREFIX + base64.b64encode(gzip.compress(to_json(ir).encode(), mtime=0)).decode()


def read_ir(source: str) -> pipeline_pb2.Pipeline:
    """Reads the IR from a JSON file's path or from the text of `to_inline`.

    Raises:
        VisageError: no such file, or not a compiled pipeline.
    """
    try:
        return json_format.Parse(read_compiled(source), pipeline_pb2.Pipeline())
    except json_format.ParseError:
        raise not_compiled(source) from None


def node_ids(ir: pipeline_pb2.Pipeline) -> list[str]:
    """Returns the nodes' names, each after those that it needs."""
    return [node.pipeline_node.node_info.id for node in ir.nodes]


def in_order(ir: pipeline_pb2.Pipeline, nodes: Collection[str]) -> list[str]:
    """Returns nodes in the order in which one process runs them, each once.

    Raises:
        VisageError: one of them does not exist.
    """
    for node in nodes:
        _find(ir, node)
    return [node for node in run_order(node_ids(ir)) if node in nodes]


def upstream_ids(ir: pipeline_pb2.Pipeline, node_id: str) -> list[str]:
    """Returns the names of the nodes that must end before `node_id` starts."""
    return list(_find(ir, node_id).upstream_nodes)


def workspace_of(ir: pipeline_pb2.Pipeline) -> Path:
    """Returns the pipeline's folder: artifacts, metadata, logs, pushed models."""
    return Path(ir.runtime_spec.pipeline_root.runtime_parameter.default_value.string_value).parent


def run_node(ir: pipeline_pb2.Pipeline, node_id: str, run_id: str) -> NodeResult:
    """Runs one node: driver, cache check, executor, publisher.

    Args:
        ir: the compiled pipeline, without a run id or with `run_id`; it is not changed.
        node_id: the node's name.
        run_id: groups the nodes of one run; any text, new for every run.

    Raises:
        VisageError: the node does not exist, the nodes before it have not run under this run id, ML Metadata's file is
            damaged or stays locked, or the disk is full.
        Interrupted: Ctrl-C or SIGTERM came before.
        Exception: of the node's executor; ML Metadata then has the execution as failed, without outputs.
    """
    # Nothing is pushed after a signal whose exception was dropped in the node before.
    check_interrupted()
    run = pipeline_pb2.Pipeline()
    run.CopyFrom(ir)
    substitute_runtime_parameter(run, {PIPELINE_RUN_ID_PARAMETER_NAME: run_id})
    node = _find(run, node_id)
    deployment = runner_utils.extract_local_deployment_config(run)
    connection = connection_of(deployment.metadata_connection_config)
    launcher = Launcher(
        pipeline_node=node,
        mlmd_connection=CheckedMetadata(connection),
        pipeline_info=run.pipeline_info,
        pipeline_runtime_spec=run.runtime_spec,
        executor_spec=runner_utils.extract_executor_spec(deployment, node_id),
        custom_driver_spec=runner_utils.extract_custom_driver_spec(deployment, node_id),
    )
    try:
        execution = launcher.launch()
        if execution is None or not execution.execution_id:
            raise VisageError(_not_ready(node, run_id))
        with CheckedMetadata(connection) as handle:
            result = read_result(handle, node_id, execution.execution_id)
        if result is None:
            raise VisageError(_not_ready(node, run_id))
        return result
    except Exception as error:
        if full := full_disk_line(error, workspace_of(ir)):
            raise VisageError(full) from error
        raise


def _find(ir: pipeline_pb2.Pipeline, node_id: str) -> pipeline_pb2.PipelineNode:
    for node in ir.nodes:
        if node.pipeline_node.node_info.id == node_id:
            return node.pipeline_node
    raise VisageError(f"{node_id}: no such node; this pipeline has {', '.join(node_ids(ir))}")


def _not_ready(node: pipeline_pb2.PipelineNode, run_id: str) -> str:
    needs = ", ".join(node.upstream_nodes)
    return f"{node.node_info.id}: its inputs are missing; run {needs} first with --run-id {run_id}"
