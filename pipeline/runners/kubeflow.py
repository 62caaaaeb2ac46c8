"""Writes a Kubeflow v2 pipeline whose container tasks run `visage node`, and an exit handler for the exports."""

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from pipeline.compiled import digest_of_compiled
from pipeline.config.schema import PipelineConfig
from pipeline.exports.export import enabled_exports
from pipeline.node import compile_pipeline, node_ids, to_inline, to_json, upstream_ids
from pipeline.stages import tasks_of, upstream_of
from visage.errors import VisageError
from visage.files import atomic_file


def write_pipeline(config: PipelineConfig, out: Path) -> None:
    """Writes the pipeline as YAML for Kubeflow, with the compiled pipeline inside.

    Raises:
        VisageError: `out` cannot be written.
    """
    from kfp import compiler, dsl

    ir = compile_pipeline(config)
    tasks = tasks_of(node_ids(ir), config.kubeflow.tasks)
    upstream = upstream_of(tasks, {node: upstream_ids(ir, node) for node in node_ids(ir)})

    digest = digest_of_compiled(to_json(ir))

    @dsl.pipeline(name=config.name, description=f"Age and gender from faces, gated and pushed. Pipeline {digest}.")
    def visage_pipeline(compiled_pipeline: str = to_inline(ir)) -> None:
        def task(name: str, *words: str) -> Any:
            component = _component(name, ["visage", *words], config.kubeflow.image)
            made = component(compiled_pipeline=compiled_pipeline, run_id=dsl.PIPELINE_JOB_ID_PLACEHOLDER)
            made.set_display_name(name)
            # Nodes find each other's outputs in ML Metadata, whose cache knows more than Kubeflow's.
            return made.set_caching_options(False)

        # Runs however the nodes ended.
        exports = dsl.ExitHandler(task("Exports", "runs", "export")) if enabled_exports(config) else nullcontext()
        with exports:
            steps: dict[str, Any] = {}
            for name, needed in upstream.items():
                steps[name] = task(name, "node", *tasks[name], "--run-id").after(*(steps[other] for other in needed))

    try:
        # Kubeflow's compiler chooses the format by the ending.
        with atomic_file(out, out.with_name(f".{out.name}.partial.yaml")) as partial:
            compiler.Compiler().compile(visage_pipeline, str(partial))
    except OSError as error:
        raise VisageError(f"{out}: cannot be written: {error.strerror}") from None


def _component(name: str, command: list[str], image: str) -> Callable[..., Any]:
    """Makes a container component that runs a command with the run's id and the compiled pipeline behind it."""
    from kfp import dsl

    def run(compiled_pipeline: str, run_id: str):  # type: ignore[no-untyped-def]
        return dsl.ContainerSpec(image=image, command=command, args=[run_id, "--pipeline", compiled_pipeline])

    run.__name__ = name
    return dsl.container_component(run)
