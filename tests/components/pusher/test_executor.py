"""TFX's part of the push: whose blessing it asks for, and what the artifact says afterwards."""

from pathlib import Path

import pytest
from tfx.proto import pusher_pb2
from tfx.types import Channel
from tfx.types.standard_artifacts import InfraBlessing, Model, ModelBlessing, PushedModel

from components.pusher.component import Pusher
from tests.components.tiny_evaluation import make_artifact


def run_pusher(folder: Path, *, blessed: int, infra_blessed: int) -> PushedModel:
    """Runs the component on a model with these two blessings, into `folder/served`."""
    model = make_artifact(Model, folder / "model")
    (folder / "model/Format-Serving").mkdir(parents=True)
    (folder / "model/Format-Serving/saved_model.pb").write_text("graph")
    blessing = make_artifact(ModelBlessing, folder / "blessing")
    blessing.set_int_custom_property("blessed", blessed)
    infra_blessing = make_artifact(InfraBlessing, folder / "infra_blessing")
    infra_blessing.set_int_custom_property("blessed", infra_blessed)
    pushed = make_artifact(PushedModel, folder / "pushed")
    component = Pusher(
        model=Channel(Model),
        model_blessing=Channel(ModelBlessing),
        infra_blessing=Channel(InfraBlessing),
        push_destination=pusher_pb2.PushDestination(
            filesystem=pusher_pb2.PushDestination.Filesystem(base_directory=str(folder / "served"))
        ),
    )
    assert component.id == "Pusher"
    component.executor_spec.executor_class().Do(
        {"model": [model], "model_blessing": [blessing], "infra_blessing": [infra_blessing]},
        {"pushed_model": [pushed]},
        component.exec_properties,
    )
    return pushed


def test_a_blessed_model_is_pushed_and_the_artifact_says_where(tmp_path: Path) -> None:
    pushed = run_pusher(tmp_path, blessed=1, infra_blessed=1)
    destination = Path(pushed.get_string_custom_property("pushed_destination"))
    assert pushed.get_int_custom_property("pushed") == 1
    assert destination == tmp_path / "served" / pushed.get_string_custom_property("pushed_version")
    assert (destination / "saved_model.pb").read_text() == "graph"


@pytest.mark.parametrize(("blessed", "infra_blessed"), [(0, 1), (1, 0), (0, 0)])
def test_a_model_without_both_blessings_is_not_pushed(tmp_path: Path, blessed: int, infra_blessed: int) -> None:
    pushed = run_pusher(tmp_path, blessed=blessed, infra_blessed=infra_blessed)
    assert pushed.get_int_custom_property("pushed") == 0
    assert not (tmp_path / "served").exists()
