import os
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from tests.helpers.awkward_names import NAMES
from visage.paths import as_literal, expand
from visage.settings import AS_WRITTEN, ExpandedPath, LocalPath

names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)
variables = st.text(string.ascii_letters + string.digits + "_", min_size=1).map(lambda name: f"VISAGE_TEST_{name}")


class Paths(BaseModel):
    local: LocalPath = "runs"
    anywhere: ExpandedPath = "runs"


def read(**values: str) -> Paths:
    return Paths.model_validate(values, context={AS_WRITTEN: True})


def refusal(**values: str) -> str:
    with pytest.raises(ValidationError) as error:
        read(**values)
    return str(error.value.errors()[0]["msg"])


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("HOME", "/home of/$one")
    return "/home of/$one"


@pytest.mark.parametrize(
    ("written", "expanded"),
    [
        ("~", "{home}"),
        ("~/visage-runs", "{home}/visage-runs"),
        ("$HOME/runs", "{home}/runs"),
        ("${HOME}/runs", "{home}/runs"),
        ("/data/${HOME}x", "/data/{home}x"),
        ("runs/~", "runs/~"),
        ("./~", "./~"),
        ("$$HOME/~$$", "$HOME/~$"),
        ("5 $ a [b]", "5 $ a [b]"),
    ],
)
def test_home_and_variables_are_expanded_once(written: str, expanded: str, home: str) -> None:
    assert expand(written) == expanded.replace("{home}", home)
    assert read(local=written).local == expanded.replace("{home}", home)


def test_an_expanded_path_is_not_expanded_again(home: str) -> None:
    once = read(local="~/runs")
    assert Paths.model_validate_json(once.model_dump_json()) == once
    assert Paths.model_validate(once.model_dump()) == once


@pytest.mark.parametrize("written", ["$VISAGE_NONE/x", "a/${VISAGE_NONE}"])
def test_a_variable_that_is_not_set_is_named(written: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VISAGE_NONE", raising=False)
    assert "the environment variable VISAGE_NONE is not set; set it, or write $$" in refusal(local=written)
    monkeypatch.setenv("VISAGE_NONE", "")
    assert "VISAGE_NONE is empty" in refusal(local=written)


def test_the_home_of_an_unknown_user_is_refused() -> None:
    assert "~nobody-of-that-name: no user has this name" in refusal(local="~nobody-of-that-name/runs")


def test_an_address_is_no_path_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "not the address 'gs://bucket/x'" in refusal(local="gs://bucket/x")
    # As `Path("s3://bucket/x")` writes it.
    assert "not the address 's3:/bucket/x'; mount the bucket" in refusal(local="s3:/bucket/x")
    assert "not the address 'HTTPS://h/x'; download it" in refusal(local="HTTPS://h/x")
    assert "not the address 'file:///data/x'; write the path alone, /data/x" in refusal(local="file:///data/x")
    monkeypatch.setenv("BUCKET", "mine")
    assert "not the address 's3://mine/x'" in refusal(local="s3://$BUCKET/x")
    assert read(anywhere="gs://$BUCKET/x").anywhere == "gs://mine/x"


def test_an_address_is_refused_by_code_that_does_not_read_a_file() -> None:
    for written in ("s3://bucket/x", str(Path("gs://bucket/x"))):
        with pytest.raises(ValidationError, match="must be a path of this machine, not the address"):
            Paths(local=written)


@pytest.mark.parametrize("path", ["a:/b", "./s3:/b", "runs/s3://b", "s3:b", "gs", "c:"])
def test_other_names_with_a_colon_are_paths(path: str) -> None:
    assert read(local=path).local == path


def test_a_name_that_is_not_utf8_is_refused_even_behind_a_link(tmp_path: Path) -> None:
    latin1 = os.fsdecode(os.fsencode(tmp_path) + b"/r\xe9sum\xe9")
    assert "holds bytes that are no UTF-8; rename it" in refusal(local=latin1)
    Path(latin1).mkdir()
    (tmp_path / "link").symlink_to(latin1)
    assert r"r\udce9sum\udce9/below' , which" in refusal(local=f"{tmp_path}/link/below").replace("',", "' ,")


@given(names)
def test_a_literal_path_expands_to_itself(path: str) -> None:
    assert Path(expand(as_literal(path))) == Path(path)


@pytest.mark.parametrize("name", NAMES)
def test_a_literal_name_is_read_as_it_is(name: str) -> None:
    assert Path(read(local=as_literal(name)).local) == Path(name)


@given(variables, names, names)
def test_the_value_of_a_variable_is_not_expanded(variable: str, value: str, rest: str) -> None:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(variable, value)
        assert expand(f"/a/${{{variable}}}{as_literal('/' + rest)}") == f"/a/{value}/{rest}"
