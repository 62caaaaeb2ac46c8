"""TFX's part of the push: the blessings that it requires, and the properties of the artifact."""

import json
import shutil
import threading
from pathlib import Path
from unittest.mock import Mock

import pytest
from google.protobuf import json_format
from tfx.orchestration.portable.data_types import ExecutionInfo
from tfx.proto import pusher_pb2
from tfx.types import Channel
from tfx.types.standard_artifacts import InfraBlessing, Model, ModelBlessing, PushedModel

from components.pusher import executor
from components.pusher.component import Pusher
from components.pusher.driver import Driver
from tests.helpers.signing import install_model_signing, make_keys
from tests.helpers.tiny_evaluation import make_artifact
from visage import progress
from visage.errors import VisageError
from visage.saved_model.pushing.bucket_copy import copies_are_due
from visage.saved_model.pushing.push import push
from visage.saved_model.pushing.rollback import hold_pushes, release, roll_back
from visage.saved_model.pushing.signing import SigningKeys, verify


def write_model(folder: Path, graph: str) -> None:
    """Writes a model as the Trainer does."""
    (folder / "Format-Serving").mkdir(parents=True, exist_ok=True)
    (folder / "Format-Serving" / "saved_model.pb").write_text(graph)


def run_pusher(
    folder: Path,
    *,
    blessed: int = 1,
    infra_blessed: int = 1,
    compare: bool = True,
    compared_with: str = "",
    graph: str = "graph",
    run_id: str = "run 1",
    keys: SigningKeys | None = None,
    copy_to: str | None = None,
) -> PushedModel:
    """Runs the component on a model with these two blessings, into `folder/served`.

    `compare`: it was to be compared with the served model; `compared_with`: the baseline's graph, '' for none;
    `graph`: its own; `run_id`: of the run; `keys`: of its signature; `copy_to`: the bucket for copies.
    """
    model = make_artifact(Model, folder / run_id / "model")
    write_model(folder / run_id / "model", graph)
    blessing = make_artifact(ModelBlessing, folder / run_id / "blessing")
    blessing.set_int_custom_property("blessed", blessed)
    if compared_with:
        write_model(folder / run_id / "baseline", compared_with)
        blessing.set_string_custom_property("baseline_model", str(folder / run_id / "baseline"))
        blessing.set_int_custom_property("baseline_model_id", 7)
    infra_blessing = make_artifact(InfraBlessing, folder / run_id / "infra_blessing")
    infra_blessing.set_int_custom_property("blessed", infra_blessed)
    pushed = make_artifact(PushedModel, folder / run_id / "pushed")
    signing = {"signing": {"private_key": str(keys.private), "public_key": str(keys.public)}} if keys else {}
    component = Pusher(
        model=Channel(Model),
        model_blessing=Channel(ModelBlessing),
        infra_blessing=Channel(InfraBlessing),
        push_destination=pusher_pb2.PushDestination(
            filesystem=pusher_pb2.PushDestination.Filesystem(base_directory=str(folder / "served"))
        ),
        custom_config={"compare": compare, **signing, **({"copy_to": copy_to} if copy_to else {})},
    )
    assert component.id == "Pusher"
    context = executor.Executor.Context(pipeline_run_id=run_id)
    component.executor_spec.executor_class(context).Do(
        {"model": [model], "model_blessing": [blessing], "infra_blessing": [infra_blessing]},
        {"pushed_model": [pushed]},
        component.exec_properties,
    )
    return pushed


def driver_properties(folder: Path, run_id: str, copy_to: str | None = None) -> dict[str, str]:
    """Returns the execution properties that the driver adds for a push into `folder/served`."""
    destination = pusher_pb2.PushDestination(
        filesystem=pusher_pb2.PushDestination.Filesystem(base_directory=str(folder / "served"))
    )
    information = ExecutionInfo(
        pipeline_run_id=run_id,
        exec_properties={
            "push_destination": json_format.MessageToJson(destination),
            "custom_config": json.dumps({"compare": False, "copy_to": copy_to}),
        },
    )
    properties = Driver(Mock()).run(information).exec_properties
    return {name: value.string_value for name, value in properties.items()}


def test_a_blessed_model_is_pushed_and_the_artifact_has_the_destination(tmp_path: Path) -> None:
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


def versions(folder: Path) -> list[str]:
    """Returns the names of the versions in `folder/served`, the lowest number first."""
    return sorted(path.name for path in (folder / "served").glob("[0-9]*"))


@pytest.fixture
def served(tmp_path: Path) -> Path:
    """A version that an earlier run pushed; all else of that run is lost."""
    version = tmp_path / "served" / "1700000000"
    version.mkdir(parents=True)
    (version / "saved_model.pb").write_text("another graph")
    return version


