"""Which version a server finds after a rollback, a hold and a release, also where one of them was killed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from visage import files
from visage.errors import VisageError
from visage.saved_model.pushing import holds
from visage.saved_model.pushing.holds import PushHeldError, held_versions, read_hold
from visage.saved_model.pushing.push import push
from visage.saved_model.pushing.rollback import hold_pushes, release, roll_back
from visage.saved_model.versions import newest_version, version_folders


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A folder in which versions 1, 2 and 3 were pushed."""
    for number in "123":
        write_model(tmp_path / "visage" / number, f"weights {number}")
    return tmp_path / "visage"


def write_model(folder: Path, weights: str, training: str = "1") -> Path:
    (folder / "variables").mkdir(parents=True, exist_ok=True)
    (folder / "assets.extra").mkdir(exist_ok=True)
    (folder / "saved_model.pb").write_text("graph")
    (folder / "variables" / "variables.index").write_text(weights)
    (folder / "assets.extra" / "visage.json").write_text(training)
    return folder


def names(base: Path) -> list[str]:
    return [version.path.name for version in version_folders(base)]


def held(base: Path) -> list[str]:
    return [version.path.name for version in held_versions(base)]


def test_a_rollback_serves_the_older_version_and_keeps_every_file(base: Path) -> None:
    rollback = roll_back(base, "1", "errs on children")
    assert names(base) == ["1"]
    assert held(base) == ["2", "3"]
    assert (base / ".held" / "3" / "variables" / "variables.index").read_text() == "weights 3"
    assert read_hold(base).rollback == rollback
    assert rollback.decision.reason == "errs on children"
    assert "@" in rollback.decision.by


def test_a_release_serves_the_newest_again_and_leaves_no_record(base: Path) -> None:
    roll_back(base, "1")
    assert release(base).versions == (2, 3)
    assert names(base) == ["1", "2", "3"]
    assert held(base) == []
    assert not (base / "hold.json").exists()


def test_the_model_that_was_rolled_back_is_not_pushed_again(base: Path, tmp_path: Path) -> None:
    roll_back(base, "1")
    # Trained again: another id, the same weights.
    same = write_model(tmp_path / "candidate", "weights 3", training="9")
    with pytest.raises(PushHeldError, match=r"^this is version 3, rolled back by .*; release it with: visage runs rel"):
        push(same, base)
    assert names(base) == ["1"]


def test_another_model_is_pushed_above_the_held_ones(base: Path, tmp_path: Path) -> None:
    write_model(base / "9999999999", "weights ahead")
    roll_back(base, "1")
    version = push(write_model(tmp_path / "candidate", "weights 4"), base)
    assert version.name == "10000000000"
    assert newest_version(base).path == version  # type: ignore[union-attr]
    release(base)
    assert newest_version(base).path == version  # type: ignore[union-attr]


def test_a_hold_stops_every_push_but_the_served_model_needs_none(base: Path, tmp_path: Path) -> None:
    hold_pushes(base, "audit")
    with pytest.raises(PushHeldError, match=r"^pushing is held by .*: audit; release it with: visage runs release$"):
        push(write_model(tmp_path / "candidate", "weights 4"), base)
    assert push(write_model(tmp_path / "served", "weights 3"), base) == base / "3"
    with pytest.raises(VisageError, match="held already"):
        hold_pushes(base)
    release(base)
    assert push(tmp_path / "candidate", base).name not in "123"


def test_a_rollback_within_a_hold_keeps_the_hold(base: Path) -> None:
    hold_pushes(base, "audit")
    roll_back(base, "2")
    hold = read_hold(base)
    assert hold.pushing
    assert hold.pushing.reason == "audit"
    assert hold.versions == (3,)


def test_a_version_that_is_held_can_be_rolled_back_to(base: Path) -> None:
    roll_back(base, "1")
    roll_back(base, "2")
    assert names(base) == ["1", "2"]
    assert held(base) == ["3"]


@pytest.mark.parametrize(
    ("number", "line"),
    [
        ("3", "is served already; visage runs list"),
        ("7", "does not exist; there are 1, 2, 3"),
        ("x", "does not exist"),
    ],
)
def test_a_version_that_cannot_be_rolled_back_to_is_an_error(base: Path, number: str, line: str) -> None:
    with pytest.raises(VisageError, match=f"^version {number} in .*: {line}"):
        roll_back(base, number)
    assert names(base) == ["1", "2", "3"]
    assert not (base / "hold.json").exists()


def test_nothing_pushed_and_nothing_held_are_errors(base: Path) -> None:
    with pytest.raises(VisageError, match="no model has been pushed; run the pipeline first"):
        roll_back(base.with_name("other"), "1")
    with pytest.raises(VisageError, match="nothing is held"):
        release(base)


def test_a_version_without_a_model_is_not_rolled_back_to(base: Path) -> None:
    (base / "1" / "saved_model.pb").unlink()
    with pytest.raises(VisageError, match=r"has no saved_model\.pb"):
        roll_back(base, "1")


def kill_at(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ends the process, as far as a test can, before the nth change on disk."""
    changes = iter(range(100))

    def counted(change: Callable[..., None]) -> Callable[..., None]:
        def call(*arguments: object) -> None:
            if next(changes) == number:
                raise KeyboardInterrupt
            change(*arguments)

        return call

    monkeypatch.setattr(holds, "move", counted(files.move))
    monkeypatch.setattr(holds, "write_atomically", counted(files.write_atomically))


def check_killed(base: Path) -> None:
    # The version between the two is never served, and none is lost.
    newest = newest_version(base)
    assert newest is not None
    assert newest.number in (1, 3)
    assert sorted(names(base) + held(base)) == ["1", "2", "3"]


@pytest.mark.parametrize("number", range(3))
def test_a_killed_rollback_serves_the_old_or_the_new_version_and_is_completed(
    base: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill_at(number, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        roll_back(base, "1")
    check_killed(base)
    roll_back(base, "1")
    assert (names(base), held(base)) == (["1"], ["2", "3"])


@pytest.mark.parametrize("number", range(3))
def test_a_killed_release_serves_the_old_or_the_new_version_and_is_completed(
    base: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    roll_back(base, "1")
    kill_at(number, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        release(base)
    check_killed(base)
    release(base)
    assert (names(base), held(base)) == (["1", "2", "3"], [])
    assert not (base / "hold.json").exists()


def test_a_push_completes_a_killed_rollback(base: Path, tmp_path: Path) -> None:
    roll_back(base, "1")
    files.move(base / ".held" / "3", base / "3")
    with pytest.raises(PushHeldError):
        push(write_model(tmp_path / "candidate", "weights 3"), base)
    assert (names(base), held(base)) == (["1"], ["2", "3"])


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"pushing": 3, "rollback": null}'])
def test_a_damaged_record_pushes_nothing_and_is_an_error_of_one_line(base: Path, tmp_path: Path, text: str) -> None:
    (base / "hold.json").write_text(text)
    with pytest.raises(VisageError, match=r"hold\.json: damaged \(.*\), so nothing is pushed; remove it") as error:
        push(write_model(tmp_path / "candidate", "weights 4"), base)
    assert "\n" not in str(error.value)
    assert names(base) == ["1", "2", "3"]


def test_a_lost_record_keeps_versions_held(base: Path, tmp_path: Path) -> None:
    roll_back(base, "1")
    (base / "hold.json").unlink()
    with pytest.raises(PushHeldError, match="this is version 3, rolled back by unknown"):
        push(write_model(tmp_path / "candidate", "weights 3"), base)
    release(base)
    assert names(base) == ["1", "2", "3"]
