"""`visage lineage`: from a pushed model back to its data, and from an archive or a person to the models."""

from dataclasses import asdict
from pathlib import Path

import click

from pipeline.cli.common import DEFAULT_CONFIG, PathOfThisMachine, json_option, override_option
from pipeline.cli.opened import Opened, opened
from visage.errors import VisageError


@click.command()
@click.argument("model", required=False, metavar="[MODEL|VERSION]")
@click.option("--archive", metavar="NAME", help="Which models learned from this data set, e.g. imdb_wiki/wiki.")
@click.option("--identity", metavar="ID", help="Which models learned from this person, as the examples name it.")
@click.option("--config", type=PathOfThisMachine(), default=DEFAULT_CONFIG, show_default=True, help="Of the pipeline.")
@override_option
@json_option
def lineage(
    model: str | None,
    archive: str | None,
    identity: str | None,
    config: Path,
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    """Show what a pushed model was made from: data, counts, configuration, code, digests.

    MODEL is a folder, VERSION a number of the pipeline; the default is the served version. With --archive or
    --identity: the models, in all pipelines of the workspace, that learned from it.
    """
    if sum(one is not None for one in (model, archive, identity)) > 1:
        raise VisageError("MODEL, --archive and --identity: exclude each other; give one of them")
    with opened(config, overrides, as_json) as at:
        if archive is None and identity is None:
            _show_model(at, model)
        else:
            _show_learned(at, archive, identity)


def _show_model(at: Opened, model: str | None) -> None:
    from pipeline.metadata.origin import find_origin, served_version
    from pipeline.output.lineage import print_lineage

    origin = find_origin(at.metadata, model or served_version(at.metadata, at.settings.model_base_path))
    print_lineage(origin, at.reporter)
    at.print_json(origin.to_json())


def _show_learned(at: Opened, archive: str | None, identity: str | None) -> None:
    from pipeline.metadata.learned import learned_from_archive, learned_from_identity
    from pipeline.metadata.workspace import workspace_trainings
    from pipeline.output.lineage import print_learned

    known = workspace_trainings(at.settings.root.parent)
    if identity is None:
        models = learned_from_archive(known, str(archive))
    else:
        with at.reporter.stage("examples"):
            models = learned_from_identity(known, identity)
    print_learned(models, at.reporter)
    looked_for = {"archive": archive} if identity is None else {"identity": identity}
    at.print_json({**looked_for, "models": [asdict(one) for one in models]})