def test_a_model_that_was_not_compared_with_the_served_one_is_not_pushed(tmp_path: Path, served: Path) -> None:
    for baseline in ("", "the graph of an older version"):
        with pytest.raises(VisageError, match=r"^version 1700000000 in .* was not compared with it"):
            run_pusher(tmp_path, compared_with=baseline)
        assert versions(tmp_path) == [served.name]


@pytest.mark.parametrize(("compare", "baseline"), [(True, "another graph"), (False, "")])
def test_a_model_that_was_compared_or_needs_no_comparison_is_pushed(
    tmp_path: Path, served: Path, compare: bool, baseline: str
) -> None:
    pushed = run_pusher(tmp_path, compare=compare, compared_with=baseline)
    assert pushed.get_int_custom_property("newly_pushed") == 1


def test_of_two_models_that_were_judged_against_one_version_the_second_must_be_judged_again(
    tmp_path: Path, served: Path
) -> None:
    run_pusher(tmp_path, graph="a better graph", compared_with="another graph")
    better = versions(tmp_path)
    with pytest.raises(VisageError, match=r"is not pushed; start a new run, which compares the two"):
        run_pusher(tmp_path, compared_with="another graph")
    assert versions(tmp_path) == better
    run_pusher(tmp_path, compared_with="a better graph")
    assert versions(tmp_path)[:-1] == better


def test_a_model_that_was_judged_before_a_rollback_or_a_release_must_be_judged_again(
    tmp_path: Path, served: Path
) -> None:
    newer = run_pusher(tmp_path, graph="a newer graph", compared_with="another graph")
    roll_back(served.parent, served.name)
    with pytest.raises(VisageError, match=f"version {served.name} in .* was not compared with it"):
        run_pusher(tmp_path, compared_with="a newer graph")
    release(served.parent)
    version = newer.get_string_custom_property("pushed_version")
    with pytest.raises(VisageError, match=f"version {version} in .* was not compared with it"):
        run_pusher(tmp_path, compared_with="another graph")
    assert versions(tmp_path) == [served.name, version]


def test_a_model_is_pushed_with_its_signature_and_without_one_not_at_all(tmp_path: Path) -> None:
    install_model_signing()
    keys = make_keys(tmp_path)
    pushed = run_pusher(tmp_path, keys=keys)
    verify(Path(pushed.get_string_custom_property("pushed_destination")), keys.public)

    keys.private.unlink()
    (tmp_path / "served").rename(tmp_path / "elsewhere")
    with pytest.raises(VisageError, match=r"cannot be signed with .*key\.pem"):
        run_pusher(tmp_path, keys=keys)
    assert list((tmp_path / "served").glob("[0-9]*")) == []


def test_the_served_model_itself_needs_no_comparison(tmp_path: Path, served: Path) -> None:
    (served / "saved_model.pb").write_text("graph")
    assert run_pusher(tmp_path).get_int_custom_property("newly_pushed") == 0


class Killed(BaseException):
    """Ends a process where no code of ours catches it."""


