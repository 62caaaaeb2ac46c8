"""Runs ONE node of the compiled pipeline with TFX's portable launcher, in the process of any scheduler.

A node needs only the compiled pipeline (TFX's intermediate representation, "IR"). It names the executors, the
artifacts' root and the ML Metadata store, in which the nodes of one run find each other's outputs by the run id.
"""

import base64
import gzip
import json
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from google.protobuf.wrappers_pb2 import StringValue
from tfx.dsl.compiler.compiler import Compiler
from tfx.dsl.compiler.constants import PIPELINE_RUN_ID_PARAMETER_NAME
from tfx.dsl.io import fileio
from tfx.orchestration.local import runner_utils
from tfx.orchestration.portable.data_types import ExecutionInfo
from tfx.orchestration.portable.launcher import Launcher
from tfx.orchestration.portable.runtime_parameter_utils import substitute_runtime_parameter
from tfx.proto.orchestration import pipeline_pb2
from tfx.proto.orchestration.execution_result_pb2 import ExecutorOutput

from components.model_card.executor import RESOURCES
from components.node_code import PROPERTY as CODE
from components.node_code import code_of, parts_of
from pipeline.compiled import CONFIGURATION, INLINE_PREFIX, VERSION, compiling_version, not_compiled, read_compiled
from pipeline.config.metadata import MetadataSettings
from pipeline.config.schema import PipelineConfig
from pipeline.interruption import check_interrupted
from pipeline.machine.full_disk import full_disk_line
from pipeline.machine.permissions import unwritable_workspace
from pipeline.metadata.connection import CheckedMetadata
from pipeline.metadata.earlier import begin_again, earlier_execution, restore, succeeded
from pipeline.metadata.location import StoreLocation
from pipeline.metadata.node_result import read_result
from pipeline.metadata.reader import PipelineMetadata
from pipeline.metadata.resources import PROPERTY as USE
from pipeline.metadata.resources import resources_of
from pipeline.pipeline import create_pipeline
from pipeline.results import NodeResult
from pipeline.run_lock import node_lock
from pipeline.stages import run_order
from visage.errors import VisageError
from visage.lock import locked
from visage.resource_use import ResourceMeter

# Its page shows what the nodes before it used.
_MODEL_CARD = "ModelCard"


def compile_pipeline(config: PipelineConfig, publish: bool = True) -> pipeline_pb2.Pipeline:
    """Returns the IR of the configured pipeline with its configuration, without a run id.

    Args:
        config: the whole run. Its outputs get absolute paths, because a scheduler's tasks start in other folders.
        publish: as in `create_pipeline`.
    """
    ir = Compiler().compile(create_pipeline(config, publish))
    stamp(ir)
    configuration = StringValue(value=config.with_absolute_outputs().model_dump_json())
    ir.platform_configs[CONFIGURATION].Pack(configuration)
    return ir


def stamp(ir: pipeline_pb2.Pipeline) -> None:
    """Records the version of VisAge that compiles, and the installed code of each node."""
    ir.platform_configs[VERSION].Pack(StringValue(value=compiling_version()))
    for node in ir.nodes:
        _set_code(node.pipeline_node)


def to_json(ir: pipeline_pb2.Pipeline) -> str:
    """Returns the IR as JSON text, which schedulers store; equal pipelines have equal texts."""
    values = json_format.MessageToDict(ir, preserving_proto_field_name=True)
    # Sorted, because the order of a protocol buffer's mappings differs between processes.
    return json.dumps(values, indent=1, sort_keys=True) + "\n"


def to_inline(ir: pipeline_pb2.Pipeline) -> str:
    """Returns the IR as one short text without blanks, for schedulers without a file."""
    return INLINE_PREFIX + base64.b64encode(gzip.compress(to_json(ir).encode(), mtime=0)).decode()


def read_ir(source: str) -> pipeline_pb2.Pipeline:
    """Reads the IR from a JSON file's path or from the text of `to_inline`.

    Raises:
        VisageError: as `read_compiled`, or another version of TFX compiled it.
    """
    return parse_ir(read_compiled(source), source)


def parse_ir(text: str, source: str) -> pipeline_pb2.Pipeline:
    """Returns the IR of a JSON text.

    Args:
        text: as `read_compiled` returned it.
        source: where it stood, for the error.

    Raises:
        VisageError: another version of TFX compiled it.
    """
    try:
        return json_format.Parse(text, pipeline_pb2.Pipeline())
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


