"""The address of a metadata server comes from the environment or a secret file, and no message repeats its password."""

from pathlib import Path

import pytest

from pipeline.config.metadata import MetadataSettings
from pipeline.metadata.address import URL_VARIABLE, read_address
from visage.errors import VisageError

MYSQL = MetadataSettings(store="mysql")


@pytest.fixture(autouse=True)
def _no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(URL_VARIABLE, raising=False)


def test_an_address_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL_VARIABLE, "mysql://vis%40age:a%2Fb%23%25@db.example:3307/faces\n")
    address = read_address(MYSQL)
    assert (address.store, address.host, address.port, address.database) == ("mysql", "db.example", 3307, "faces")
    assert (address.user, address.password) == ("vis@age", "a/b#%")


@pytest.mark.parametrize(
    ("store", "url", "port"),
    [
        ("mysql", "mariadb://u:p@h/d", 3306),
        ("postgresql", "postgres://u:p@h/d", 5432),
        ("postgresql", "postgresql://u@[::1]/d", 5432),
    ],
)
def test_schemes_and_ports_have_their_usual_names(
    store: str, url: str, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(URL_VARIABLE, url)
    address = read_address(MetadataSettings(store=store))
    assert (address.store, address.port) == (store, port)


def test_a_secret_file_is_read_and_the_environment_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("mysql://u:p@in-file/d\n")
    settings = MetadataSettings(store="mysql", url_file=str(tmp_path / "secret"))
    assert read_address(settings).host == "in-file"
    monkeypatch.setenv(URL_VARIABLE, "mysql://u:p@in-environment/d")
    assert read_address(settings).host == "in-environment"


def test_an_address_is_shown_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL_VARIABLE, "mysql://u:hunter2@h/d")
    address = read_address(MYSQL)
    assert str(address) == "mysql://u@h:3306/d"
    assert "hunter2" not in f"{address!r} {address}"


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:hunter2@h",
        "mysql://u:hunter2@h/",
        "mysql://:hunter2@h/d",
        "mysql://u:hunter2@h:port/d",
        "mysql://u:hunter2@h:99999/d",
        "mysql://u:hunter2#x@h/d",
        "mysql://u:hunter2/x@h/d",
        "mysql://u:hunter2@[h/d",
        "mysql://u:hunter2@h/d?ssl=hunter2",
        "mysql://u:hunter2@h/d/e",
        "http://u:hunter2@h/d",
        "postgresql://u:hunter2@h/d",
        "hunter2",
    ],
)
def test_a_wrong_address_is_one_line_without_its_password(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL_VARIABLE, url)
    with pytest.raises(VisageError) as error:
        read_address(MYSQL)
    assert URL_VARIABLE in str(error.value)
    assert "hunter2" not in str(error.value)
    assert "\n" not in str(error.value)
    # A traceback has the causes, too.
    assert error.value.__cause__ is None


def test_no_address_is_one_line() -> None:
    with pytest.raises(VisageError, match=r"^metadata.store: mysql, but no address of the server; set \$VISAGE"):
        read_address(MYSQL)


def test_a_missing_secret_file_is_one_line(tmp_path: Path) -> None:
    settings = MetadataSettings(store="mysql", url_file=str(tmp_path / "none"))
    with pytest.raises(VisageError, match=r"^metadata.url_file: .*/none cannot be read \(No such file or directory\)"):
        read_address(settings)
