"""The settings of retraining: when a scheduled run trains, and the notifications of how a run ended."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from pipeline.config.secret_files import SecretFile
from visage.settings import LocalPath, Settings

Trigger = Literal["schedule", "new_data", "drift"]
Event = Literal["withheld", "failed", "pushed", "drift"]

_EACH_TIME: list[Trigger] = ["schedule"]
_BAD_NEWS: list[Event] = ["withheld", "failed"]


class RetrainingSettings(Settings):
    """When a scheduled run trains. A run that a person starts always does."""

    when: Annotated[list[Trigger], Field(min_length=1)] = Field(
        default_factory=_EACH_TIME.copy, description="schedule: each time; else where one of the reasons holds"
    )
    statistics: LocalPath | None = Field(
        None, min_length=1, description="folder of `visage serve --statistics`, for drift"
    )
    days: int = Field(7, ge=1, le=3650, description="how many of the last days are compared for drift")

    @field_validator("when")
    @classmethod
    def _names_no_contradiction(cls, when: list[Trigger]) -> list[Trigger]:
        others = [one for one in when if one != "schedule"]
        if "schedule" in when and others:
            raise ValueError(
                f"schedule trains each time, so that {' and '.join(others)} would have no effect; leave one of them out"
            )
        return list(dict.fromkeys(when))

    @model_validator(mode="after")
    def _drift_has_statistics(self) -> "RetrainingSettings":
        if "drift" in self.when and self.statistics is None:
            raise ValueError("statistics: is missing; drift compares the folder of `visage serve --statistics`")
        return self

    @property
    def asks(self) -> bool:
        """Returns whether a scheduled run ends early unless a reason holds."""
        return self.when != _EACH_TIME


class NotificationSettings(Settings):
    """Notifications of a run; the webhook's address stands elsewhere, because it is a secret."""

    webhook_file: SecretFile | None = Field(
        None, min_length=1, description="file with the webhook's address; null: $VISAGE_WEBHOOK_URL has it, or none"
    )
    events: list[Event] = Field(default_factory=_BAD_NEWS.copy, description="of which to tell")
