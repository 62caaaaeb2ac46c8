"""Writes a Kubeflow v2 pipeline whose container tasks run `visage node`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline.config.schema import PipelineConfig
from pipeline.node import compile_pipeline, node_ids, to_inline, upstream_ids
from visage.errors import VisageError
from visage.files import atomic_file


def write_pipeline(config: PipelineConfig, out: Path) -> None:
    """Writes the pipeline as YAML for Kubeflow, with the compiled pipeline inside.

    Raises:
        VisageError: `out` cannot be written.
    """
    from kfp import compiler, dsl

    ir = compile_pipeline(config)

    @dsl.pipeline(name=config.name, description="Age and gender from faces, gated and pushed.")
    def visage_pipeline(compiled_pipeline: str = to_inline(ir)) -> None:
        tasks: dict[str, Any] = {}
        for node in node_ids(ir):
            task = _node_component(node, config.kubeflow.image)(
                compiled_pipeline=compiled_pipeline, run_id=dsl.PIPELINE_JOB_ID_PLACEHOLDER
            )
            task.set_display_name(node)
            # Nodes find each other's outputs in ML Metadata, whose cache knows more than Kubeflow's.
            task.set_caching_options(False)
            tasks[node] = task.after(*(tasks[name] for name in upstream_ids(ir, node)))

    try:
        # Kubeflow's compiler chooses the format by the ending.
        with atomic_file(out, out.with_name(f".{out.name}.partial.yaml")) as partial:
            compiler.Compiler().compile(visage_pipeline, str(partial))
    except OSError as error:
        raise VisageError(f"{out}: cannot be written: {error.strerror}") from None


def _node_component(node: str, image: str) -> Callable[..., Any]:
    from kfp import dsl

    def run(compiled_pipeline: str, run_id: str):  # type: ignore[no-untyped-def]
        return dsl.ContainerSpec(
            image=image, command=["visage", "node", node], args=["--pipeline", compiled_pipeline, "--run-id", run_id]
        )

    run.__name__ = node
    return dsl.container_component(run)
