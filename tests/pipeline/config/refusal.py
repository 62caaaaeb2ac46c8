"""The message with which a configuration is refused."""

from pathlib import Path

import pytest

from pipeline.config.loader import load_config
from tests.helpers.project import PROJECT
from visage.errors import VisageError

DEFAULT = PROJECT / "pipeline_config.yaml"


def refusal(*overrides: str, path: Path = DEFAULT) -> str:
    with pytest.raises(VisageError) as error:
        load_config(path, overrides)
    return str(error.value)
