"""Compares protobuf messages by the fields that are expected."""

import math
from typing import Any


def missing(found: Any, wanted: Any, where: str = "") -> str | None:
    """Returns how a message differs from `wanted`; None if it has all that `wanted` has.

    Numbers, texts and lists are compared even where they are 0 or empty in `wanted`, since nobody can see there whether
    they are set. Messages and members of a oneof that are not set in it may be anything, and so may further keys of
    maps. Floats may differ by a millionth.
    """
    for field in wanted.DESCRIPTOR.fields:
        if field.has_presence and not wanted.HasField(field.name):
            continue
        path = f"{where}.{field.name}"
        value, got = getattr(wanted, field.name), getattr(found, field.name)
        if hasattr(value, "items"):
            for key in value:
                if key not in got:
                    return f"{path}: no {key}"
                if (problem := _value(got[key], value[key], f"{path}[{key}]")) is not None:
                    return problem
        elif hasattr(value, "__len__") and not isinstance(value, (str, bytes)):
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
