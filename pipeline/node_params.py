"""Changes the few settings of a compiled pipeline that a scheduler's trigger may set for one run.

Only limits of the gates and accepted drift: a trigger decides what is let through, never what is trained on what.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipeline.compiled import CONFIGURATION
from pipeline.config.errors import explain
from pipeline.config.key_types import read_value
from pipeline.config.params import allowed_params
from pipeline.config.recorded import read_recorded
from pipeline.config.schema import PipelineConfig
from visage.errors import VisageError, shortened
from visage.names import did_you_mean

_OPTION = "--param"


def read_params(words: Sequence[str]) -> dict[str, Any]:
    """Reads the values of `--param`.

    Args:
        words: `KEY=VALUE` each, the value in YAML; an empty one is as if it were not given, because a trigger's dialog
            has a field for each key.

    Raises:
        VisageError: a key is not allowed, or a value is not YAML.
    """
    values = {}
    for word in words:
        key, equals, text = word.partition("=")
        if not equals:
            raise VisageError(f"{_OPTION} {shortened(word)}: write KEY=VALUE, e.g. {_OPTION} evaluator.age_mae_max=6")
        if key not in allowed_params():
            fix = did_you_mean(key, allowed_params()) or f"allowed: {', '.join(allowed_params())}"
            raise VisageError(f"{_OPTION} {shortened(key)}: no trigger may set this; {fix}")
        if text.strip():
            values[key] = read_value(_OPTION, key, text)
    return values


def check_params(config: PipelineConfig, params: Mapping[str, Any]) -> None:
    """Checks what a trigger is about to set for runs of a configuration.

    Args:
        config: the whole run.
        params: of `read_params`.

    Raises:
        VisageError: a value is invalid.
    """
    _changed(config.model_dump(mode="json"), params)


def with_params(text: str, params: Mapping[str, Any]) -> str:
    """Returns a compiled pipeline with other values, as if it had been compiled with them.

    Args:
        text: its JSON, as `read_compiled` returns it.
        params: of `read_params`.

    Raises:
        VisageError: a value is invalid.
    """
    if not params:
        return text
    compiled = json.loads(text)
    message = compiled["platform_configs"][CONFIGURATION]
    recorded = json.loads(message["value"])
    before = read_recorded(recorded, "--pipeline", "write it again with `visage compile`")
    after = _changed(recorded, params)
    # Nodes hold their settings as JSON; that of a resolver stands within another JSON text.
    texts = {
        old.model_dump_json(): new.model_dump_json()
        for old, new in ((before.evaluator, after.evaluator), (before.validation, after.validation))
    }
    texts |= {json.dumps(old): json.dumps(new) for old, new in texts.items()}
    changed = _replaced(compiled, texts)
    changed["platform_configs"][CONFIGURATION]["value"] = after.model_dump_json()
    _set_compare(changed, after)
    return json.dumps(changed, indent=1, sort_keys=True) + "\n"


def _changed(recorded: Mapping[str, Any], params: Mapping[str, Any]) -> PipelineConfig:
    values = json.loads(json.dumps(recorded))
    for key, value in params.items():
        *parents, leaf = key.split(".")
        below = values
        for parent in parents:
            below = below[parent]
        # A number is a limit of the same evidence as the compiled one.
        is_limit = isinstance(below[leaf], dict) and isinstance(value, int | float)
        below[leaf] = {**below[leaf], "limit": value} if is_limit else value
    try:
        return PipelineConfig.model_validate(values)
    except ValidationError as error:
        raise VisageError(explain(error, Path("--pipeline"), list(params), _OPTION)) from None


def _replaced(value: Any, texts: Mapping[str, str]) -> Any:
    """Returns a JSON value in which whole texts are replaced, and those that stand as JSON within a text."""
    if isinstance(value, dict):
        return {key: _replaced(below, texts) for key, below in value.items()}
    if isinstance(value, list):
        return [_replaced(below, texts) for below in value]
    if not isinstance(value, str):
        return value
    if value in texts:
        return texts[value]
    for old, new in texts.items():
        if old.startswith('"'):
            value = value.replace(old, new)
    return value


def _set_compare(compiled: Mapping[str, Any], config: PipelineConfig) -> None:
    """Sets whether Pusher wants the model compared with the served one, which follows from the limits."""
    for node in compiled["nodes"]:
        if node["pipeline_node"]["node_info"]["id"] == "Pusher":
            value = node["pipeline_node"]["parameters"]["parameters"]["custom_config"]["field_value"]
            custom_config = json.loads(value["string_value"])
            value["string_value"] = json.dumps({**custom_config, "compare": config.evaluator.compares})
