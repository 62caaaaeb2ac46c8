"""Reads the configuration that a run, or a compiled pipeline, recorded."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from pipeline.config.schema import PipelineConfig
from visage.errors import VisageError


def read_recorded(values: Mapping[str, Any] | None, where: str, fix: str) -> PipelineConfig:
    """Reads a configuration with every default, whose paths are expanded.

    Args:
        values: as JSON holds them; None: nothing was recorded.
        where: what recorded it.
        fix: what to do where another version of VisAge did.

    Raises:
        VisageError: nothing was recorded, or this version has other keys.
    """
    try:
        return PipelineConfig.model_validate(values)
    except ValidationError:
        raise VisageError(f"{where}: holds no configuration of this version of VisAge; {fix}") from None
