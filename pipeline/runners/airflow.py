"""Writes an Airflow DAG whose tasks run `visage node`, and make the configured exports after the last of them."""

from pathlib import Path

from pipeline.compiled import write_compiled
from pipeline.config.schema import PipelineConfig
from pipeline.exports.export import enabled_exports
from pipeline.node import compile_pipeline, node_ids, to_json, upstream_ids
from pipeline.runners.airflow_dag import dag_text
from pipeline.runners.pods import check_volumes
from pipeline.stages import tasks_of, upstream_of
from visage.files import write_atomically


def write_dag(config: PipelineConfig, out: Path) -> Path:
    """Writes the DAG file `out` and, beside it, the compiled pipeline `<stem>-<digest>.ir.json` of its tasks.

    A file of an earlier compile stays, because a run may be going on with it.

    Returns: the compiled pipeline's path.

    Raises:
        VisageError: a file cannot be written, or the pods' volumes do not hold the workspace.
    """
    airflow = config.airflow
    if airflow.operator == "kubernetes":
        check_volumes(config, airflow.kubernetes, "airflow.kubernetes")
    ir = compile_pipeline(config)
    tasks = tasks_of(node_ids(ir), airflow.tasks)
    upstream = upstream_of(tasks, {node: upstream_ids(ir, node) for node in node_ids(ir)})
    # The tasks of a new DAG must find it.
    ir_path = write_compiled(out.parent, out.stem, to_json(ir))
    dag = dag_text(config, tasks, upstream, ir_path.name, exports=bool(enabled_exports(config)))
    write_atomically(out, dag)
    return ir_path
