"""A model that TensorFlow Serving could serve is blessed; any other is not, with the reason."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import tensorflow as tf
from tfx.components.util.model_utils import is_infra_validated
from tfx.types import channel_utils, standard_artifacts

from components.infra_validator.component import InfraValidator
from components.infra_validator.executor import Executor
from tests.helpers.trained_model import ALIGNMENT, TrainerRun
from tests.visage.saved_model.older_export import export_as_once
from visage.networks import NETWORKS, AgeHead, GenderHead
from visage.saved_model.cpp_loader import loader
from visage.saved_model.export import export
from visage.saved_model.signatures import FaceModel

CNN_UTKFACE = NETWORKS["cnn_utkface"]
WARM_UP = "assets.extra/tf_serving_warmup_requests"


def check(model_uri: Path, blessing_uri: Path) -> standard_artifacts.InfraBlessing:
    """Runs InfraValidator's executor as its launcher does."""
    model, blessing = standard_artifacts.Model(), standard_artifacts.InfraBlessing()
    model.uri, blessing.uri = str(model_uri), str(blessing_uri)
    Executor().Do({"model": [model]}, {"blessing": [blessing]}, {})
    return blessing


@pytest.fixture
def model_uri(trainer_run: TrainerRun, tmp_path: Path) -> Path:
    """A copy of the trained model, to break."""
    return shutil.copytree(trainer_run.model_uri, tmp_path / "model")


def test_a_trained_model_has_the_blessing_that_pusher_expects(trainer_run: TrainerRun, tmp_path: Path) -> None:
    blessing = check(trainer_run.model_uri, tmp_path / "blessing")
    assert is_infra_validated(blessing)
    assert blessing.get_int_custom_property("blessed") == 1
    assert [path.name for path in (tmp_path / "blessing").iterdir()] == ["INFRA_BLESSED"]
    assert 0 < blessing.get_float_custom_property("milliseconds") < 10_000
    assert re.fullmatch(r"[0-9]+ (?:CPU core|GPU)s?", blessing.get_string_custom_property("measured_on"))


def truncate_variables(directory: Path) -> None:
    variables = directory / "variables" / "variables.data-00000-of-00001"
    variables.write_bytes(variables.read_bytes()[:1000])


def truncate_graph(directory: Path) -> None:
    graph = directory / "saved_model.pb"
    graph.write_bytes(graph.read_bytes()[:1000])


def truncate_warm_up(directory: Path) -> None:
    requests = directory / WARM_UP
    requests.write_bytes(requests.read_bytes()[:-10])


def drop_a_request(directory: Path) -> None:
    requests = list(tf.data.TFRecordDataset(str(directory / WARM_UP)).as_numpy_iterator())
    with tf.io.TFRecordWriter(str(directory / WARM_UP)) as writer:
        for request in requests[:-1]:
            writer.write(request)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (truncate_variables, "it cannot be loaded"),
        (truncate_graph, "it cannot be loaded"),
        (shutil.rmtree, "it cannot be loaded"),
        (truncate_warm_up, f"{WARM_UP} cannot be read"),
        (lambda directory: (directory / WARM_UP).unlink(), f"{WARM_UP} cannot be read"),
        (drop_a_request, "no request for the signature evaluate"),
    ],
)
def test_a_damaged_model_is_not_blessed(
    model_uri: Path, tmp_path: Path, damage: Callable[[Path], None], reason: str
) -> None:
    damage(model_uri / "Format-Serving")
    blessing = check(model_uri, tmp_path / "blessing")
    assert not is_infra_validated(blessing)
    assert blessing.get_int_custom_property("blessed") == 0
    assert reason in blessing.get_string_custom_property("reason")
    assert [path.name for path in (tmp_path / "blessing").iterdir()] == ["INFRA_NOT_BLESSED"]


def test_a_model_whose_variables_the_loader_does_not_restore_is_not_blessed(tmp_path: Path) -> None:
    spec = NETWORKS["compact"]
    export_as_once(spec.build(), spec, ALIGNMENT, tmp_path / "model" / "Format-Serving")
    reason = check(tmp_path / "model", tmp_path / "blessing").get_string_custom_property("reason")
    assert reason.startswith(
        "serving_default: TensorFlow Serving's loader fails on its warm-up request: FAILED_PRECONDITION: "
        "Could not find variable "
    )
    assert reason.endswith("not restored: train and export it again with `visage run`")
    assert "\n" not in reason


