"""The server and the command line with a public key: they use what the key signed and nothing else."""

import asyncio
import errno
import gc
import re
import shutil
import socket
from pathlib import Path

import numpy as np
import pytest

from serving.core.model_config import ModelConfig
from serving.core.model_spec import ModelSpec
from serving.core.served_model import VersionStatus
from serving.options import ServeOptions
from serving.server import make_model_server, serve
from tests.end_to_end.visage import visage
from tests.helpers.limits import wait_until
from tests.helpers.project import PROJECT
from tests.helpers.signing import install_model_signing, make_keys
from tests.serving.conftest import plain_jpeg
from visage.errors import VisageError
from visage.prediction.loaded_model import load_model
from visage.saved_model.pushing.push import push
from visage.saved_model.pushing.signing import SigningKeys
from visage.saved_model.validation.served import ExpectedPredictions, check_served

pytestmark = pytest.mark.one_stack


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> SigningKeys:
    install_model_signing()
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def pushed(tmp_path_factory: pytest.TempPathFactory, saved_model: Path, keys: SigningKeys) -> Path:
    """The folder of a signed version; copy it, never change it."""
    return push(saved_model, tmp_path_factory.mktemp("served"), keys)


@pytest.fixture
def version(pushed: Path, tmp_path: Path) -> Path:
    return shutil.copytree(pushed, tmp_path / "visage" / "17")


def tamper(version: Path) -> Path:
    """Changes one byte of the weights, so that the model still loads."""
    (weights,) = (version / "variables").glob("variables.data*")
    content = bytearray(weights.read_bytes())
    content[0] ^= 1
    weights.write_bytes(content)
    return version


def test_the_loader_of_tensorflow_serving_serves_a_signed_version(version: Path) -> None:
    request = {"image_bytes": np.array([plain_jpeg(102, 102, 102)], dtype=object)}
    expected = ExpectedPredictions("serving_default", request, load_model(version).run(request))
    check_served(str(version), [expected])


def options(version: Path, public_key: Path) -> ServeOptions:
    return ServeOptions([ModelConfig("visage", version.parent)], rest_port=0, grpc_port=0, public_key=public_key)


def test_a_tampered_version_is_refused_at_the_start_in_one_line(version: Path, keys: SigningKeys) -> None:
    tamper(version)
    with pytest.raises(VisageError, match=r"17: refused by .*key\.pub: .*changed: variables/variables\.data.*; push"):
        serve(options(version, keys.public))


def test_a_tampered_new_version_leaves_the_old_one_in_service(
    version: Path, keys: SigningKeys, caplog: pytest.LogCaptureFixture
) -> None:
    tampered = version.with_name("18")

    async def run() -> list[VersionStatus]:
        server = make_model_server(options(version, keys.public))
        await server.start()
        tamper(shutil.copytree(version, tampered))
        await asyncio.to_thread(wait_until, lambda: caplog.records, "a warning in the log")
        found = server.status(ModelSpec("visage"))
        await server.close()
        return found

    refused, served = asyncio.run(run())
    assert (served.version, served.state) == (17, "AVAILABLE")
    (line,) = {record.message for record in caplog.records if record.name.startswith("serving")}
    assert line == refused.message
    assert line.startswith(f"{tampered}: refused by ")


def test_a_server_that_starts_with_an_older_version_names_the_refused_one(version: Path, keys: SigningKeys) -> None:
    tamper(shutil.copytree(version, version.with_name("18")))
    lines: list[str] = []

    def stop_at_the_address(line: str) -> None:
        lines.append(line)
        if "Ctrl-C ends" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        serve(options(version, keys.public), announce=stop_at_the_address)
    assert lines[0].startswith(f"warning: {version.with_name('18')}: refused by ")
    assert lines[0].endswith("; serving version 17")
    assert (port := re.search(r"gRPC: 127\.0\.0\.1:(\d+);", lines[-1])) is not None
    with socket.socket() as connection:
        assert connection.connect_ex(("127.0.0.1", int(port[1]))) == errno.ECONNREFUSED
    # Hangs if grpcio's server was not stopped.
    gc.collect()


def test_a_server_with_a_key_that_is_missing_does_not_start(version: Path, tmp_path: Path) -> None:
    with pytest.raises(VisageError, match=r"nowhere\.pub: no such file"):
        serve(options(version, tmp_path / "nowhere.pub"))


def test_serve_refuses_a_tampered_version_as_a_user_runs_it(version: Path, keys: SigningKeys) -> None:
    tamper(version)
    ended = visage(
        "serve",
        "--model-base-path",
        version.parent,
        "--rest-port",
        "0",
        "--grpc-port",
        "0",
        "--public-key",
        keys.public,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(f"visage: {version}: refused by {keys.public}: ")
    assert ended.stderr.count("\n") == 1


def test_predict_uses_a_signed_version_and_refuses_a_tampered_one(
    version: Path, keys: SigningKeys, portraits: Path
) -> None:
    portrait = sorted((portraits / "UTKFace").rglob("*.jpg"))[0]
    command = ("predict", portrait, "--model", version.parent, "--public-key", keys.public)
    accepted = visage(*command)
    assert (accepted.returncode, accepted.stderr) == (0, "")
    assert "version 17" in accepted.stdout
    plain = visage("predict", portrait, "--model", version.parent)
    assert accepted.stdout == plain.stdout

    tamper(version)
    refused = visage(*command)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(f"visage: {version}: refused by {keys.public}: its files are not those that were")
    assert refused.stderr.count("\n") == 1


def test_the_key_of_the_configuration_verifies_its_model(version: Path, keys: SigningKeys, tmp_path: Path) -> None:
    home = tmp_path / "runs" / "faces" / "serving"
    home.mkdir(parents=True)
    tamper(version).parent.rename(home / "visage")
    signing = f"exports: {{signing: {{public_key: {keys.public}}}}}"
    (tmp_path / "faces.yaml").write_text(f"extends: {PROJECT / 'pipeline_config.yaml'}\nname: faces\n{signing}\n")
    ended = visage("predict", "x.jpg", "--config", "faces.yaml", cwd=tmp_path)
    assert ended.returncode == 1
    assert "refused by" in ended.stderr


def test_a_key_for_a_server_that_already_runs_is_an_error(keys: SigningKeys) -> None:
    ended = visage("predict", "x.jpg", "--server", "http://y", "--public-key", keys.public)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("visage: --server and --public-key: a server verifies its own model")
