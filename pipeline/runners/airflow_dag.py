"""Writes the text of an Airflow DAG whose tasks run `visage node`; needs no TFX."""

import datetime
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline.config.airflow import AirflowSettings
from pipeline.config.schema import PipelineConfig
from pipeline.runners.literal import literal
from pipeline.runners.pods import pod_of

PUSHER, TRAINER = "Pusher", "Trainer"
# Airflow 2 needs a first day; without catch-up an earlier one schedules no run.
_LONG_AGO = datetime.date(2025, 1, 1)


def dag_text(
    config: PipelineConfig,
    tasks: Mapping[str, Sequence[str]],
    upstream: Mapping[str, Sequence[str]],
    ir_name: str,
    exports: bool,
) -> str:
    """Returns the text of the DAG.

    Args:
        config: the whole run.
        tasks: the nodes of each task, in the order of the pipeline.
        upstream: the tasks that must end before each task starts.
        ir_name: the compiled pipeline's file, beside the DAG.
        exports: whether a last task makes exports.
    """
    airflow = config.airflow
    needed_by_others = {name for names in upstream.values() for name in names}
    functions = _functions([*airflow.on_run_failure, *airflow.on_task_failure])
    aliases = {function["path"]: function["alias"] for function in functions}
    params = {key: _compiled_value(config, key) for key in airflow.params}
    template = _environment().get_template("airflow_dag.py.jinja")
    values = {
        **{name: getattr(airflow, name) for name in AirflowSettings.model_fields},
        "title": f'The pipeline "{config.name}"',
        "visage": str(Path(sys.executable).parent / "visage"),
        "pods": _pods(config, tasks) if airflow.operator == "kubernetes" else None,
        "ir_name": ir_name,
        "model_uri": config.model_base_path.as_uri(),
        "tasks": {task: list(nodes) for task, nodes in tasks.items()},
        "upstream": {task: list(needed) for task, needed in upstream.items()},
        "last": [task for task in tasks if task not in needed_by_others],
        "pusher": PUSHER,
        "params": params,
        "forms": {key: _form(value) for key, value in params.items()},
        "exports": exports,
        "dag_id": f"visage-{config.name}",
        "description": airflow.description or f"VisAge: {config.name}, from the data to a pushed model",
        "doc_md": _doc(config, ir_name),
        "start": airflow.start or _LONG_AGO,
        "functions": functions,
        "on_run_failure": [aliases[path] for path in airflow.on_run_failure],
        "on_task_failure": [
            *(aliases[path] for path in airflow.on_task_failure),
            *(["MAIL"] if airflow.email else []),
        ],
        "asks": config.retraining.asks,
        "sdk": _names_of_sdk(airflow),
    }
    return template.render(values)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("pipeline.runners", "."), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["literal"] = literal
    return environment


def _names_of_sdk(airflow: AirflowSettings) -> list[str]:
    names = ["DAG", "Asset"]
    names += ["AssetOrTimeSchedule", "CronTriggerTimetable"] if airflow.schedule and airflow.assets else []
    names += ["DeadlineAlert", "DeadlineReference", "SyncCallback"] if airflow.deadline.minutes else []
    names += ["Param"] if airflow.params else []
    return sorted(names, key=lambda name: (name != "DAG", name))


def _functions(paths: list[str]) -> list[dict[str, str]]:
    """Returns each function once, with an alias of its own."""
    found = []
    for number, path in enumerate(sorted(set(paths)), 1):
        module, _, name = path.rpartition(".")
        found.append({"path": path, "module": module, "name": name, "alias": f"callback_{number}"})
    return found


def _doc(config: PipelineConfig, ir_name: str) -> str:
    own = f"{config.airflow.doc_md.strip()}\n\n" if config.airflow.doc_md else ""
    asks = (
        "\n\nA scheduled run whose task `due` is skipped had no reason to train; its log has what was looked at. A run "
        "that you trigger always trains."
    )
    return (
        f"{own}VisAge's pipeline **{config.name}**, compiled as `{ir_name}`.\n\n"
        f"A new version of the model updates the asset `{config.model_base_path.as_uri()}`; where there is none, the "
        f"task of {PUSHER} is skipped. Where the gates reject the model, or a person holds it back, it fails at once."
        f"{asks if config.retraining.asks else ''}"
    )


def _pods(config: PipelineConfig, tasks: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Returns the pods: 'default', and one for the task that trains where it differs."""
    settings = config.airflow.kubernetes
    of_training = settings.train_nodes.over(settings.nodes)
    pods = {"default": pod_of(settings, settings.nodes, "visage")}
    if of_training != settings.nodes:
        for task in (task for task, nodes in tasks.items() if TRAINER in nodes):
            pods[task] = pod_of(settings, of_training, "visage")
    return pods


def _compiled_value(config: PipelineConfig, key: str) -> Any:
    """Returns the value of a key; of a limit with evidence its number."""
    value: Any = config.model_dump(mode="json")
    for part in key.split("."):
        value = value[part]
    return value["limit"] if isinstance(value, dict) else value


def _form(value: Any) -> str:
    """Returns how the trigger dialog shows a key: its JSON schema, as arguments in the DAG."""
    return 'type="string", enum=["stop", "warn"]' if isinstance(value, str) else "**NUMBER"