def test_a_model_is_blessed_wherever_it_is_copied_to(trainer_run: TrainerRun, tmp_path: Path) -> None:
    # Nothing inside may name the folder that it was written to; blanks and other scripts are no hindrance.
    copy = shutil.copytree(trainer_run.model_uri, tmp_path / "moved" / "a model é")
    original = trainer_run.model_uri.rename(tmp_path / "away")
    try:
        assert check(copy, tmp_path / "blessing").get_int_custom_property("blessed") == 1
    finally:
        original.rename(trainer_run.model_uri)


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("crash", "its process was ended by SIGSEGV"),
        ("killed", "its process was ended by SIGKILL, perhaps for lack of memory"),
        ("hang", "its process does not end within 3 seconds"),
        ("error", "its process ended with exit code 1: cannot do it"),
        ("half a reply", "its replies cannot be read (JSONDecodeError)"),
        ("no reply", "its replies cannot be read (FileNotFoundError)"),
    ],
)
def test_a_model_that_crashes_its_server_is_not_blessed(
    trainer_run: TrainerRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, reason: str
) -> None:
    monkeypatch.setattr(loader, "_MODULE", "tests.visage.saved_model.failing_process")
    monkeypatch.setenv("FAILURE", how)
    if how == "hang":
        monkeypatch.setattr(loader, "_HANGS_AFTER", 3.0)
    blessing = check(trainer_run.model_uri, tmp_path / "blessing")
    assert blessing.get_int_custom_property("blessed") == 0
    assert blessing.get_string_custom_property("reason") == f"TensorFlow Serving's loader: {reason}"


def test_weights_that_are_not_numbers_are_not_blessed(tmp_path: Path) -> None:
    network = CNN_UTKFACE.build()
    network.get_layer("gender").bias.assign([float("nan")])
    export(network, CNN_UTKFACE, ALIGNMENT, str(tmp_path / "model" / "Format-Serving"))
    blessing = check(tmp_path / "model", tmp_path / "blessing")
    assert blessing.get_int_custom_property("blessed") == 0
    assert "gender_probability is not finite" in blessing.get_string_custom_property("reason")


@pytest.mark.parametrize("heads", [("age_groups", None), (None, "softmax"), ("coral", "binary")])
def test_a_model_without_some_outputs_is_blessed(
    tmp_path: Path, heads: tuple[AgeHead | None, GenderHead | None]
) -> None:
    spec = replace(NETWORKS["compact"], age_head=heads[0], gender_head=heads[1])
    export(spec.build(), spec, ALIGNMENT, str(tmp_path / "model" / "Format-Serving"))
    assert check(tmp_path / "model", tmp_path / "blessing").get_int_custom_property("blessed") == 1


def test_signatures_that_predict_differently_are_not_blessed(tmp_path: Path) -> None:
    class ForgetsGender(FaceModel):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "examples")])
        def evaluate(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
            predictions = super().evaluate(examples)
            return {name: predictions[name] for name in ("age", "age_group", "age_probabilities")}

    model = ForgetsGender(CNN_UTKFACE.build(), CNN_UTKFACE, ALIGNMENT)
    names = ("serving_default", "align_and_predict", "evaluate")
    signatures = {name: getattr(model, name) for name in names}
    tf.saved_model.save(model, str(tmp_path / "model" / "Format-Serving"), signatures=signatures)
    reason = check(tmp_path / "model", tmp_path / "blessing").get_string_custom_property("reason")
    assert reason.startswith("evaluate: outputs are ['age', 'age_group', 'age_probabilities'], not ['age', ")


def test_a_missing_signature_is_not_blessed(tmp_path: Path) -> None:
    model = FaceModel(CNN_UTKFACE.build(), CNN_UTKFACE, ALIGNMENT)
    signatures = {"serving_default": model.serving_default, "evaluate": model.evaluate}
    tf.saved_model.save(model, str(tmp_path / "model" / "Format-Serving"), signatures=signatures)
    reason = check(tmp_path / "model", tmp_path / "blessing").get_string_custom_property("reason")
    assert reason == "the signature align_and_predict is missing; it has evaluate, serving_default"


def test_a_signature_of_other_types_is_not_blessed(tmp_path: Path) -> None:
    class PixelModel(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "image_bytes")])
        def serving_default(self, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
            return {"age": image_bytes}

    model = PixelModel()
    tf.saved_model.save(
        model, str(tmp_path / "model" / "Format-Serving"), signatures={"serving_default": model.serving_default}
    )
    reason = check(tmp_path / "model", tmp_path / "blessing").get_string_custom_property("reason")
    assert reason == "serving_default: input image_bytes is float32 (None,), not string (None,)"


def test_the_component_offers_its_blessing_under_the_name_that_infra_validator_uses() -> None:
    component = InfraValidator(model=channel_utils.as_channel([standard_artifacts.Model()]))
    assert component.id == "InfraValidator"
    assert component.outputs["blessing"].type is standard_artifacts.InfraBlessing
