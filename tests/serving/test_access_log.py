"""What the access log has of calls over gRPC; `tests/serving/rest/test_app.py` has the same for REST."""

import asyncio
import json
import logging
from pathlib import Path

import grpc
import pytest

from serving.core.model_config import ModelConfig
from serving.core.model_server import ModelServer
from serving.grpc_api.server import make_grpc_server
from tests.helpers.limits import HANG_GUARD_SECONDS
from tests.serving.rest.graphs import FLOAT, STRING, save_graph
from visage.tf_serving_api.messages import PredictRequest

PREDICT = "/tensorflow.serving.PredictionService/Predict"


def refused_requests() -> list[PredictRequest]:
    """Returns requests whose errors quote them."""
    name, signature, value = (PredictRequest() for _ in range(3))
    name.inputs["secret"].dtype = STRING
    signature.model_spec.signature_name = "secret"
    value.model_spec.signature_name = "numbers"
    value.inputs["text"].dtype = STRING
    value.inputs["text"].tensor_shape.dim.add(size=1)
    value.inputs["text"].string_val.append(b"secret")
    alias = PredictRequest(output_filter=["secret"])
    alias.model_spec.signature_name = "double"
    for key in ("a", "b"):
        alias.inputs[key].dtype = FLOAT
        alias.inputs[key].float_val.append(1)
    requests = [name, signature, value, alias]
    for request in requests:
        request.model_spec.name = "texts"
    return requests


def test_the_access_log_quotes_nothing_of_a_refused_call(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    save_graph(tmp_path / "3")
    caplog.set_level(logging.INFO, "serving.access")
    texts = []

    async def call_all() -> None:
        models = ModelServer([ModelConfig("texts", tmp_path)])
        await models.start()
        server = make_grpc_server(models)
        port = server.add_port("127.0.0.1", 0)
        await server.start()
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            for request in refused_requests():
                with pytest.raises(grpc.RpcError) as caught:
                    await channel.unary_unary(PREDICT)(request.SerializeToString(), timeout=HANG_GUARD_SECONDS)
                texts.append(str(caught.value))
        await server.stop(0)
        await models.close()

    asyncio.run(call_all())
    lines = [json.loads(record.getMessage()) for record in caplog.records if record.name == "serving.access"]
    assert len(lines) == len(texts) == 4
    assert all("secret" in text for text in texts)
    assert all(line["message"] and "secret" not in line["message"] for line in lines)
