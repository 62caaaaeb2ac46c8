"""Writes a Kubeflow v2 pipeline: container tasks that run the nodes, the verdict, and an exit handler for the exports.

Nothing in it needs Kubeflow's own metadata: nodes find each other's outputs in ours. Kubeflow gets copies of metrics,
gate and model card for its pages.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.compiled import digest_of_compiled
from pipeline.config.kubeflow import PodSettings
from pipeline.config.schema import PipelineConfig
from pipeline.exports.export import enabled_exports
from pipeline.node import compile_pipeline, node_ids, to_inline, to_json, upstream_ids
from pipeline.node_params import allowed_params
from pipeline.runners.kubeflow.outputs import DUE_OUTPUT, METRICS, PAGES, PUSHED_VERSION, WITHHELD, outputs_of
from pipeline.runners.kubeflow.platform import check_statistics, executor_config, minimal_config, mounts_of
from pipeline.stages import tasks_of, upstream_of
from visage.errors import VisageError
from visage.files import atomic_file

RUN_TASK, RUN_VERDICT, RUN_DUE = "kubeflow-task", "kubeflow-verdict", "kubeflow-due"
"""The commands of `visage` that the containers run."""
VERDICT, EXPORTS, DUE = "Verdict", "Exports", "Due"
TRAIN, ALWAYS, IF_DUE = "train", "always", "if_due"
"""The pipeline's input that says whether a run asks before it trains, and its values."""
# Linux runs no program with a longer argument.
_LONGEST_ARGUMENT = 128 * 1024


def input_name(param: str) -> str:
    """Returns the name of the pipeline's input for a parameter of the nodes: Kubeflow's are words of Python.

    >>> input_name("evaluator.age_mae_max")
    'evaluator_age_mae_max'
    """
    return param.replace(".", "_")


def write_pipeline(config: PipelineConfig, out: Path) -> str:
    """Writes the pipeline as YAML for Kubeflow, with the compiled pipeline inside.

    Returns: the digest of the compiled pipeline.

    Raises:
        VisageError: `out` cannot be written, or the settings of `kubeflow` contradict others.
    """
    from kfp import compiler

    compiled = _KubeflowPipeline(config)
    try:
        # Kubeflow's compiler chooses the format by the ending.
        with atomic_file(out, out.with_name(f".{out.name}.partial.yaml")) as partial:
            compiler.Compiler().compile(compiled.pipeline(), str(partial))
    except OSError as error:
        raise VisageError(f"{out}: cannot be written: {error.strerror}") from None
    return compiled.digest


class _PipelineOutputs(NamedTuple):
    """What a pipeline that runs this one as a part of itself gets."""

    pushed_version: str


class _KubeflowPipeline:
    """A configured pipeline on its way to Kubeflow.

    Attributes:
        digest: of the compiled pipeline, 12 hexadecimal digits.
    """

    def __init__(self, config: PipelineConfig) -> None:
        self._config, self._settings = config, config.kubeflow
        self._mounts, self._params = mounts_of(config), allowed_params()
        check_statistics(config, self._mounts)
        ir = compile_pipeline(config)
        self._needed = {node: upstream_ids(ir, node) for node in node_ids(ir)}
        self._inline = to_inline(ir)
        self.digest = digest_of_compiled(to_json(ir))
        if len(self._inline) >= _LONGEST_ARGUMENT:
            raise VisageError(
                f"kubeflow: the compiled pipeline has {len(self._inline):,} characters, but Linux allows an argument "
                f"{_LONGEST_ARGUMENT:,}; shorten the lists of the configuration"
            )

    def pipeline(self) -> Any:
        """Returns the pipeline as kfp compiles it: the parameters of the nodes are its inputs, empty: not given."""
        from kfp import dsl

        inputs = {input_name(param): "" for param in self._params}
        exports, asks = bool(enabled_exports(self._config)), self._config.retraining.asks
        if asks:
            inputs[TRAIN] = IF_DUE
        # Kubeflow takes no output of a pipeline from inside an exit handler or a condition.
        has_outputs = not (exports or asks)

        def build(*values: Any) -> Any:
            params = dict(zip(inputs, values, strict=True))
            train = params.pop(TRAIN, None)
            with ExitStack() as stack:
                if exports:
                    # Runs however the nodes ended.
                    stack.enter_context(dsl.ExitHandler(self._exports()))
                if asks:
                    due = self._due(train)
                    stack.enter_context(dsl.If(due.outputs[DUE_OUTPUT] == "true", name="is due"))
                pushed = self._tasks(params)
            return _PipelineOutputs(pushed) if has_outputs else None

        kind = inspect.Parameter.KEYWORD_ONLY
        build.__name__ = "visage_pipeline"
        build.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [inspect.Parameter(name, kind, default=default, annotation=str) for name, default in inputs.items()],
            return_annotation=_PipelineOutputs if has_outputs else None,
        )
        return dsl.pipeline(
            name=self._config.name,
            description=f"Age and gender from faces, gated and pushed. Compiled pipeline {self.digest}.",
        )(build)

    def _tasks(self, params: Mapping[str, Any]) -> Any:
        """Makes the tasks of the nodes and the verdict; returns what Kubeflow fills with the version newly pushed."""
        grouped = tasks_of(list(self._needed), self._settings.tasks)
        made: dict[str, Any] = {}
        for name, needed in upstream_of(grouped, self._needed).items():
            nodes = grouped[name]
            made[name] = self._node_task(name, nodes, params).after(*(made[other] for other in needed))
        push = next(made[name] for name, nodes in grouped.items() if WITHHELD in outputs_of(nodes))
        self._verdict(push.outputs[WITHHELD])
        return push.outputs[PUSHED_VERSION]

    def _node_task(self, name: str, nodes: Sequence[str], params: Mapping[str, Any]) -> Any:
        outputs = outputs_of(nodes)

        def command(values: Mapping[str, Any]) -> list[Any]:
            words: list[Any] = ["--run-id", values["run_id"], "--pipeline", self._inline]
            for param in self._params:
                words += ["--param", f"{param}={values[input_name(param)]}"]
            for output in outputs:
                if output in PAGES:
                    words += ["--page", output, values[output].path]
            return [*words, "--executor-input", "{{$}}"]

        component = _component(name, self._settings.image, [RUN_TASK, *nodes], ["run_id", *params], outputs, command)
        task = component(run_id=_job_id(), **params)
        return self._with_pod(name, task, self._settings.pod_of(nodes[0]))

    def _exports(self) -> Any:
        def command(values: Mapping[str, Any]) -> list[Any]:
            missing = ["--missing-ok"] if self._config.retraining.asks else []
            return [values["run_id"], "--pipeline", self._inline, *missing]

        component = _component(EXPORTS, self._settings.image, ["runs", "export"], ["run_id"], [], command)
        return self._with_pod(EXPORTS, component(run_id=_job_id()), self._settings.pod)

    def _due(self, train: Any) -> Any:
        """Makes the task whose output says whether the run trains."""

        def command(values: Mapping[str, Any]) -> list[Any]:
            return ["--train", values[TRAIN], "--pipeline", self._inline, "--out", values[DUE_OUTPUT]]

        component = _component(DUE, self._settings.image, [RUN_DUE], [TRAIN], [DUE_OUTPUT], command)
        return self._with_pod(DUE, component(train=train), self._settings.pod)

    def _verdict(self, withheld: Any) -> Any:
        """Makes the task that fails when no model was pushed; the launcher drops the outputs of one that fails.

        Its pod gets no folder, no secret and no retry.
        """

        def command(values: Mapping[str, Any]) -> list[Any]:
            return ["--withheld", values[WITHHELD]]

        task = _component(VERDICT, self._settings.image, [RUN_VERDICT], [WITHHELD], [], command)(withheld=withheld)
        config = minimal_config(self._settings, self._settings.pod, self._labels(VERDICT))
        task.platform_config["kubernetes"] = config
        return _named(VERDICT, task)

    def _with_pod(self, name: str, task: Any, pod: PodSettings) -> Any:
        for variable, value in self._settings.environment.items():
            task.set_env_variable(variable, value)
        _set_resources(task, pod)
        if pod.retries:
            _set_retries(task, pod)
        task.platform_config["kubernetes"] = executor_config(self._settings, pod, self._mounts, self._labels(name))
        return _named(name, task)

    def _labels(self, task: str) -> dict[str, str]:
        return {
            # A label ends in a letter or a digit.
            "visage.pipeline": self._config.name.rstrip("-"),
            "visage.pipeline-digest": self.digest,
            "visage.task": task,
        }


