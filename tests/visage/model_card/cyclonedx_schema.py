"""The parts of CycloneDX 1.6's JSON schema (bom-1.6.schema.json) that the card's `modelCard` uses, in short."""

from typing import Any

_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}


def _object(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "required": list(required), "properties": properties}


def _list(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


_LEARNING = ["supervised", "unsupervised", "reinforcement-learning", "semi-supervised", "self-supervised"]
_DATA = ["source-code", "configuration", "dataset", "definition", "other"]
_PROPERTY = _object(("name",), name=_TEXT, value=_TEXT)


def check(value: Any, schema: dict[str, Any], where: str = "modelCard") -> None:
    """Asserts that a value follows one of these schemas: no key too many, none missing, each of its type."""
    if "enum" in schema:
        assert value in schema["enum"], f"{where}: {value!r} is none of {schema['enum']}"
    elif schema["type"] == "string":
        assert isinstance(value, str), f"{where}: {value!r} is no text"
    elif schema["type"] == "array":
        assert isinstance(value, list), f"{where}: {value!r} is no list"
        for number, item in enumerate(value):
            check(item, schema["items"], f"{where}[{number}]")
    else:
        assert isinstance(value, dict), f"{where}: {value!r} is no object"
        assert set(schema["required"]) <= set(value) <= set(schema["properties"]), f"{where}: {sorted(value)}"
        for name, item in value.items():
            check(item, schema["properties"][name], f"{where}.{name}")


MODEL_CARD = _object(
    modelParameters=_object(
        approach=_object(type={"enum": _LEARNING}),
        task=_TEXT,
        architectureFamily=_TEXT,
        modelArchitecture=_TEXT,
        datasets=_list(_object(("type",), type={"enum": _DATA}, name=_TEXT, description=_TEXT, sensitiveData=_TEXTS)),
        inputs=_list(_object(format=_TEXT)),
        outputs=_list(_object(format=_TEXT)),
    ),
    quantitativeAnalysis=_object(
        performanceMetrics=_list(
            _object(
                type=_TEXT,
                value=_TEXT,
                slice=_TEXT,
                confidenceInterval=_object(lowerBound=_TEXT, upperBound=_TEXT),
            )
        )
    ),
    considerations=_object(
        users=_TEXTS,
        useCases=_TEXTS,
        technicalLimitations=_TEXTS,
        ethicalConsiderations=_list(_object(name=_TEXT, mitigationStrategy=_TEXT)),
        fairnessAssessments=_list(_object(groupAtRisk=_TEXT, benefits=_TEXT, harms=_TEXT, mitigationStrategy=_TEXT)),
    ),
    properties=_list(_PROPERTY),
)
