"""Quick checks, of milliseconds or a second for an npm package, made before TensorFlow and TFX are imported."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pipeline.checks.archives import bytes_to_prepare, check_archives
from pipeline.checks.extras import check_extras
from pipeline.checks.finding import Finding
from pipeline.checks.free_space import free_space, nearest_existing
from pipeline.config.schema import PipelineConfig
from pipeline.config.webhook_address import webhook_address
from pipeline.machine.permissions import may_write, refusal_line, unwritable_workspace
from pipeline.metadata.location import StoreLocation
from pipeline.run_lock import check_not_running
from visage.errors import VisageError
from visage.faces.settings import NO_DETECTOR
from visage.networks.pretrained.weights_file import check_weights_file
from visage.ready_model.names import READY
from visage.training.distillation.teacher import check_geometry, find_teacher

# Longer than any transaction of another process.
_PATIENCE_SECONDS = 0.3


@dataclass
class CheckContext:
    """What the checks of one configuration share.

    Attributes:
        config: the run to check.
        source: the only source to check; None: all of the configuration.
    """

    config: PipelineConfig
    source: str | None = None

    @cached_property
    def archives(self) -> list[Path]:
        """The result of `check_archives`, which reads the tables: computed once for all checks."""
        return check_archives(self.config.data, self.source, self.config.alignment.detector != NO_DETECTOR)


Check = Callable[[CheckContext], Finding]


def check_early(config: PipelineConfig, names: Collection[str], source: str | None = None) -> list[Finding]:
    """Makes the checks of these names.

    Args:
        config: the run to check.
        names: of CHECKS.
        source: the only source to check; None: all of the configuration.

    Returns:
        The findings of status 'note'.

    Raises:
        VisageError: something would fail later.
        OSError: the operating system refuses the check itself.
    """
    context = CheckContext(config, source)
    findings = [CHECKS[name](context) for name in names]
    for finding in findings:
        if finding.status == "missing":
            raise VisageError(f"{finding.name}: {finding.detail}; {finding.fix}")
    return [finding for finding in findings if finding.status == "note"]


def check_runs(config: PipelineConfig) -> None:
    """Checks that the metadata of finished runs can be read.

    Raises:
        VisageError: the database is damaged, cannot be read, or another process has locked it; its server does not
            answer.
    """
    StoreLocation.of(config).check(to_write=False, patience=_PATIENCE_SECONDS)


def all_findings(config: PipelineConfig) -> Iterator[Finding]:
    """Makes every check and yields its finding, errors included."""
    context = CheckContext(config)
    for name, check in CHECKS.items():
        try:
            yield check(context)
        except VisageError as error:
            yield Finding(name, "missing", str(error))
        except OSError as error:
            yield Finding(name, "missing", refusal_line(error))


def _extras(context: CheckContext) -> Finding:
    check_extras(context.config)
    return Finding("extras", "ok", "the detector and the first weights have their packages")


def _recipe(context: CheckContext) -> Finding:
    trainer = context.config.trainer
    if trainer.weights_file is not None:
        if isinstance(trainer.weights, dict):
            # Imports NumPy.
            from visage.networks.pretrained.faceres_package import read_faceres_package

            read_faceres_package(trainer.weights_file)
        else:
            check_weights_file(trainer.weights_file, trainer.network)
    # Whether the ready model can be made, the check of the extras says.
    if trainer.distillation.teacher not in (None, READY):
        check_geometry(find_teacher(trainer.distillation.teacher), context.config.alignment)
    return Finding("recipe", "ok", "the weights and the teacher that it names exist and suit it")


def _archives(context: CheckContext) -> Finding:
    detail = (
        ", ".join(map(str, context.archives))
        or f"{context.config.data.sample_portraits.count:,} portraits will be drawn"
    )
    return Finding("archives", "ok", detail)


def _workspace(context: CheckContext) -> Finding:
    there = nearest_existing(context.config.root)
    if not there.is_dir():
        raise VisageError(f"{there}: is a file, not a folder; name another one by --set workspace=DIR")
    if not may_write(there):
        raise unwritable_workspace(there, "Permission denied")
    return Finding("workspace", "ok", str(context.config.root))


def _disk(context: CheckContext) -> Finding:
    try:
        archives = context.archives
    except VisageError:  # the check of the archives reports it
        archives = []
    return free_space(context.config.root, bytes_to_prepare(archives, context.config.data_root))


def _metadata(context: CheckContext) -> Finding:
    location = StoreLocation.of(context.config)
    location.check(to_write=True, patience=_PATIENCE_SECONDS)
    if not location.is_file:
        # Half a second; a wrong password would else be found after TFX is imported.
        from pipeline.metadata.opened import check_login

        check_login(location)
    return Finding("metadata", "ok", location.name if location.is_there else "no run yet")


def _lock(context: CheckContext) -> Finding:
    check_not_running(context.config.root)
    return Finding("lock", "ok", "no other run of this pipeline")


def _notices(context: CheckContext) -> Finding:
    # No run fails for them, so they would be found only when there is something to tell.
    notifications, retraining = context.config.notifications, context.config.retraining
    problems = []
    try:
        webhook_address(notifications)
    except VisageError as error:
        problems.append(str(error))
    if retraining.statistics is not None and not Path(retraining.statistics).is_dir():
        problems.append(
            f"retraining.statistics: {retraining.statistics} is no folder; `visage serve --statistics` makes it"
        )
    if problems:
        return Finding("notices", "note", "; ".join(problems))
    return Finding("notices", "ok", "the address for notifications and the statistics for drift can be read")


CHECKS: dict[str, Check] = {
    "extras": _extras,
    "recipe": _recipe,
    "archives": _archives,
    "workspace": _workspace,
    "lock": _lock,
    "metadata": _metadata,
    "disk": _disk,
    "notices": _notices,
}
"""The checks by name, in their order."""
OF_A_RUN = tuple(CHECKS)
OF_A_SOURCE = ("archives", "workspace", "disk")
"""The checks of commands that run the pipeline, and of those that prepare a source."""
