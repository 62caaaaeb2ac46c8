"""A notification of a run, in one line for people and as values for programs."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pipeline.config.retraining import Event


@dataclass(frozen=True)
class Notification:
    """One event.

    Attributes:
        event: its kind.
        pipeline: its name.
        text: one line for people.
        run_id: of the run; None: drift, which belongs to none.
        version: the number that is served now; None: none is.
        gates: names of the failed limits and of whom.
        card: path of the run's model card; None without one.
    """

    event: Event
    pipeline: str
    text: str
    run_id: str | None = None
    version: str | None = None
    gates: Sequence[str] = ()
    card: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Returns the notification as JSON; Slack, Mattermost and Teams show `text`."""
        values = asdict(self)
        return {"text": values.pop("text"), **values, "gates": list(self.gates)}
