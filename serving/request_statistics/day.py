"""The counts of one day, of one version of a model, in one process: one file."""

from dataclasses import dataclass, field

from visage.monitoring.counts import Counts
from visage.monitoring.files import StatisticsFile


@dataclass
class DayCounts:
    """Counts, and whether the file has them.

    Attributes:
        file: its name says what they are of.
        counts: up to now.
        changed: whether the file lacks some of them.
    """

    file: StatisticsFile
    counts: Counts = field(default_factory=Counts)
    changed: bool = False
