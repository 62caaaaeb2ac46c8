"""Cleans one source as a run would, and keeps the result for the next inspection."""

import hashlib
import json
from pathlib import Path

from components.face_example_gen.prepare import archive_digests
from components.face_example_gen.settings import FaceExampleGenSettings
from components.node_code import NODES
from pipeline.data_inspection.collect import CleanedData
from pipeline.data_inspection.prepared import prepare
from visage.files import atomic_folder
from visage.lock import locked
from visage.source_digest import source_digest


def clean(source: str, settings: FaceExampleGenSettings) -> CleanedData:
    """Prepares and cleans `source` with FaceExampleGen's own code, unless that was done before.

    The result is kept in `<data_root>/inspections`, in a folder named by its cache key.

    Args:
        source: one of `settings.data.sources`.
        settings: archives, rules, alignment and split.

    Raises:
        VisageError: an archive is missing or broken, or the folder cannot be written.
    """
    archives_state = json.dumps(archive_digests(settings, source))
    folder = Path(settings.data_root) / "inspections" / _cache_key(source, settings, archives_state)
    with locked(folder.with_name(f"{folder.name}.lock"), f"clean {source}"):
        if not folder.is_dir():
            _clean_into(folder, source, settings)
    return CleanedData(folder / "examples", folder / "report", settings)


def _clean_into(folder: Path, source: str, settings: FaceExampleGenSettings) -> None:
    from components.face_example_gen.reconcile import clean_and_report, write_report

    sources = [prepared.source for prepared in prepare(source, settings)]
    # The lock is held, so a folder under the temporary name is left from a killed attempt.
    with atomic_folder(folder, folder.with_name(f".{folder.name}.partial")) as partial:
        examples, report_dir = partial / "examples", partial / "report"
        write_report(clean_and_report(sources, settings, str(examples), str(report_dir)), report_dir)


def _cache_key(source: str, settings: FaceExampleGenSettings, archives_state: str) -> str:
    digest = hashlib.sha256(settings.model_dump_json(exclude={"beam", "data_root"}).encode())
    digest.update(source_digest(*NODES["FaceExampleGen"].packages).encode())
    digest.update(f"{source} {archives_state}".encode())
    return digest.hexdigest()[:16]
