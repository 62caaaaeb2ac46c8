"""One file configures everything, and each invalid value in it is one line."""

import copy
import datetime
import functools
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel, ValidationError

from pipeline.config.errors import explain
from pipeline.config.key_types import without_none
from pipeline.config.loader import load_config
from pipeline.config.schema import PipelineConfig
from tests.helpers.project import PROJECT
from tests.pipeline.config.refusal import DEFAULT, refusal
from visage.errors import VisageError
from visage.evaluation.settings import Limit

DEFAULT_VALUES = yaml.safe_load(DEFAULT.read_text(encoding="utf-8"))


def _model_of(annotation: Any) -> type[BaseModel] | None:
    annotation = without_none(annotation)
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def keys(model: type[BaseModel], prefix: str = "") -> list[str]:
    """Every key path that a configuration file may name."""
    found = []
    for name, field in model.model_fields.items():
        below = _model_of(field.annotation)
        is_fixed = not re.search(r"(list|dict)\[", str(field.annotation))
        # A limit may be written as a number.
        nested = below is not None and is_fixed and not issubclass(below, Limit)
        found += keys(below, f"{prefix}{name}.") if below and nested else [f"{prefix}{name}"]
    return found


def test_the_default_file_names_every_key_there_is() -> None:
    values = yaml.safe_load(DEFAULT.read_text())
    for key in keys(PipelineConfig):
        here = values
        for part in key.split("."):
            assert part in here, f"pipeline_config.yaml does not name {key}"
            here = here[part]


def test_every_key_of_the_default_file_has_a_comment() -> None:
    lines = DEFAULT.read_text().splitlines()
    shares_a_comment = {"min_age", "max_age", "train", "val", "test", "data", "sample_portraits", "beam"}
    shares_a_comment |= {"trainer", "tuner", "evaluator", "serving", "airflow", "kubeflow"}
    for before, line in zip(["", *lines], lines, strict=False):
        key = re.match(r"\s*([a-z_]+):", line)
        if key and key[1] not in shares_a_comment:
            assert before.lstrip().startswith("#"), f"no comment above: {line}"


