"""The runbook's program reloads a server's configuration by gRPC."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.helpers.project import PROJECT
from visage.tf_serving_api.messages import ReloadConfigRequest, ReloadConfigResponse

pytestmark = pytest.mark.one_stack

REFUSED = "Request to assign label to version 3 of model visage, which is not currently available for inference"


class Reloads(grpc.GenericRpcHandler):
    """Records the configurations that arrive; refuses those with version 3."""

    def __init__(self) -> None:
        self.received: list[Any] = []

    def service(self, handler_call_details: Any) -> Any:
        assert handler_call_details.method == "/tensorflow.serving.ModelService/HandleReloadConfigRequest"
        return grpc.unary_unary_rpc_method_handler(
            self._reload,
            request_deserializer=ReloadConfigRequest.FromString,
            response_serializer=ReloadConfigResponse.SerializeToString,
        )

    def _reload(self, request: Any, context: Any) -> Any:
        self.received.append(request.config)
        (model,) = request.config.model_config_list.config
        if 3 in model.version_labels.values():
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, REFUSED)
        return ReloadConfigResponse()


@pytest.fixture
def reloads() -> Iterator[tuple[Reloads, str]]:
    """A server, and its address."""
    handler = Reloads()
    server = grpc.server(ThreadPoolExecutor(1), handlers=[handler])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield handler, f"127.0.0.1:{port}"
    server.stop(0)


@pytest.mark.parametrize(("canary", "printed"), [(2, "reloaded"), (3, REFUSED)])
def test_the_program_sends_the_file_and_prints_the_answer(
    reloads: tuple[Reloads, str],
    canary: int,
    printed: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    handler, address = reloads
    shipped = (PROJECT / "serving" / "tf_serving" / "models.config").read_text(encoding="utf-8")
    (tmp_path / "models.config").write_text(shipped.replace('"canary" value: 2', f'"canary" value: {canary}'))
    monkeypatch.chdir(tmp_path)
    page = (PROJECT / "docs" / "runbook.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)

    exec(compile(program.replace("localhost:8500", address), "docs/runbook.md", "exec"), {})

    assert capsys.readouterr().out.strip() == printed
    (config,) = handler.received
    assert dict(config.model_config_list.config[0].version_labels) == {"stable": 1, "canary": canary}
