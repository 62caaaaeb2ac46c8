"""The API keys of both protocols."""

from pathlib import Path

import pytest

from serving.core.model_config import ModelConfig
from serving.core.model_server import ModelServer
from serving.grpc_api.server import make_grpc_server
from serving.rest.app import RestApp
from serving.rest.options import RestOptions


@pytest.mark.parametrize("key", ["", " "])
def test_an_empty_key_is_refused_by_both_protocols(tmp_path: Path, key: str) -> None:
    models = ModelServer([ModelConfig("visage", tmp_path)])
    with pytest.raises(ValueError, match="an API key is empty"):
        RestApp(models, RestOptions(api_keys=("first", key)))
    with pytest.raises(ValueError, match="an API key is empty"):
        make_grpc_server(models, ("first", key))
