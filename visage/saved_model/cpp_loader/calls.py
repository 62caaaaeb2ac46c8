"""Calls of a graph and their results as JSON, which a process with TensorFlow and one without it exchange."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Call:
    """One run of a graph.

    Attributes:
        feeds: values by tensor name; strings as dtype object holding bytes.
        fetches: names of the tensors to compute.
    """

    feeds: Mapping[str, np.ndarray]
    fetches: Sequence[str]


@dataclass(frozen=True)
class Failure:
    """An error of TensorFlow.

    Attributes:
        code: its name, e.g. "FAILED_PRECONDITION".
        message: TensorFlow's own text.
    """

    code: str
    message: str


@dataclass(frozen=True, eq=False)
class Replies:
    """The results of loading a model and of calling it.

    Attributes:
        load_failure: why the model cannot be loaded; None: it was loaded.
        results: for each call the values of its fetches, or its failure.
    """

    load_failure: Failure | None
    results: Sequence[list[np.ndarray] | Failure]


def calls_to_json(calls: Sequence[Call]) -> str:
    """Returns calls as the text that `calls_from_json` reads."""
    return json.dumps(
        [
            {"feeds": {name: _encode(value) for name, value in call.feeds.items()}, "fetches": list(call.fetches)}
            for call in calls
        ]
    )


def calls_from_json(text: str) -> list[Call]:
    """Parses the text that `calls_to_json` returned."""
    return [
        Call({name: _decode(value) for name, value in call["feeds"].items()}, call["fetches"])
        for call in json.loads(text)
    ]


def replies_to_json(replies: Replies) -> str:
    """Returns replies as the text that `replies_from_json` reads."""
    results = [
        vars(result) if isinstance(result, Failure) else [_encode(value) for value in result]
        for result in replies.results
    ]
    failure = replies.load_failure
    return json.dumps({"load_failure": failure and vars(failure), "results": results})


def replies_from_json(text: str) -> Replies:
    """Parses the text that `replies_to_json` returned."""
    document = json.loads(text)
    failure = document["load_failure"]
    return Replies(
        failure and Failure(**failure),
        [
            Failure(**result) if isinstance(result, dict) else [_decode(value) for value in result]
            for result in document["results"]
        ],
    )


def _encode(value: np.ndarray) -> dict[str, Any]:
    if value.dtype == object:
        data: Any = [base64.b64encode(item).decode() for item in value.flat]
    else:
        data = base64.b64encode(value.tobytes()).decode()
    return {"dtype": value.dtype.str, "shape": list(value.shape), "data": data}


def _decode(document: Mapping[str, Any]) -> np.ndarray:
    dtype = np.dtype(document["dtype"])
    if dtype.kind != "O":
        return np.frombuffer(base64.b64decode(document["data"]), dtype).reshape(document["shape"])
    strings = np.empty(len(document["data"]), object)
    strings[:] = [base64.b64decode(item) for item in document["data"]]
    return strings.reshape(document["shape"])
