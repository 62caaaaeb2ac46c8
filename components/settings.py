"""What every component's settings have in common."""

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """Settings that refuse unknown keys and cannot change after they are read."""

    model_config = ConfigDict(extra="forbid", frozen=True)
