"""The settings of Airflow are checked when they are read."""

import datetime

import pytest

from pipeline.config.loader import load_config
from pipeline.config.schema import PipelineConfig
from tests.pipeline.config.refusal import DEFAULT, refusal


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["airflow.timezone=Europe/Berln"],
            "--set airflow.timezone: 'Europe/Berln' is no time zone; write one such as Europe/Berlin",
        ),
        (["airflow.timezone=../etc/passwd"], "is no time zone"),
        (["airflow.start=31.1.2026"], "--set airflow.start: must be a date such as 2026-01-31, not '31.1.2026'"),
        (["airflow.start=2026-01-31 04:00:00"], "must be a date such as 2026-01-31"),
        (["airflow.catchup=true", "airflow.schedule='@daily'"], "catchup: needs a schedule and start, the first day"),
        (["airflow.catchup=true", "airflow.start=2026-01-31"], "catchup: needs a schedule and start, the first day"),
        (["airflow.assets=[faces]"], "such as s3://bucket/faces, not 'faces'"),
        (["airflow.assets=['airflow://x/y']"], "must be the URI of an asset"),
        (["airflow.assets=['s3://bücket/faces']"], "must be the URI of an asset (ASCII, at most 1500 characters)"),
        ([f"airflow.assets=['s3://{'a' * 1500}']"], "must be the URI of an asset (ASCII, at most 1500 characters)"),
        (["airflow.assets=['s3://key:secret@bucket/faces']"], "airflow.assets.0: must hold no user and no password, "),
        (
            ["airflow.assets=['s3://bucket/faces']", "airflow.schedule='@once'"],
            "schedule: @once does not go with assets; write cron text, or null",
        ),
        (
            ["airflow.on_run_failure=[page]"],
            "must be a dotted name such as my_company.alerts.page, not 'page'",
        ),
        (["airflow.on_task_failure=['os.system(1)']"], "must be a dotted name"),
        (["airflow.on_task_failure=[alerts.class]"], "must be a dotted name"),
        (["airflow.deadline.minutes=5"], "minutes and callback must be set together"),
        (["airflow.retry_minutes=60", "airflow.max_retry_minutes=5"], "max_retry_minutes: is below retry_minutes"),
        (
            ["airflow.params=[evaluator.age_mae]"],
            "--set airflow.params.0: no trigger may set 'evaluator.age_mae'; did you mean evaluator.age_mae_max?",
        ),
        (["airflow.params=[trainer.epochs]"], "no trigger may set 'trainer.epochs'; allowed: evaluator.age_mae_max, "),
        (["airflow.operator=kubernetes"], "kubernetes.image: is missing; operator kubernetes runs each task in a pod"),
        (["airflow.operator=docker"], "--set airflow.operator: must be 'bash' or 'kubernetes', not 'docker'"),
        (["airflow.kubernetes.nodes.memory=64Mo"], "must be a quantity of Kubernetes such as 8Gi or 512Mi, not '64Mo'"),
        (["airflow.kubernetes.volumes=[{claim: A_B, mount: /x}]"], "must be a name of Kubernetes (lower-case letters"),
        (
            ["airflow.kubernetes.volumes=[{claim: a, mount: x}]"],
            "must be the absolute path of a folder in the container",
        ),
        (["airflow.kubernetes.volumes=[{claim: a, mount: /tmp}]"], "such as /mnt/visage, not '/tmp'"),
        (
            ["airflow.kubernetes.volumes=[{claim: a, mount: /x}, {claim: b, mount: /x}]"],
            "--set airflow.kubernetes.volumes: two volumes have the mount /x; remove one",
        ),
        (
            ["airflow.kubernetes.volumes=[{claim: a, mount: /x, sub_path: ../y}]"],
            "must be the path of a folder within the volume, not '../y'",
        ),
        (["airflow.kubernetes.env={A B: x}"], "must be the name of an environment variable, not 'A B'"),
        (
            ["airflow.kubernetes.env={A: x}", "airflow.kubernetes.secrets=[{secret: a, key: b, env: A}]"],
            "secrets: the environment has A, too; remove one",
        ),
        (
            ["airflow.kubernetes.nodes={cpu: 4, cpu_limit: 2}"],
            "cpu: 4 is above cpu_limit 2, so that no pod would start",
        ),
        (
            ["airflow.kubernetes.nodes.cpu_limit=4", "airflow.kubernetes.train_nodes.cpu=8"],
            "train_nodes.cpu: 8 is above cpu_limit 4",
        ),
        (["airflow.kubernetes.nodes.gpu=gpu"], "must be a resource such as nvidia.com/gpu, not 'gpu'"),
        (["airflow.kubernetes.nodes.node_selector={a b: c}"], "must hold labels of nodes, not 'a b: c'"),
        (["airflow.kubernetes.image=my image"], "must be an image such as REGISTRY/visage:1, not 'my image'"),
        (["airflow.kubernetes.nodes.tolerations=[{value: x}]"], "key: is missing"),
    ],
)
def test_a_mistake_is_one_line(overrides: list[str], message: str) -> None:
    line = refusal(*overrides)
    assert message in line
    assert "\n" not in line


@pytest.mark.parametrize("preset", ["@once", "@continuous", "@quarterly", "@weekly"])
def test_presets_are_written_as_airflow_compares_them(preset: str) -> None:
    assert load_config(DEFAULT, [f"airflow.schedule={preset.upper()}"]).airflow.schedule == preset


def test_the_first_day_survives_the_compiled_pipeline() -> None:
    changes = ["airflow.start=2026-01-31", "airflow.schedule='@daily'", "airflow.catchup=true"]
    config = load_config(DEFAULT, changes)
    assert config.airflow.start == datetime.date(2026, 1, 31)
    assert PipelineConfig.model_validate_json(config.model_dump_json()) == config


def test_quantities_may_be_numbers() -> None:
    nodes = load_config(DEFAULT, ["airflow.kubernetes.nodes={cpu: 2.5, memory: 8589934592}"]).airflow.kubernetes.nodes
    assert (nodes.cpu, nodes.memory) == ("2.5", "8589934592")


def test_the_training_takes_what_differs() -> None:
    changes = ["airflow.kubernetes.nodes={cpu: 2, memory: 8Gi}", "airflow.kubernetes.train_nodes={gpus: 1}"]
    pod = load_config(DEFAULT, changes).airflow.kubernetes
    training = pod.train_nodes.over(pod.nodes)
    assert (training.cpu, training.memory, training.gpus) == ("2", "8Gi", 1)
    assert pod.nodes.gpus == 0
