"""`visage serve` with TLS and API keys, called by its own client over both protocols."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.certificate import write_certificate
from tests.serving.conformance.images import JPEG
from tests.serving.serve_process import serve
from visage.client import Client, ClientError, RetryPolicy

ONCE = RetryPolicy(1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the certificate is."""
    return tmp_path_factory.mktemp("protected")


@pytest.fixture(scope="module")
def urls(folder: Path, saved_model: Path) -> Iterator[dict[str, str]]:
    """The server's address by protocol."""
    (folder / "visage").mkdir()
    (folder / "visage" / "3").symlink_to(saved_model)
    (folder / "keys").write_text("old\nnew\n", encoding="utf-8")
    certificate, key = write_certificate(folder)
    options = {
        "--model-base-path": folder / "visage", "--api-keys": folder / "keys",
        "--tls-certificate": certificate, "--tls-key": key,
    }  # fmt: skip
    with serve(*(str(word) for option in options.items() for word in option)) as (rest_port, grpc_port):
        yield {"rest": f"https://127.0.0.1:{rest_port}", "grpc": f"grpcs://127.0.0.1:{grpc_port}"}


each_protocol = pytest.mark.parametrize("protocol", ["rest", "grpc"])


@each_protocol
@pytest.mark.parametrize("key", ["old", "new"])
def test_a_key_and_the_certificate_open(urls: dict[str, str], folder: Path, protocol: str, key: str) -> None:
    with Client(urls[protocol], api_key=key, certificates=folder / "certificate.pem") as client:
        assert [prediction["gender"] for prediction in client.predict_crops([JPEG])] == ["male"]


@each_protocol
@pytest.mark.parametrize("key", [None, "wrong"])
def test_without_a_key_a_call_is_refused(urls: dict[str, str], folder: Path, protocol: str, key: str | None) -> None:
    with (
        Client(urls[protocol], api_key=key, certificates=folder / "certificate.pem", retries=ONCE) as client,
        pytest.raises(ClientError, match="an API key is needed") as caught,
    ):
        client.predict_crops([JPEG])
    assert caught.value.code == "UNAUTHENTICATED"


@each_protocol
@pytest.mark.parametrize("is_encrypted", [True, False])
def test_without_the_certificate_there_is_no_connection(
    urls: dict[str, str], protocol: str, is_encrypted: bool
) -> None:
    scheme, _, address = urls[protocol].partition("://")
    url = f"{scheme if is_encrypted else scheme[:-1]}://{address}"
    with Client(url, api_key="new", retries=ONCE) as client, pytest.raises(ClientError) as caught:
        client.predict_crops([JPEG])
    assert caught.value.code == "UNAVAILABLE"