def run_pusher_until(folder: Path, monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> None:
    """Runs the component on a model that was compared with `served`, and kills it when it calls `owner.name`."""

    def kill(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(owner, name, kill)
        with pytest.raises(Killed):
            run_pusher(folder, compared_with="another graph")


def test_an_execution_that_goes_on_after_its_push_pushes_nothing_again_and_reports_the_version_as_new(
    tmp_path: Path, served: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_pusher_until(tmp_path, monkeypatch, executor, "push")
    assert versions(tmp_path) == [served.name]
    run_pusher_until(tmp_path, monkeypatch, executor.Executor, "_MarkPushed")
    before = versions(tmp_path)
    assert len(before) == 2
    # TFX removes the outputs of an execution that ends with an error, as after SIGTERM.
    shutil.rmtree(tmp_path / "run 1" / "pushed")

    pushed = run_pusher(tmp_path, compared_with="another graph")
    assert versions(tmp_path) == before
    assert pushed.get_string_custom_property("pushed_version") == before[-1]
    assert pushed.get_int_custom_property("newly_pushed") == 1


def test_an_execution_that_goes_on_reports_its_own_version_where_another_run_has_pushed_since(
    tmp_path: Path, served: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_pusher_until(tmp_path, monkeypatch, executor.Executor, "_MarkPushed")
    own = versions(tmp_path)[-1]
    run_pusher(tmp_path, graph="a better graph", run_id="run 2", compared_with="graph")
    before = versions(tmp_path)

    pushed = run_pusher(tmp_path, compared_with="another graph")
    assert versions(tmp_path) == before
    assert pushed.get_string_custom_property("pushed_version") == own != before[-1]
    assert pushed.get_int_custom_property("newly_pushed") == 1
    # Later runs with this model do not reuse that: another model is served.
    first, third = (driver_properties(tmp_path, run_id) for run_id in ("run 1", "run 3"))
    assert first.pop("goes_on") == "run 1"
    assert first == third


def test_an_execution_that_was_killed_before_its_push_reports_no_version_of_another_run_as_its_own(
    tmp_path: Path, served: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_pusher_until(tmp_path, monkeypatch, executor, "push")
    by_other = run_pusher(tmp_path, run_id="run 2", compared_with="another graph")
    assert by_other.get_int_custom_property("newly_pushed") == 1
    pushed = run_pusher(tmp_path, compared_with="another graph")
    assert pushed.get_int_custom_property("newly_pushed") == 0
    assert versions(tmp_path) == [served.name, by_other.get_string_custom_property("pushed_version")]


def test_of_two_runs_that_push_one_model_at_once_the_first_alone_reports_it_as_new(
    tmp_path: Path, served: Path
) -> None:
    """The second reads what is served before the first one's push, and waits for it."""
    waiting = threading.Event()
    found: list[PushedModel] = []
    second = threading.Thread(
        target=lambda: found.append(run_pusher(tmp_path, run_id="run 2", compared_with="another graph"))
    )

    def listen(step: str, *_: object) -> None:
        if step.startswith("wait for another run"):
            waiting.set()

    def start_second(_: Path) -> None:
        second.start()
        assert waiting.wait(60)

    write_model(tmp_path / "model", "graph")
    with progress.listening(listen):
        version = push(
            tmp_path / "model" / "Format-Serving", served.parent, run_id="run 1", check_replaceable=start_second
        )
        second.join()
    assert found[0].get_string_custom_property("pushed_version") == version.name
    assert found[0].get_int_custom_property("newly_pushed") == 0


def test_a_blessed_model_is_not_pushed_during_a_hold_and_the_artifact_has_the_reason(
    tmp_path: Path, served: Path
) -> None:
    hold_pushes(served.parent, "audit")
    pushed = run_pusher(tmp_path, compared_with="another graph")
    assert pushed.get_int_custom_property("pushed") == 0
    assert "held by" in pushed.get_string_custom_property("held")
    assert "audit" in pushed.get_string_custom_property("held")
    assert not Path(pushed.uri, "saved_model.pb").exists()


def test_a_pushed_version_is_copied_to_the_bucket(tmp_path: Path) -> None:
    pushed = run_pusher(tmp_path, copy_to=f"file://{tmp_path}/bucket")
    version = pushed.get_string_custom_property("pushed_version")
    assert pushed.get_string_custom_property("copied_to") == f"file://{tmp_path}/bucket/{version}"
    assert (tmp_path / "bucket" / version / "saved_model.pb").read_text() == "graph"


def test_a_copy_that_fails_is_reported_and_the_version_stays_pushed(tmp_path: Path) -> None:
    (tmp_path / "bucket").write_text("where a folder should be")
    url = f"file://{tmp_path}/bucket"
    pushed = run_pusher(tmp_path, copy_to=url)
    assert pushed.get_int_custom_property("pushed") == 1
    assert pushed.get_string_custom_property("copy_failed").startswith(f"{url}: cannot copy the version there: ")
    assert copies_are_due(tmp_path / "served", url)

    (tmp_path / "bucket").unlink()
    again = run_pusher(tmp_path, run_id="run 2", copy_to=url)
    assert again.get_int_custom_property("newly_pushed") == 0
    assert again.get_string_custom_property("copy_failed") == ""
    assert not copies_are_due(tmp_path / "served", url)


def test_a_model_that_is_not_blessed_is_not_copied(tmp_path: Path) -> None:
    pushed = run_pusher(tmp_path, blessed=0, copy_to=f"file://{tmp_path}/bucket")
    assert pushed.get_int_custom_property("pushed") == 0
    assert not (tmp_path / "bucket").exists()


def test_a_push_whose_copy_is_due_is_not_cached(tmp_path: Path) -> None:
    url = f"file://{tmp_path}/bucket"
    (tmp_path / "bucket").write_text("where a folder should be")
    run_pusher(tmp_path, copy_to=url)
    assert driver_properties(tmp_path, "run 7", copy_to=url)["copies_due"] == "run 7"
    (tmp_path / "bucket").unlink()
    run_pusher(tmp_path, copy_to=url)
    assert "copies_due" not in driver_properties(tmp_path, "run 7", copy_to=url)
