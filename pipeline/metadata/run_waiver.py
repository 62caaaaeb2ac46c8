"""Finds the waiver that concerns the model of a run."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from pipeline.metadata.records import Run
from visage.evaluation.evaluation import Evaluation
from visage.evaluation.waivers import Waiver, select_waiver, valid_waivers


@dataclass(frozen=True)
class RunWaiver:
    """The waiver of a run's model.

    Attributes:
        waiver: the decision.
        used: whether it let the model of this run through. False: it was given after the run, or does not cover every
            limit that failed.
        shortfall: which limits that failed in this run are not covered, in one line; '' if all are.
    """

    waiver: Waiver
    used: bool
    shortfall: str

    def to_json(self) -> dict[str, Any]:
        """Returns the decision with `used` and `shortfall` as JSON."""
        return {**asdict(self.waiver), "used": self.used, "shortfall": self.shortfall}


def waiver_of(run: Run, evaluation: Evaluation | None, waivers: Sequence[Waiver], today: date) -> RunWaiver | None:
    """Returns the waiver that let a run's model through, or the one that the next run will read; None without one.

    Args:
        run: the run.
        evaluation: of its model; None: there is none, or it is gone.
        waivers: of the pipeline, the oldest first.
        today: in UTC.
    """
    before = evaluation.waiver if evaluation else None
    if evaluation is not None and before is not None and evaluation.waived:
        return RunWaiver(before, True, "")
    model = run.output("Trainer", "model")
    if run.blessed is not False or model is None:
        return None
    gates = evaluation.gates if evaluation else ()
    waiver = select_waiver(valid_waivers(waivers, str(model.uri), today), gates) or before
    return None if waiver is None else RunWaiver(waiver, False, waiver.shortfall(gates))
