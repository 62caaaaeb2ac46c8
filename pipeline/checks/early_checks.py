"""What can be checked in milliseconds, before TensorFlow and TFX are imported: nothing of it fails late."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pipeline.checks.archives import bytes_to_prepare, look_at_archives
from pipeline.checks.extras import check_extras
from pipeline.checks.finding import Finding
from pipeline.checks.free_space import free_space, nearest_existing
from pipeline.checks.permissions import may_write, refusal_line, unwritable_workspace
from pipeline.config.schema import PipelineConfig
from pipeline.metadata.store import check_usable
from pipeline.run_lock import check_not_running
from visage.errors import VisageError
from visage.networks.pretrained.weights_file import check_weights_file
from visage.training.distillation.teacher import find_teacher

# No transaction of another process takes as long.
_PATIENCE_SECONDS = 0.3


@dataclass
class Look:
    """What the checks of one configuration look at.

    Attributes:
        config: what is to be run.
    """

    config: PipelineConfig

    @cached_property
    def archives(self) -> list[Path]:
        """As of `look_at_archives`, which reads the tables: once for all checks."""
        return look_at_archives(self.config.data)


Check = Callable[[Look], Finding]


def check_early(config: PipelineConfig, names: Collection[str], source: str | None = None) -> list[Finding]:
    """Makes the checks of these names.

    Args:
        config: what is to be run.
        names: of CHECKS.
        source: the only one that is read; None: all of the configuration.

    Returns:
        What is good to know.

    Raises:
        VisageError: something would fail later.
        OSError: the operating system refuses the look itself.
    """
    if source is not None:
        config = config.model_copy(update={"data": config.data.model_copy(update={"sources": [source]})})
    look = Look(config)
    findings = [CHECKS[name](look) for name in names]
    for finding in findings:
        if finding.status == "missing":
            raise VisageError(f"{finding.name}: {finding.detail}; {finding.fix}")
    return [finding for finding in findings if finding.status == "note"]


def check_runs(config: PipelineConfig) -> None:
    """Looks whether what finished runs have recorded can be read.

    Raises:
        VisageError: the database is damaged, cannot be read, or another process has locked it.
    """
    check_usable(config.root / "metadata.sqlite", to_write=False, patience=_PATIENCE_SECONDS)


def findings_of(config: PipelineConfig) -> Iterator[Finding]:
    """Makes every check, and yields what each has found, errors included."""
    look = Look(config)
    for name, check in CHECKS.items():
        try:
            yield check(look)
        except VisageError as error:
            yield Finding(name, "missing", str(error))
        except OSError as error:
            yield Finding(name, "missing", refusal_line(error))


def _extras(look: Look) -> Finding:
    check_extras(look.config)
    return Finding("extras", "ok", "the detector and the first weights have their packages")


def _recipe(look: Look) -> Finding:
    trainer = look.config.trainer
    if trainer.weights_file is not None:
        check_weights_file(trainer.weights_file, trainer.network)
    if trainer.distillation.teacher is not None:
        find_teacher(trainer.distillation.teacher)
    return Finding("recipe", "ok", "the weights and the teacher that it names are there")


def _archives(look: Look) -> Finding:
    detail = (
        ", ".join(map(str, look.archives)) or f"{look.config.data.sample_portraits.count:,} portraits will be drawn"
    )
    return Finding("archives", "ok", detail)


def _workspace(look: Look) -> Finding:
    there = nearest_existing(look.config.root)
    if not there.is_dir():
        raise VisageError(f"{there}: is a file, no folder; name another one by --set workspace=DIR")
    if not may_write(there):
        raise unwritable_workspace(there, "Permission denied")
    return Finding("workspace", "ok", str(look.config.root))


def _disk(look: Look) -> Finding:
    try:
        archives = look.archives
    except VisageError:  # the check of the archives reports it
        archives = []
    return free_space(look.config.root, bytes_to_prepare(archives, look.config.data_root))


def _metadata(look: Look) -> Finding:
    database = look.config.root / "metadata.sqlite"
    check_usable(database, to_write=True, patience=_PATIENCE_SECONDS)
    return Finding("metadata", "ok", str(database) if database.exists() else "no run yet")


def _lock(look: Look) -> Finding:
    check_not_running(look.config.root)
    return Finding("lock", "ok", "no other run of this pipeline")


CHECKS: dict[str, Check] = {
    "extras": _extras,
    "recipe": _recipe,
    "archives": _archives,
    "workspace": _workspace,
    "lock": _lock,
    "metadata": _metadata,
    "disk": _disk,
}
"""By name, in the order in which they are made."""
OF_A_RUN = tuple(CHECKS)
OF_A_SOURCE = ("archives", "workspace", "disk")
"""What the commands need: those that run the pipeline, and those that prepare a source."""