@pytest.mark.parametrize("recipe", sorted((PROJECT / "recipes").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_recipe_is_a_valid_run_of_its_own_name(recipe: Path) -> None:
    config = load_config(recipe)
    assert config.name != load_config(DEFAULT).name
    assert config.name.replace("-", "_") == recipe.stem


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("trainer.epoch=3", ["trainer.epoch", "unknown key", "did you mean epochs?", "batch_size"]),
        ("trainer.epochs=many", ["trainer.epochs", "integer", "'many'"]),
        ("trainer.epochs=0", ["trainer.epochs", "greater than or equal to 1"]),
        ("trainer={network: cnn_utkface, input_size: 96, epochs: 1, learning_rate: 1}", ["takes 64 pixels alone"]),
        ("trainer={network: visage_duo, input_size: 224, epochs: 1, learning_rate: 1}", ["takes 150 pixels alone"]),
        ("trainer.age_head=votes", ["trainer.age_head: must be 'regression', 'softmax'", "or 'none', not 'votes'"]),
        (
            "trainer.gender_head=none",
            ["evaluator: gender_accuracy_min, gender_accuracy_decrease_max must be null: compact predicts no gender"],
        ),
        ("trainer.network=resnet", ["trainer.network", "'compact'", "'cnn_utkface'", "'resnet'"]),
        ("data.sources=[utkfaces]", ["data.sources.0", "'utkface'", "'utkfaces'"]),
        ("data.sources=[utkface, utkface]", ["data", "twice"]),
        ("data.sources=[lfw]", ["data.sources.0", "'adience/faces'", "'labelled_folder/NAME'", "'lfw'"]),
        ("data.sources=[labelled_folder]", ["data.sources.0", "'labelled_folder/NAME'", "a-z, 0-9 and _"]),
        ("data.sources=[labelled_folder/My-Faces]", ["data.sources.0", "a-z, 0-9 and _", "'labelled_folder/My-Faces'"]),
        ("data.sources=[labelled_folder/../x]", ["data.sources.0", "a-z, 0-9 and _"]),
        (
            "data.sources=[labelled_folder/wiki]",
            ["data.sources.0", "of another name", "'wiki' is a published data set"],
        ),
        ("data.sources=[labelled_folder/team]", ["data", "the folder that holds team/", "give --data-dir DIR"]),
        ("data.labelled_folders={team: {colums: {}}}", ["data.labelled_folders.team.colums", "did you mean columns?"]),
        ("data.labelled_folders={team: {columns: {photo: a}}}", ["team.columns.photo: must be 'image'", "'photo'"]),
        (
            "data.labelled_folders={team: {columns: {image: a, picture: b}}}",
            ["team.columns: picture is the older name of image: leave picture out"],
        ),
        ("data.labelled_folders={team: {labels: ../x.csv}}", ["team.labels", "within the labelled folder"]),
        ("data.labelled_folders={team: {separator: '||'}}", ["team.separator", "at most 1 character"]),
        ("evaluator.slice_gates=[{feature: source, value: lfw, age_mae_max: 9}]", ["slice_gates.0: no source 'lfw'"]),
        # Published, but not among data.sources.
        (
            "evaluator.slice_gates=[{feature: source, value: imdb, age_mae_max: 9}]",
            ["no source 'imdb'; choose from utkface"],
        ),
        ("split.train=0.9", [" and --set: split: ", "must be 1"]),
        ("cleaning.min_age=101", ["cleaning", "min_age 101", "max_age 100"]),
        ("evaluator.slice_gates=[{feature: shoe, value: x}]", ["slice_gates.0.feature", "'race'", "'shoe'"]),
        ("trainer.augmentation.rotate=9", ["unknown key; did you mean rotation?", "erasing_fraction, "]),
        ("trainer.augmentation.rotation=181", ["augmentation.rotation: must be less than or equal to 180, not 181"]),
        ("trainer.augmentation.zoom=0.6", ["trainer.augmentation.zoom: must be less than or equal to 0.5"]),
        ("trainer.augmentation.erasing_fraction=0", ["augmentation.erasing_fraction: must be greater than 0"]),
        ("trainer=3", ["--set trainer: must hold keys (", "epochs, ", "not 3"]),
        ("evaluator.slice_gates=[3]", ["slice_gates.0: must hold keys (", "feature, ", "not 3"]),
        ("data.labelled_folders=3", ["data.labelled_folders: must hold keys and values, not 3"]),
        ("data.labelled_folders={team: {}, team: {}}", ["--set data.labelled_folders", "'team' is written twice"]),
        ("name=Bad_Name", ["--set name: must be lower-case letters, digits and hyphens", "not 'Bad_Name'"]),
        ("name=data", ["--set name: 'data' is the workspace's folder", "choose another name"]),
        ("serving.model_name=A b", ["--set serving.model_name: must be lower-case letters", "not 'A b'"]),
        ("trainer", ["--set trainer", "key.path=value"]),
        ("name.first=x", ["--set name.first=x", "name holds a value"]),
        ("trainer.epochs=[1", ["--set trainer.epochs=[1", "YAML"]),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(override: str, words: list[str]) -> None:
    message = refusal(override)
    assert "\n" not in message
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    ("overrides", "where"),
    [
        ([], "{path}: trainer"),
        (["evaluator.age_mae_max=9"], "{path}: trainer"),
        (["trainer.epochs=2", "trainer.age_head=coral"], "{path} and --set: trainer"),
        (["trainer.distillation.teacher=a"], "{path} and --set: trainer"),
    ],
)
def test_incompatible_values_are_reported_where_they_are_set(tmp_path: Path, overrides: list[str], where: str) -> None:
    path = tmp_path / "taught.yaml"
    path.write_text(f"extends: {DEFAULT}\ntrainer: {{age_head: regression, distillation: {{teacher: runs}}}}\n")
    message = refusal(*overrides, path=path)
    assert message.startswith(f"{where.format(path=path)}: distillation.teacher supports the age_head softmax or ")


def test_a_recipe_without_heads_is_an_error() -> None:
    with pytest.raises(VisageError, match=r"compact would learn nothing: set age_head or gender_head to something"):
        load_config(DEFAULT, ["trainer.age_head=none", "trainer.gender_head=none"])


def test_a_recipe_without_logits_cannot_be_calibrated() -> None:
    ages_alone = ["trainer.calibration=temperature", "trainer.age_head=regression", "trainer.gender_head=none"]
    message = refusal(*ages_alone)
    assert "\n" not in message
    assert "calibration temperature needs a head with probabilities, and age_head regression alone has none" in message
    for possible in (ages_alone[:2], [ages_alone[0], ages_alone[2]], ["trainer.calibration=none", *ages_alone[1:]]):
        limits = ["evaluator.gender_accuracy_min=null", "evaluator.gender_accuracy_decrease_max=null"]
        assert load_config(DEFAULT, [*possible, *limits]).trainer.calibration == possible[0].partition("=")[2]


def test_a_labelled_folder_can_have_a_slice_gate(tmp_path: Path) -> None:
    gate = "evaluator.slice_gates=[{feature: source, value: team, age_mae_max: 9}]"
    config = load_config(DEFAULT, ["data.sources=[utkface, labelled_folder/team]", gate], data_dir=tmp_path)
    assert config.data.folder_names == ("team",)
    with pytest.raises(VisageError, match=r"no source 'team'; choose from crew$"):
        load_config(DEFAULT, ["data.sources=[labelled_folder/crew]", gate], data_dir=tmp_path)


def test_each_error_has_its_own_line() -> None:
    assert len(refusal("trainer.epoch=3", "split.vall=0.2").splitlines()) == 2


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("split.folds=many", "--set split.folds: must be an integer or 'published', not 'many'"),
        ("split.folds=[1]", "--set split.folds: must be an integer or 'published', not [1]"),
        (
            "trainer.freeze=[]",
            "--set trainer.freeze: must be a number of layers, how their names begin, or null, not an empty list",
        ),
        ("trainer.freeze=[a, 3]", "--set trainer.freeze.1: must be a text, not 3"),
        ("trainer.freeze={a: null}", "--set trainer.freeze: must be an integer or a text or a list, not {'a': null}"),
        ("trainer.weights={torso: x}", "--set trainer.weights.torso: must be 'dlib' or 'faceres', not 'torso'"),
        ("trainer.weights={faceres: null}", "--set trainer.weights.faceres: must be a text, not null"),
        ("trainer.jit_compile=maybe", "--set trainer.jit_compile: must be true or false, not 'maybe'"),
        ("data.sources=utkface", "--set data.sources: must be a list, not 'utkface'"),
        ("data.sources=[]", "--set data.sources: must have at least 1 item(s), not []"),
        (
            "evaluator.slices=[gender, 3]",
            "--set evaluator.slices.1: must be 'gender', 'age_group', 'race' or 'source', not 3",
        ),
        ("airflow.retries=0.5", "--set airflow.retries: must be an integer, not 0.5"),
    ],
)
def test_invalid_values_have_our_own_messages(override: str, message: str) -> None:
    assert refusal(override) == message


