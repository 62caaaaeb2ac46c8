"""Paths of TensorFlow Serving's REST API."""

import pytest

from serving.core.errors import ServingError
from serving.core.model_spec import ModelSpec
from serving.rest.paths import Target, find_target, is_api


@pytest.mark.parametrize(
    ("method", "path", "target"),
    [
        ("POST", "/v1/models/m:predict", Target(ModelSpec("m"), "predict")),
        ("POST", "/V1/Models/m/Versions/007:Predict", Target(ModelSpec("m", 7), "predict")),
        ("POST", "/v1/models/m/labels/stable:regress", Target(ModelSpec("m", None, "stable"), "regress")),
        ("GET", "/v1/models/a%20b", Target(ModelSpec("a b"), "status")),
        ("GET", "/v1/models/m/metadata", Target(ModelSpec("m"), "metadata")),
        ("GET", "/v1/models/metadata", Target(ModelSpec("metadata"), "status")),
        ("GET", "/v1/models/m/versions/1/visage", Target(ModelSpec("m", 1), "visage")),
    ],
)
def test_a_path_names_a_model(method: str, path: str, target: Target) -> None:
    assert find_target(method, path) == target


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/models/"),
        ("GET", "/v1/models/m/"),
        ("GET", "/v1/models/m?x"),
        ("GET", "/v1/models/m/versions/\u0663"),
        ("POST", "/v1/models/m:predict/"),
        ("POST", "/v1/models/m\n:predict?"),
        ("HEAD", "/v1/models/m"),
    ],
)
def test_anything_else_is_malformed(method: str, path: str) -> None:
    with pytest.raises(ServingError) as caught:
        find_target(method, path)
    assert caught.value.message == f"Malformed request: {method} {path}"


@pytest.mark.parametrize("digits", [str(2**63), "9" * 5000])
def test_a_version_beyond_int64_is_refused(digits: str) -> None:
    with pytest.raises(ServingError, match=f"^Failed to convert version: {digits} to numeric.$"):
        find_target("GET", f"/v1/models/m/versions/{digits}")


def test_a_name_is_needed() -> None:
    for path in ("/v1/models", "/v1/models/versions/3", "/v1/models/labels/x/metadata"):
        with pytest.raises(ServingError, match="Missing model name in request"):
            find_target("GET", path)


def test_what_is_not_below_v1_is_not_the_api() -> None:
    assert is_api("/v1/")
    assert is_api("/V1/x\n?y")
    assert not is_api("/v1")
    assert not is_api("/v10/models")
