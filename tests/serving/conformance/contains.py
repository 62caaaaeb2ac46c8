"""Compares protobuf messages by the fields that are expected."""

import math
from typing import Any


def missing(found: Any, wanted: Any, where: str = "") -> str | None:
    """Returns how a message differs from the fields that are set in `wanted`; None if it has them all.

    A tensor must be in the same kind of field; floats may differ by a millionth.
    """
    if wanted.DESCRIPTOR.name == "TensorProto" and found.tensor_content != wanted.tensor_content:
        return f"{where}: tensor_content differs"
    for field, value in wanted.ListFields():
        path = f"{where}.{field.name}"
        got = getattr(found, field.name)
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            for key in value:
                if key not in got:
                    return f"{path}: no {key}"
                if (problem := _value(got[key], value[key], f"{path}[{key}]")) is not None:
                    return problem
        elif field.label == field.LABEL_REPEATED:
            if len(got) != len(value):
                return f"{path}: {len(got)} values, not {len(value)}"
            for number, pair in enumerate(zip(got, value, strict=True)):
                if (problem := _value(*pair, f"{path}[{number}]")) is not None:
                    return problem
        elif (problem := _value(got, value, path)) is not None:
            return problem
    return None


def _value(found: Any, wanted: Any, where: str) -> str | None:
    if hasattr(wanted, "ListFields"):
        return missing(found, wanted, where)
    same = math.isclose(found, wanted, rel_tol=1e-6) if isinstance(wanted, float) else found == wanted
    return None if same else f"{where}: {found!r}, not {wanted!r}"
