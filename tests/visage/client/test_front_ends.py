"""Both clients against the REST and the gRPC front end of `visage serve`."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.serving.conftest import RunningServer, plain_jpeg
from visage.client import ClientError

# Their mean colours are the ages in per cent.
CROPS = [plain_jpeg(51, 51, 51), plain_jpeg(153, 153, 153)]
LANDMARKS = np.full((2, 5, 2), 0.5, np.float32)


@pytest.fixture(params=["rest", "grpc"])
def address(request: pytest.FixtureRequest, shared_server: RunningServer) -> str:
    """The address of the model; versions and labels may follow."""
    if request.param == "rest":
        return f"{shared_server.url}/v1/models/visage"
    return f"grpc://127.0.0.1:{shared_server.grpc_port}/visage"


def test_crops_are_predicted(use: Callable[..., Any], address: str) -> None:
    dark, light = use(address, lambda client: client.predict_crops(CROPS))
    assert (dark["age"], light["age"]) == (pytest.approx(20, abs=0.5), pytest.approx(60, abs=0.5))
    assert (dark["age_group"], light["age_group"]) == ("15-20", "60-100")
    assert len(dark["age_probabilities"]) == 101


def test_whole_photos_are_aligned_and_predicted(use: Callable[..., Any], address: str) -> None:
    inputs = {"image_bytes": CROPS, "landmarks": LANDMARKS}
    outputs = use(address, lambda client: client.predict(inputs, "align_and_predict"))
    # The test model adds the sum of the landmarks.
    np.testing.assert_allclose(outputs["age"], [25, 65], atol=0.5)
    assert outputs["age"].dtype == np.float32
    assert outputs["age_probabilities"].shape == (2, 101)
    assert outputs["gender"].tolist()[0] in (b"male", b"female")


def test_the_status_is_that_of_the_version(use: Callable[..., Any], address: str) -> None:
    (state,) = use(address, lambda client: client.status())
    assert (state.version, state.state, state.code, state.message) == (3, "AVAILABLE", "OK", "")


def test_the_metadata_has_the_signatures(use: Callable[..., Any], address: str) -> None:
    metadata = use(address, lambda client: client.metadata())
    assert (metadata.model, metadata.version) == ("visage", 3)
    assert {"serving_default", "align_and_predict", "evaluate", "echo"} <= set(metadata.signatures)
    landmarks = metadata.signatures["align_and_predict"].inputs["landmarks"]
    assert (landmarks.dtype, landmarks.shape) == ("DT_FLOAT", (-1, 5, 2))


def test_a_broken_jpeg_is_an_error_of_the_request(use: Callable[..., Any], address: str) -> None:
    with pytest.raises(ClientError) as caught:
        use(address, lambda client: client.predict_crops([CROPS[0], CROPS[1][:200]]))
    assert caught.value.code == "INVALID_ARGUMENT"
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(address)


@pytest.mark.parametrize("version", ["versions/3", "labels/stable"])
def test_the_address_names_a_version(use: Callable[..., Any], address: str, version: str) -> None:
    (row,) = use(f"{address}/{version}", lambda client: client.predict_crops(CROPS[:1]))
    assert row["age"] == pytest.approx(20, abs=0.5)
    assert use(f"{address}/{version}", lambda client: client.metadata()).version == 3


@pytest.mark.parametrize(
    ("version", "code", "message"),
    [
        ("versions/4", "NOT_FOUND", r"Servable not found for request: Specific\(visage, 4\)"),
        ("labels/canary", "INVALID_ARGUMENT", "Unrecognized servable version label: canary"),
    ],
)
def test_a_version_that_is_not_served_is_an_error(
    use: Callable[..., Any], address: str, version: str, code: str, message: str
) -> None:
    with pytest.raises(ClientError, match=message) as caught:
        use(f"{address}/{version}", lambda client: client.predict_crops(CROPS[:1]))
    assert caught.value.code == code
