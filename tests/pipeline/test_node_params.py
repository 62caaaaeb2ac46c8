"""A trigger sets limits and accepted drift for one run, as if the pipeline had been compiled with them."""

import json
from pathlib import Path

import pytest

from pipeline.begun_run import begin_run
from pipeline.config.loader import load_config
from pipeline.node import compile_pipeline, to_json
from pipeline.node_params import allowed_params, read_params, with_params
from pipeline.run_record import read_record
from tests.helpers.project import PROJECT
from visage.errors import VisageError

WORKSPACE = "workspace=/srv/visage"
# One of every place: Evaluator, ExampleValidator with its resolver, and Pusher, which compares no longer.
CHANGES = [
    "evaluator.age_mae_max=9.5",
    "evaluator.gender_accuracy_min={limit: 0.5, evidence: safe}",
    "validation.anomalies=warn",
    "validation.drift.gender=null",
]


def compiled(*changes: str) -> str:
    return to_json(compile_pipeline(load_config(PROJECT / "pipeline_config.yaml", [WORKSPACE, *changes])))


@pytest.fixture(scope="module")
def text() -> str:
    return compiled()


def test_the_changed_pipeline_is_the_one_that_the_changed_configuration_compiles_to(text: str) -> None:
    comparisons = [f"{key}=null" for key in allowed_params() if key.endswith(("increase_max", "decrease_max"))]
    assert comparisons
    changes = [*CHANGES, *comparisons]
    changed = with_params(text, read_params(changes))
    assert json.loads(changed) == json.loads(compiled(*changes))
    assert changed == compiled(*changes) != text


def test_an_empty_value_is_not_given(text: str) -> None:
    assert read_params(["evaluator.age_mae_max=", "validation.drift.age= "]) == {}
    assert with_params(text, {}) == text


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("trainer.epochs=3", "--param trainer.epochs: no trigger may set this; allowed: evaluator.age_mae_max, "),
        ("evaluator.reference=3", "--param evaluator.reference: no trigger may set this; "),
        ("evaluator.age_mae_mx=3", "--param evaluator.age_mae_mx: no trigger may set this; did you mean "),
        ("evaluator.age_mae_max", "--param evaluator.age_mae_max: write KEY=VALUE, e.g. "),
        ("evaluator.age_mae_max=[", "--param evaluator.age_mae_max=[: '[' is not a YAML value"),
    ],
)
def test_another_key_and_no_yaml_are_refused_in_one_line(word: str, line: str) -> None:
    with pytest.raises(VisageError) as error:
        read_params([word])
    assert str(error.value).startswith(line)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("evaluator.age_mae_max=many", "--param evaluator.age_mae_max.limit: must be a number, not 'many'"),
        ("validation.drift.gender=7", "--param validation.drift.gender: must be less than or equal to 1, not 7"),
        ("validation.anomalies=go on", "--param validation.anomalies: must be 'stop' or 'warn', not 'go on'"),
    ],
)
def test_an_invalid_value_is_refused_in_one_line(text: str, word: str, line: str) -> None:
    with pytest.raises(VisageError) as error:
        with_params(text, read_params([word]))
    assert str(error.value) == line


def test_a_run_that_goes_on_with_its_own_pipeline_keeps_the_values_of_its_trigger(tmp_path: Path) -> None:
    workspace, limit = f"workspace={tmp_path}", "evaluator.age_mae_max=5"
    first = compiled(workspace)
    began = begin_run(first, "1", read_params([limit]))
    # Compiled again with that limit: for its tasks, the trigger's value is nothing to be set.
    then = begin_run(compiled(workspace, limit), "1", {})
    assert then.note is not None
    assert then.text == began.text == with_params(first, read_params([limit]))

    # And a value that only the new one's tasks have to set is the first one's own.
    other = begin_run(compiled(workspace, limit, "validation.anomalies=warn"), "1", {"validation.anomalies": "stop"})
    assert other.text == began.text
    record = read_record(tmp_path / "sample-portraits", "1")
    assert record is not None
    assert record.params == {"evaluator.age_mae_max": 5}
    assert record.configuration is not None
    assert record.configuration["validation"]["anomalies"] == "stop"