PYDANTICS = re.compile(
    r"Input|should|[Ff]ield required|[Ee]xtra|valid |instance|parse|unable|[Ss]tring|constrained|\[key\]|"
    r"literal\[|tuple\[|function|pydantic|Value error|\{\w*\}",
)
ODD_VALUES: list[Any] = [
    None, True, "x", "", "http://x/y?z", 3, -1, 0.5, -1e300, float("inf"), 10**40, datetime.date(2026, 1, 1), b"x",
    [], [None], [1, "a", True], [[1]], [{}], {}, {"a": 1}, {1: 2}, {"a": {"b": None}}, "x" * 5000, [0.1] * 500,
]  # fmt: skip


@pytest.mark.parametrize(
    "key", sorted({key.rsplit(".", up)[0] for key in keys(PipelineConfig) for up in range(key.count(".") + 1)})
)
def test_no_message_is_pydantics(key: str) -> None:
    *parents, leaf = key.split(".")
    values = copy.deepcopy(DEFAULT_VALUES)
    here = functools.reduce(dict.__getitem__, parents, values)
    for here[leaf] in ODD_VALUES:
        try:
            PipelineConfig.model_validate(values)
        except ValidationError as error:
            message = explain(error, Path("c.yaml"), [])
            without_value = re.sub(r"not .*", "", message)
            assert not PYDANTICS.search(without_value), message
            assert all(line.startswith("c.yaml: ") and len(line) < 900 for line in message.splitlines()), message


@pytest.mark.parametrize(
    "override",
    [
        "trainer.epochs=true",
        "trainer.learning_rate=true",
        "trainer.early_stopping_patience=false",
        "cleaning.min_face_score=true",
        "alignment.eye_middle=[true, 0.3]",
        "data.sample_portraits.count=yes",
        "split.train=on",
    ],
)
def test_true_and_false_are_no_numbers(override: str) -> None:
    message = refusal(override)
    assert f"{override.partition('=')[0]}: must be a number" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "override",
    [
        "evaluator.age_mae_max=.inf",
        "trainer.learning_rate=.nan",
        "cleaning.min_face_score=-.inf",
        "alignment.eye_middle=[.nan, 0.3]",
        "alignment.eye_middle=[0.5, 1.1]",
        "alignment.eye_middle=[-0.1, 0.3]",
        "trainer.seed=4294967296",
        "data.sample_portraits.seed=4294967296",
        "evaluator.slice_gates=[{feature: gender, value: women, age_mae_max: 9}]",
    ],
)
def test_values_that_would_fail_during_a_run_are_errors_before_it(override: str) -> None:
    assert override.partition("=")[0] in refusal(override)


def test_numbers_may_be_written_as_yaml_reads_them() -> None:
    config = load_config(DEFAULT, ["trainer.learning_rate=1e-3", "trainer.weight_decay=0", "trainer.seed=4294967295"])
    # To YAML 1.1, 1e-3 is a text.
    assert (config.trainer.learning_rate, config.trainer.weight_decay) == (0.001, 0.0)
    assert config.trainer.augmentation.flip is True


def test_checkpoint_steps_above_the_training_are_an_error() -> None:
    # 10 epochs of 2,000 records, 64 a step.
    of_known_steps = ("trainer.epochs=10", "trainer.epoch_size=2000", "trainer.batch_size=64")
    assert refusal(*of_known_steps, "trainer.checkpoint_steps=600").endswith(
        "trainer: checkpoint_steps: 600 is above the 320 steps of the training, so that a killed one would start over; "
        "set 320 or less"
    )
    # The default serves short trainings too, and without `epoch_size` the steps are not known yet.
    assert load_config(DEFAULT, of_known_steps).trainer.checkpoint_steps == 500
    load_config(DEFAULT, ["trainer.checkpoint_steps=600"])
