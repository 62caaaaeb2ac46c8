"""Makes the ready model for commands, and says so on standard error before they redirect it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from visage.ready_model.names import READY

if TYPE_CHECKING:
    from pipeline.config.schema import PipelineConfig
    from visage.faces.settings import AlignmentSettings


def announced_ready_model(key: str, alignment: AlignmentSettings | None = None) -> Path:
    """Returns the SavedModel of the ready model, and makes it first if necessary, which one line announces.

    Args:
        key: the setting or option that names the model.
        alignment: of the crops that it will read; None: the default.

    Raises:
        VisageError: as `visage.ready_model.cache.ready_model`.
    """
    from visage.ready_model.cache import ready_model

    return ready_model(alignment, key, announce=lambda line: click.echo(f"visage: {line}", err=True))


def taken_ready_model(option: str, why: str, fix: str = "") -> Path:
    """Returns the ready model for a command that takes it, which one line says.

    Args:
        option: that names models.
        why: it is taken.
        fix: how to get another one; "": nothing is said of that.

    Raises:
        VisageError: as `announced_ready_model`.
    """
    click.echo(f"visage: {why}: taking the ready model, networks of other people{fix and f'; {fix}'}", err=True)
    return announced_ready_model(option)


def ready_keys(config: PipelineConfig) -> Iterator[str]:
    """Yields the keys of a configuration that name the ready model."""
    for key, name in (
        ("evaluator.reference", config.evaluator.reference),
        ("trainer.distillation.teacher", config.trainer.distillation.teacher),
    ):
        if name == READY:
            yield key


def make_ready_model(config: PipelineConfig) -> None:
    """Makes the ready model if a configuration names it.

    A command calls this before it wires the pipeline, which would make the model unseen.

    Raises:
        VisageError: as `announced_ready_model`.
    """
    for key in ready_keys(config):
        announced_ready_model(key, config.alignment)