def store_of(ir: pipeline_pb2.Pipeline) -> StoreLocation:
    """Returns where a compiled pipeline's ML Metadata is; its own file if an earlier version compiled it."""
    configuration = StringValue()
    if CONFIGURATION not in ir.platform_configs or not ir.platform_configs[CONFIGURATION].Unpack(configuration):
        return StoreLocation(workspace_of(ir))
    settings = json.loads(configuration.value).get("metadata", {})
    return StoreLocation(workspace_of(ir), MetadataSettings.model_validate(settings))


def run_node(
    ir: pipeline_pb2.Pipeline, node_id: str, run_id: str, started: Callable[[int], None] = lambda _: None
) -> NodeResult:
    """Runs one node: driver, cache check, executor, publisher.

    A node that a scheduler starts twice under one run id waits for the first start and returns its result: a node that
    has succeeded is not run again in its run.

    Args:
        ir: the compiled pipeline, without a run id or with `run_id`; it is not changed.
        node_id: the node's name.
        run_id: groups the nodes of one run; any text, new for every run.
        started: is called with the id of the execution, before its executor runs.

    Raises:
        VisageError: the node does not exist, the nodes before it have not run under this run id, files of the run were
            removed, ML Metadata's file is damaged or stays locked, its server cannot be used, or the disk is full or
            cannot be written.
        Interrupted: Ctrl-C or SIGTERM came before.
        Exception: of the node's executor; ML Metadata then has the execution as failed, without outputs.
    """
    # Nothing is pushed after a signal whose exception was dropped in the node before.
    check_interrupted()
    run = pipeline_pb2.Pipeline()
    run.CopyFrom(ir)
    substitute_runtime_parameter(run, {PIPELINE_RUN_ID_PARAMETER_NAME: run_id})
    node = _find(run, node_id)
    _set_code(node)
    with _started_once(workspace_of(ir), run_id, node_id):
        try:
            return _run_alone(run, node, run_id, store_of(ir), started)
        except Exception as error:
            if full := full_disk_line(error, workspace_of(ir)):
                raise VisageError(full) from error
            raise


@contextmanager
def _started_once(root: Path, run_id: str, node_id: str) -> Iterator[None]:
    """Lets one process at a time run a node of a run; another one waits.

    Raises:
        VisageError: the folder of the pipeline cannot be written.
    """
    with ExitStack() as stack:
        lock = node_lock(root, run_id, node_id)
        try:
            stack.enter_context(locked(lock, f"end {node_id}", remove=True))
        except OSError as error:
            full = full_disk_line(error, lock)
            raise VisageError(full) if full else unwritable_workspace(lock, error.strerror) from None
        yield


def _run_alone(
    run: pipeline_pb2.Pipeline,
    node: pipeline_pb2.PipelineNode,
    run_id: str,
    location: StoreLocation,
    started: Callable[[int], None],
) -> NodeResult:
    deployment = runner_utils.extract_local_deployment_config(run)
    location.prepare()
    node_id = node.node_info.id
    with CheckedMetadata(location) as handle:
        earlier = earlier_execution(handle, run.pipeline_info.id, run_id, node_id)
        if earlier is not None and succeeded(earlier):
            result = read_result(handle, node_id, earlier.id)
            assert result is not None
            _check_there(node_id, [output.uri for outputs in result.outputs.values() for output in outputs], run_id)
            return result
        if earlier is not None:
            begin_again(handle, earlier, _texts(node))
    launcher = _Launcher(
        pipeline_node=node,
        mlmd_connection=CheckedMetadata(location),
        pipeline_info=run.pipeline_info,
        pipeline_runtime_spec=run.runtime_spec,
        executor_spec=runner_utils.extract_executor_spec(deployment, node_id),
        custom_driver_spec=runner_utils.extract_custom_driver_spec(deployment, node_id),
        started=started,
        used_before=partial(_used_before, run, node_id, run_id, location) if node_id == _MODEL_CARD else None,
    )
    execution = launcher.launch()
    if earlier is not None and (execution is None or execution.execution_id != earlier.id):
        # TFX has not gone on with it: its inputs are missing, or a resolver has a new one each time.
        with CheckedMetadata(location) as handle:
            restore(handle, earlier)
    if execution is None or not execution.execution_id:
        raise VisageError(_not_ready(node, run_id))
    with CheckedMetadata(location) as handle:
        made = read_result(handle, node_id, execution.execution_id)
    if made is None:
        raise VisageError(_not_ready(node, run_id))
    return made


