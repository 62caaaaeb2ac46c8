"""Addresses as people write them."""

import pytest

from visage.client.address import read_address
from visage.errors import VisageError


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://host:8501", "http://host:8501/v1/models/visage"),
        ("HTTP://host:8501/", "http://host:8501/v1/models/visage"),
        ("https://host/v1/models/faces", "https://host/v1/models/faces"),
        ("https://host/behind/v1/models/faces/", "https://host/behind/v1/models/faces"),
        ("http://host/v1/models/faces/versions/3", "http://host/v1/models/faces/versions/3"),
        ("http://host/v1/models/a%20b/labels/stable", "http://host/v1/models/a%20b/labels/stable"),
        ("http://[::1]:8501", "http://[::1]:8501/v1/models/visage"),
        ("grpc://host:8500", "grpc://host:8500/visage"),
        ("grpcs://host:8500/faces/labels/canary", "grpcs://host:8500/faces/labels/canary"),
    ],
)
def test_an_address_names_a_model(text: str, url: str) -> None:
    assert read_address(text).url_of_version == url


@pytest.mark.parametrize(
    ("text", "target"),
    [("grpc://host", "host:8500"), ("grpc://host:9", "host:9"), ("grpc://[::1]", "[::1]:8500")],
)
def test_the_port_of_grpc_is_8500_without_another(text: str, target: str) -> None:
    assert read_address(text).target == target


def test_a_version_or_a_label_may_stand_beside_the_address() -> None:
    assert read_address("grpc://host", version=3).url_of_version == "grpc://host/visage/versions/3"
    assert read_address("http://host", label="a b").url_of_version == "http://host/v1/models/visage/labels/a%20b"


@pytest.mark.parametrize(
    "text",
    [
        "localhost:8501",
        "ftp://host",
        "http://",
        "http://host:x",
        "http://host:70000",
        "http://user:password@host",
        "http://host?x=1",
        "http://host/v1/models/faces:predict",
        "grpc://host/faces/3",
        "http://host name",
    ],
)
def test_what_is_no_address_is_an_error_of_one_line(text: str) -> None:
    with pytest.raises(VisageError, match="write http://HOST:PORT or grpc://HOST:PORT") as caught:
        read_address(text)
    assert "\n" not in str(caught.value)


def test_a_version_and_a_label_exclude_each_other() -> None:
    with pytest.raises(VisageError, match="version 3 and label 'stable': choose one"):
        read_address("http://host/v1/models/faces/versions/3", label="stable")
