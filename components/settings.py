"""What every component's settings have in common."""

from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError


class Settings(BaseModel):
    """Settings that refuse unknown keys, cannot change after they are read, and hold finite numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _true_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        assert info.field_name
        allowed = _plain_types(cls.model_fields[info.field_name].annotation)
        if _holds_a_bool(value) and {int, float} & allowed and bool not in allowed:
            raise PydanticCustomError("number_type", "Input should be a number")
        return value


def plain_message(detail: Any) -> str:
    """What one of pydantic's errors says is wrong, without pydantic's own turns of phrase."""
    return str(detail["msg"]).removeprefix("Value error, ").replace("Input should be", "must be")


def _plain_types(annotation: Any) -> set[Any]:
    """The types in an annotation such as `float | None` or `tuple[float, float]`."""
    parts = get_args(annotation)
    return set().union(*map(_plain_types, parts)) if parts else {annotation}


def _holds_a_bool(value: Any) -> bool:
    return any(map(_holds_a_bool, value)) if isinstance(value, list | tuple) else isinstance(value, bool)