class _Launcher(Launcher):
    """Checks that the inputs are there before an executor starts, and measures what the executor uses.

    Its own error of missing inputs would be a traceback.
    """

    def __init__(self, *, started: Callable[[int], None], used_before: Callable[[], str] | None, **known: Any) -> None:
        """Takes what the launcher of TFX takes, and two functions.

        Args:
            started: is called with the id of the execution before its executor runs.
            used_before: returns what the nodes before this one used; None: its executor does not show it.
            known: for TFX.
        """
        super().__init__(**known)
        self._started, self._used_before = started, used_before

    def _run_executor(self, execution_info: ExecutionInfo) -> ExecutorOutput:
        uris = [artifact.uri for artifacts in execution_info.input_dict.values() for artifact in artifacts]
        _check_there(execution_info.pipeline_node.node_info.id, uris, execution_info.pipeline_run_id)
        self._started(execution_info.execution_id)
        if self._used_before is not None:
            # After the cache key was computed: the same model has the same card, whatever its nodes used.
            execution_info.exec_properties[RESOURCES] = self._used_before()
        meter = ResourceMeter()
        done = super()._run_executor(execution_info)
        if RESOURCES in done.execution_properties:
            del done.execution_properties[RESOURCES]
        made = [Path(artifact.uri) for artifacts in execution_info.output_dict.values() for artifact in artifacts]
        done.execution_properties[USE].string_value = meter.read(made).to_text()
        return done


def _check_there(node_id: str, uris: Iterable[str], run_id: str) -> None:
    """Checks that the files of a run were not removed while it was going on.

    Raises:
        VisageError: a folder is gone.
    """
    if gone := next((uri for uri in uris if not fileio.exists(uri)), None):
        raise VisageError(f"{node_id}: {gone} was removed, so run {run_id} cannot go on; start a new run")


def _used_before(run: pipeline_pb2.Pipeline, node_id: str, run_id: str, location: StoreLocation) -> str:
    """Returns, as JSON, what the nodes used that must end before this one starts."""
    metadata = PipelineMetadata(workspace_of(run), run.pipeline_info.id, location)
    before = _all_upstream(run, node_id)
    return json.dumps([one.to_json() for one in resources_of(metadata, metadata.run(run_id), before)])


def _all_upstream(ir: pipeline_pb2.Pipeline, node_id: str) -> set[str]:
    """Returns the nodes that must end before `node_id` starts, also those before them."""
    direct = upstream_ids(ir, node_id)
    return set(direct).union(*(_all_upstream(ir, node) for node in direct))


def _texts(node: pipeline_pb2.PipelineNode) -> dict[str, str]:
    """Returns the parameters that are texts."""
    values = {name: value.field_value for name, value in node.parameters.parameters.items()}
    return {name: value.string_value for name, value in values.items() if value.WhichOneof("value") == "string_value"}


def code_change(ir: pipeline_pb2.Pipeline, node_id: str) -> str | None:
    """Returns a line on how a node's installed code differs from the compiled pipeline's; None if it does not."""
    parameters = _find(ir, node_id).parameters.parameters
    compiled = parameters[CODE].field_value.string_value if CODE in parameters else ""
    installed = code_of(node_id)
    if not installed or installed == compiled:
        return None
    then, now = parts_of(compiled), parts_of(installed)
    changed = ", ".join(name for name in dict.fromkeys((*now, *then)) if name and now.get(name) != then.get(name))
    return (
        f"{node_id}: its code is not that of the compiled pipeline ({changed}); its results are filed under the "
        "installed code"
    )


def _set_code(node: pipeline_pb2.PipelineNode) -> None:
    if code := code_of(node.node_info.id):
        node.parameters.parameters[CODE].field_value.string_value = code


def _find(ir: pipeline_pb2.Pipeline, node_id: str) -> pipeline_pb2.PipelineNode:
    for node in ir.nodes:
        if node.pipeline_node.node_info.id == node_id:
            return node.pipeline_node
    raise VisageError(f"{node_id}: no such node; this pipeline has {', '.join(node_ids(ir))}")


def _not_ready(node: pipeline_pb2.PipelineNode, run_id: str) -> str:
    needs = ", ".join(node.upstream_nodes)
    return f"{node.node_info.id}: its inputs are missing; run {needs} first with --run-id {run_id}"
