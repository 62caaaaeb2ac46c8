"""A key whose values are texts takes what the command line gives, though YAML reads it otherwise or not at all."""

import pytest

from pipeline.config.key_types import read_value
from pipeline.config.loader import load_config
from tests.pipeline.config.refusal import DEFAULT
from visage.errors import VisageError


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("airflow.schedule", "@weekly"),
        ("airflow.schedule", "*/4 * * * *"),
        ("airflow.schedule", "30 4 * * mon-fri"),
        ("name", "2026"),
        ("name", "yes"),
        ("name", "2026-01-02"),
        ("kubeflow.image", "a: b"),
        ("trainer.weights", "%home"),
        ("evaluator.reference", "*x"),
        ("exports.openlineage.file", "[events].ndjson"),
        ("data.labelled_folders.mine.columns.age", "@age"),
    ],
)
def test_a_text_needs_no_quotes_of_yaml(key: str, text: str) -> None:
    assert read_value("--set", key, text) == text


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("airflow.schedule", "null", None),
        ("airflow.schedule", "", None),
        ("airflow.schedule", "'0 4 * * 1'", "0 4 * * 1"),
        ("trainer.freeze", "7", 7),
        ("trainer.freeze", "conv5", "conv5"),
        ("trainer.freeze", "[dlib_, faceres_]", ["dlib_", "faceres_"]),
        ("trainer.weights.faceres", "%home", "%home"),
        ("evaluator.reference", "12", 12),
        ("trainer.epochs", "3", 3),
        ("data.sources", "[a, b]", ["a", "b"]),
        ("tuner.search", "{trainer.batch_size: [32]}", {"trainer.batch_size": [32]}),
        ("evaluator.age_mae_max", "{limit: 3, evidence: safe}", {"limit": 3, "evidence": "safe"}),
        ("no.such.key", "3", 3),
    ],
)
def test_other_values_are_yaml(key: str, text: str, value: object) -> None:
    assert read_value("--set", key, text) == value


@pytest.mark.parametrize("key", ["trainer.epochs", "no.such.key", "data.sources"])
def test_another_key_wants_yaml(key: str) -> None:
    with pytest.raises(VisageError, match=rf"^--set {key}=\*/4: '\*/4' is not a YAML value: "):
        read_value("--set", key, "*/4")


def test_schedules_are_given_unquoted_and_checked() -> None:
    for schedule in ("@weekly", "*/4 * * * *"):
        assert load_config(DEFAULT, [f"airflow.schedule={schedule}"]).airflow.schedule == schedule
    with pytest.raises(VisageError, match=r"^--set airflow\.schedule: '@weakly' is no preset"):
        load_config(DEFAULT, ["airflow.schedule=@weakly"])
