"""Writes an Airflow DAG whose tasks run `visage node`, and make the configured exports after the last of them."""

import sys
from pathlib import Path
from string import Template

from pipeline.compiled import compiled_file, write_compiled
from pipeline.config.schema import PipelineConfig
from pipeline.exports.export import enabled_exports
from pipeline.node import compile_pipeline, node_ids, to_json, upstream_ids
from pipeline.stages import tasks_of, upstream_of
from visage.files import write_atomically

_DAG = Template('''\
"""The pipeline "$name" on Airflow 3.x and 2.11.

Written by `visage compile airflow`; compile again rather than edit.
Airflow needs no package of VisAge: each task runs nodes of the compiled pipeline beside this file in VisAge's
environment. Pusher's task fails when the gate rejects the model, so the asset is updated only when the model is pushed.
"""

from pathlib import Path

try:
    from airflow.providers.standard.operators.bash import BashOperator
    from airflow.sdk import DAG, Asset
except ImportError:
    from airflow import DAG
    from airflow.datasets import Dataset as Asset
    from airflow.operators.bash import BashOperator

VISAGE = $visage
PIPELINE = str(Path(__file__).with_name($ir_name))
MODEL = Asset($model_uri)
RETRIES = $retries
# The nodes of each task, and the tasks that it needs.
NODES = $nodes
UPSTREAM = $upstream


def raw(text):
    return "{% raw %}" + text + "{% endraw %}"


with DAG(
    dag_id=$dag_id,
    schedule=$schedule,
    catchup=False,
    max_active_runs=1,
    tags=["visage"],
) as dag:
    tasks = {
        task: BashOperator(
            task_id=task,
            bash_command='"$$VISAGE" node $$NODES --pipeline "$$PIPELINE" --run-id "$$RUN_ID"',
            # Airflow renders these as templates; a path with braces is none.
            env={"VISAGE": raw(VISAGE), "NODES": " ".join(nodes), "PIPELINE": raw(PIPELINE), "RUN_ID": "{{ run_id }}"},
            append_env=True,
            # A retry would not change the gate's decision.
            retries=0 if "Pusher" in nodes else RETRIES,
            outlets=[MODEL] if "Pusher" in nodes else [],
        )
        for task, nodes in NODES.items()
    }
    for task, needed in UPSTREAM.items():
        tasks[task].set_upstream([tasks[name] for name in needed])
$exports''')

_EXPORTS = """
    exports = BashOperator(
        task_id="Exports",
        bash_command='"$VISAGE" runs export "$RUN_ID" --pipeline "$PIPELINE"',
        env={"VISAGE": raw(VISAGE), "PIPELINE": raw(PIPELINE), "RUN_ID": "{{ run_id }}"},
        append_env=True,
        retries=RETRIES,
    )
    needed = {name for names in UPSTREAM.values() for name in names}
    exports.set_upstream([tasks[task] for task in UPSTREAM if task not in needed])
    # Runs however the tasks ended, and the state of the run stays theirs.
    exports.as_teardown()
"""


def write_dag(config: PipelineConfig, out: Path) -> Path:
    """Writes the DAG file `out` and, beside it, the compiled pipeline `<stem>-<digest>.ir.json` of its tasks.

    A file of an earlier compile stays, because a run may be going on with it.

    Returns: the compiled pipeline's path.

    Raises:
        VisageError: a file cannot be written.
    """
    ir = compile_pipeline(config)
    compiled = to_json(ir)
    ir_path = compiled_file(out.parent, out.stem, compiled)
    tasks = tasks_of(node_ids(ir), config.airflow.tasks)
    upstream = upstream_of(tasks, {node: upstream_ids(ir, node) for node in node_ids(ir)})
    dag = _DAG.substitute(
        name=config.name,
        visage=repr(str(Path(sys.executable).parent / "visage")),
        ir_name=repr(ir_path.name),
        model_uri=repr(config.model_base_path.as_uri()),
        nodes=_pretty(tasks),
        upstream=_pretty(upstream),
        dag_id=repr(f"visage-{config.name}"),
        schedule=repr(config.airflow.schedule),
        retries=config.airflow.retries,
        exports=_EXPORTS if enabled_exports(config) else "",
    )
    # The tasks of a new DAG must find it.
    write_compiled(out.parent, out.stem, compiled)
    write_atomically(out, dag)
    return ir_path


def _pretty(lists: dict[str, list[str]]) -> str:
    rows = "".join(f"    {task!r}: {names!r},\n" for task, names in lists.items())
    return "{\n" + rows + "}"
