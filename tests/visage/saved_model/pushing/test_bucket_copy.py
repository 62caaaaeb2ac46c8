"""Copies in a bucket: nothing there can be loaded unless it is complete, whenever the copy is interrupted."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.local import LocalFileSystem

from visage.errors import VisageError
from visage.lock import is_locked
from visage.saved_model.pushing.bucket_copy import (
    MODELS_CONFIG,
    RECORD,
    CopyError,
    check_bucket_installed,
    copies_are_due,
    update_bucket,
)
from visage.saved_model.pushing.rollback import release, roll_back

FILES = {
    "saved_model.pb": "graph",
    "variables/variables.index": "index",
    "variables/variables.data-00000-of-00001": "weights",
    "assets.extra/tf_serving_warmup_requests": "requests",
}
CHANGES = ("put_file", "cp_file", "rm_file", "pipe_file")


class Stopped(BaseException):
    """Raised where a process would be killed."""


def make_version(base: Path, number: int) -> None:
    for name, text in FILES.items():
        path = base / str(number) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text} of {number}")


def content(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def complete(number: int) -> dict[str, str]:
    return {name: f"{text} of {number}" for name, text in FILES.items()}


def check_what_servers_see(bucket: Path) -> None:
    """What has a saved_model.pb can be loaded; `models.config` names the version that is to be loaded."""
    for folder in bucket.glob("[0-9]*"):
        if (folder / "saved_model.pb").exists():
            assert content(folder) == complete(int(folder.name))
    if (bucket / MODELS_CONFIG).exists():
        assert content(bucket / configured(bucket)) == complete(int(configured(bucket)))


def configured(bucket: Path) -> str:
    found = re.search(r"versions: (\d+)", (bucket / MODELS_CONFIG).read_text())
    assert found
    return found[1]


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return tmp_path / "serving" / "faces"


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    return tmp_path / "bucket" / "faces"


@pytest.fixture
def url(bucket: Path) -> str:
    return f"file://{bucket}"


@pytest.fixture
def on_change(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[int], None]], None]:
    """Returns a function that takes what is called after each change in the bucket, with its number from 1."""

    def register(after: Callable[[int], None]) -> None:
        count = 0

        def wrapped(change: Callable[..., Any]) -> Callable[..., Any]:
            def call(*arguments: Any, **named: Any) -> Any:
                nonlocal count
                result = change(*arguments, **named)
                count += 1
                after(count)
                return result

            return call

        for name in CHANGES:
            monkeypatch.setattr(LocalFileSystem, name, wrapped(ORIGINAL[name]))

    return register


ORIGINAL = {name: getattr(LocalFileSystem, name) for name in CHANGES}


def test_a_version_is_copied_whole_and_named_by_the_configuration(base: Path, bucket: Path, url: str) -> None:
    make_version(base, 17)
    assert copies_are_due(base, url)
    assert update_bucket(base, url) == f"{url}/17"
    assert content(bucket / "17") == complete(17)
    assert {path.name for path in bucket.iterdir() if content(path) or path.is_file()} == {"17", MODELS_CONFIG}
    assert f'name: "faces"\n    base_path: "{url}"' in (bucket / MODELS_CONFIG).read_text()
    assert not copies_are_due(base, url)


def test_nothing_is_copied_twice(
    base: Path, bucket: Path, url: str, on_change: Callable[[Callable[[int], None]], None]
) -> None:
    make_version(base, 17)
    update_bucket(base, url)
    changes: list[int] = []
    on_change(changes.append)
    update_bucket(base, url)
    assert changes == []
    # The record is lost: the bucket itself says what it has.
    (base / RECORD).unlink()
    update_bucket(base, url)
    assert changes == []


def test_a_reader_never_sees_a_part_and_the_next_call_completes_a_copy_that_was_killed_anywhere(
    base: Path, bucket: Path, url: str, on_change: Callable[[Callable[[int], None]], None]
) -> None:
    make_version(base, 17)
    update_bucket(base, url)
    number = 17
    for last in range(1, 100):
        number += 1
        make_version(base, number)
        ended_early = False

        def look(change: int, last: int = last) -> None:
            check_what_servers_see(bucket)
            if change == last:
                raise Stopped

        on_change(look)
        try:
            update_bucket(base, url)
        except Stopped:
            ended_early = True
        check_what_servers_see(bucket)
        on_change(lambda change: check_what_servers_see(bucket))
        assert update_bucket(base, url) == f"{url}/{number}"
        assert content(bucket / str(number)) == complete(number)
        assert configured(bucket) == str(number)
        assert not content(bucket / ".copying")
        if not ended_early:
            break
    else:
        pytest.fail("a copy makes less than 100 changes")
    # Four uploads, which are copies here, too; four copies, a configuration, four removals; and a call that ends.
    assert last == 18


def test_versions_whose_copy_failed_are_copied_after_the_newest(
    base: Path, bucket: Path, url: str, on_change: Callable[[Callable[[int], None]], None]
) -> None:
    make_version(base, 5)
    make_version(base, 17)
    update_bucket(base, url)

    def fail(change: int) -> None:
        raise PermissionError("no right to write")

    on_change(fail)
    for number in (18, 19):
        make_version(base, number)
        with pytest.raises(CopyError, match=r"cannot copy the version there: no right to write; the next run tries"):
            update_bucket(base, url)
        assert copies_are_due(base, url)
    order: list[str] = []
    on_change(lambda change: order.extend({path.name for path in bucket.glob("[0-9]*")} - {*order}))
    update_bucket(base, url)
    assert order == ["17", "19", "18"]
    # Version 5 was pushed before the bucket was configured.
    assert sorted(path.name for path in bucket.glob("[0-9]*")) == ["17", "18", "19"]
    assert configured(bucket) == "19"


def test_a_rollback_removes_the_version_and_a_release_copies_it_again(
    base: Path, bucket: Path, url: str, on_change: Callable[[Callable[[int], None]], None]
) -> None:
    for number in (17, 18):
        make_version(base, number)
        update_bucket(base, url)
    roll_back(base, "17", "worse")
    assert copies_are_due(base, url)
    on_change(lambda change: check_what_servers_see(bucket))
    assert update_bucket(base, url) == f"{url}/17"
    assert configured(bucket) == "17"
    assert not content(bucket / "18")
    release(base)
    assert update_bucket(base, url) == f"{url}/18"
    assert content(bucket / "18") == complete(18)


def test_a_rollback_to_a_version_from_before_the_bucket_copies_that_version_first(
    base: Path, bucket: Path, url: str
) -> None:
    make_version(base, 5)
    make_version(base, 17)
    update_bucket(base, url)
    roll_back(base, "5", "worse")
    update_bucket(base, url)
    assert configured(bucket) == "5"
    assert content(bucket / "5") == complete(5)
    assert not content(bucket / "17")


def test_a_version_that_is_rolled_back_while_it_is_uploaded_is_not_published(
    base: Path, bucket: Path, url: str, on_change: Callable[[Callable[[int], None]], None]
) -> None:
    make_version(base, 17)
    update_bucket(base, url)
    make_version(base, 18)

    def roll_back_once(change: int) -> None:
        if change == 2:
            assert not is_locked(base / ".push.lock")
            roll_back(base, "17", "worse")

    on_change(roll_back_once)
    with pytest.raises(CopyError, match="the next run tries again"):
        update_bucket(base, url)
    assert not (bucket / "18").exists()
    assert update_bucket(base, url) == f"{url}/17"


def test_a_folder_of_another_model_is_left_alone(base: Path, bucket: Path, url: str) -> None:
    make_version(base, 17)
    (bucket / "17").mkdir(parents=True)
    (bucket / "17" / "saved_model.pb").write_text("the graph of another model")
    with pytest.raises(CopyError, match=r"holds files of another model \(saved_model\.pb\); name a folder for this"):
        update_bucket(base, url)
    assert content(bucket) == {"17/saved_model.pb": "the graph of another model"}


def test_without_a_version_nothing_is_due(base: Path, bucket: Path, url: str) -> None:
    base.mkdir(parents=True)
    assert not copies_are_due(base, url)
    assert update_bucket(base, url) is None
    assert not bucket.exists()


def test_another_bucket_gets_the_newest_version(base: Path, bucket: Path, url: str) -> None:
    make_version(base, 17)
    update_bucket(base, url)
    assert copies_are_due(base, f"{url}-other")
    update_bucket(base, f"{url}-other")
    assert content(bucket.with_name("faces-other") / "17") == complete(17)


@pytest.mark.parametrize(("url", "message"), [("nosuch://bucket/x", "nosuch: no such kind of bucket; use s3://")])
def test_a_kind_of_bucket_that_nobody_knows_is_an_error_of_one_line(url: str, message: str) -> None:
    with pytest.raises(VisageError, match=message):
        check_bucket_installed(url)