def _named(name: str, task: Any) -> Any:
    task.set_display_name(name)
    # Nodes find each other's outputs in ML Metadata, whose cache knows more than Kubeflow's.
    return task.set_caching_options(False)


def _set_resources(task: Any, pod: PodSettings) -> None:
    if pod.cpu_request:
        task.set_cpu_request(pod.cpu_request)
    if pod.cpu_limit:
        task.set_cpu_limit(pod.cpu_limit)
    if pod.memory_request:
        task.set_memory_request(pod.memory_request)
    if pod.memory_limit:
        task.set_memory_limit(pod.memory_limit)
    if pod.gpus:
        task.set_accelerator_type(pod.gpu_resource).set_accelerator_limit(pod.gpus)


def _set_retries(task: Any, pod: PodSettings) -> None:
    """Lets a failed task be tried again.

    Not by `set_retry`, which shortens the time in which it is to an hour. Argo Workflows counts that from the start of
    the first try and ends a retry then, so that a training of more than an hour would have no retry.
    """
    from kfp.dsl import structures

    class RetryPolicy(structures.RetryPolicy):  # type: ignore[misc, unused-ignore]
        def to_proto(self) -> Any:
            policy = super().to_proto()
            policy.backoff_max_duration.seconds = pod.retry_window_seconds
            return policy

    task._task_spec.retry_policy = RetryPolicy(
        max_retry_count=pod.retries,
        backoff_duration=f"{pod.retry_delay_seconds}s",
        backoff_factor=pod.retry_backoff,
    )


def _component(
    name: str,
    image: str,
    words: Sequence[str],
    inputs: Sequence[str],
    outputs: Sequence[str],
    command: Callable[[Mapping[str, Any]], list[Any]],
) -> Callable[..., Any]:
    """Makes a container component.

    Args:
        name: of the component.
        image: of the container.
        words: of `visage`, known now.
        inputs: names of its inputs, all of them texts.
        outputs: names of its outputs.
        command: returns the words behind them, given a placeholder for each input and output.
    """
    from kfp import dsl

    names = [*inputs, *outputs]

    def run(*values: Any, **named: Any) -> Any:
        placeholders = {**dict(zip(names, values, strict=False)), **named}
        return dsl.ContainerSpec(image=image, command=["visage", *words], args=command(placeholders))

    run.__name__ = name
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            *(inspect.Parameter(one, kind, annotation=str) for one in inputs),
            *(inspect.Parameter(one, kind, annotation=_output_type(one)) for one in outputs),
        ]
    )
    return dsl.container_component(run)


def _output_type(output: str) -> Any:
    from kfp import dsl

    if output in PAGES:
        return dsl.Output[dsl.HTML]
    return dsl.Output[dsl.Metrics] if output == METRICS else dsl.OutputPath(str)


def _job_id() -> str:
    from kfp import dsl

    return dsl.PIPELINE_JOB_ID_PLACEHOLDER
