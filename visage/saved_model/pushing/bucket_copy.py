"""Copies pushed versions to a bucket, so that no reader ever loads a part of one.

A bucket has no rename, and TensorFlow Serving sees a version as soon as the first object below its number is there. So
the files of a version are uploaded below `.copying/NUMBER`, which no server reads, and then copied within the bucket to
`NUMBER`, `saved_model.pb` last: TensorFlow Serving cannot load a folder without it, keeps the version that it serves,
and tries again. `models.config`, one object, names the newest version; it is written after all of its files, so that
a server that polls it sees complete versions only.

The bucket follows the folder of the versions: `.copied.json` there records what the bucket has, a copy that was
interrupted or failed is completed by the next call, and a version that a rollback took out of service is removed.

Source: TensorFlow Serving, sources/storage_path/file_system_storage_path_source.cc, and its model_config_file.
"""

import json
import posixpath
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from visage import progress
from visage.errors import VisageError, listed, quoted_address
from visage.extras import set_up_with
from visage.files import write_atomically
from visage.lock import locked
from visage.saved_model.pushing.holds import held_versions, push_lock
from visage.saved_model.versions import SAVED_MODEL, VersionFolder, newest_version, version_folders

RECORD = ".copied.json"
MODELS_CONFIG = "models.config"
"""The object that names the newest complete version: a configuration file of TensorFlow Serving."""

_LOCK = ".copying.lock"
_UNFINISHED = ".copying"
_STEP = "copy the version to the bucket"
_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^/]+")
# fsspec reads these, but cannot write to them.
_READ_ONLY = ("http", "https", "ftp")


class CopyError(VisageError):
    """A version is not in the bucket; what is pushed stays pushed."""


@dataclass(frozen=True)
class CopyRecord:
    """What the bucket has.

    Attributes:
        url: of the bucket's folder.
        since: the lowest version that is copied; earlier ones were pushed before the bucket was configured.
        begun: numbers of those of which a server may see something.
        versions: numbers of those that are complete there.
    """

    url: str
    since: int
    begun: tuple[int, ...] = ()
    versions: tuple[int, ...] = ()

    def with_begun(self, number: int) -> "CopyRecord":
        """Returns the record in which the version may be visible."""
        return replace(self, begun=tuple(sorted({*self.begun, number})))

    def with_complete(self, number: int) -> "CopyRecord":
        """Returns the record in which the version is complete."""
        return replace(self, versions=tuple(sorted({*self.versions, number})))

    def without(self, number: int) -> "CopyRecord":
        """Returns the record without the version."""
        begun, versions = ([other for other in numbers if other != number] for numbers in (self.begun, self.versions))
        return replace(self, begun=tuple(begun), versions=tuple(versions))


def check_copy_url(url: str) -> str:
    """Returns the address of a bucket's folder without a slash at its end.

    >>> check_copy_url("s3://models/visage/")
    's3://models/visage'

    Raises:
        ValueError: it is no address to which files can be written, or it holds a password or options.
    """
    if not _URL.match(url) and not re.match("(file|memory):///", url):
        raise ValueError(f"must be the address of a bucket, such as s3://BUCKET/visage, not {quoted_address(url)}")
    scheme = url.partition(":")[0]
    if scheme in _READ_ONLY:
        raise ValueError(f"must be the address of a bucket, such as s3://BUCKET/visage; {scheme} cannot be written to")
    if "@" in urlsplit(url).netloc or "?" in url or "#" in url or "::" in url:
        raise ValueError("must hold no password and no option; docs/volumes.md names the variables for credentials")
    return url.rstrip("/")


def check_bucket_installed(url: str) -> None:
    """Checks that the package for this kind of bucket is installed, before work whose result is to be copied there.

    Raises:
        VisageError: it is not installed, or there is none.
    """
    _file_system_class(url)


def copies_are_due(base: Path, url: str) -> bool:
    """Returns whether a version is to be copied to the bucket or removed from it; does not connect to it."""
    record = _read_record(base, url)
    return bool(_due(base, record)) or bool(_withdrawn(base, record))


def update_bucket(base: Path, url: str) -> str | None:
    """Copies every version that is due, the newest first, and removes those that were rolled back.

    Versions that were pushed before the bucket was configured are not copied, but for the newest. Calls for one folder
    wait for each other; a rollback waits for the last seconds of a copy alone.

    Args:
        base: the folder of the versions.
        url: the bucket's folder for this model alone, as `check_copy_url` returns it.

    Returns:
        The address of the newest version; None if there is no version.

    Raises:
        CopyError: the bucket cannot be written, or holds another model. What was copied before the error is complete.
    """
    try:
        with locked(base / _LOCK, f"copy versions to {url}"):
            return _update(base, url)
    except CopyError:
        raise
    # The cause depends on the kind of bucket: no package, no credentials, no such bucket, no network.
    except Exception as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise CopyError(f"{url}: cannot copy the version there: {reason}; the next run tries again") from error


def _update(base: Path, url: str) -> str | None:
    newest = newest_version(base)
    if newest is None:
        return None
    files, root = _open(url)
    if _read_record(base, url) is None:
        _write_record(base, CopyRecord(url, newest.number))
    # The one that is to be served first; a rollback may choose another one meanwhile.
    while (newest := newest_version(base)) is not None and newest.number not in _record(base, url).versions:
        _copy(files, root, base, newest, url)
    if newest is not None:
        _write_models_config(files, f"{root}/{MODELS_CONFIG}", base.name, url, newest.number)
    for number in _withdrawn(base, _record(base, url)):
        _remove(files, root, number)
        _write_record(base, _record(base, url).without(number))
    for version in _due(base, _record(base, url)):
        _copy(files, root, base, version, url)
    # A server ignores what is left of them.
    with suppress(Exception):
        _remove_below(files, f"{root}/{_UNFINISHED}")
    return f"{url}/{newest.number}" if newest is not None else None


def _due(base: Path, record: CopyRecord | None) -> list[VersionFolder]:
    """Returns the versions that are in service and not in the bucket, the newest first."""
    versions = version_folders(base)
    since, there = (record.since, record.versions) if record else (-1, ())
    wanted = [version for version in versions if record and version.number >= since] or versions[-1:]
    # After a rollback the newest may be one from before the bucket was configured.
    wanted = [*wanted, *(version for version in versions[-1:] if version not in wanted)]
    return [version for version in reversed(wanted) if version.number not in there]


def _withdrawn(base: Path, record: CopyRecord | None) -> list[int]:
    held = {version.number for version in held_versions(base)}
    return sorted({*record.begun, *record.versions} & held) if record else []


def _copy(files: Any, root: str, base: Path, version: VersionFolder, url: str) -> None:
    """Copies one version, unless a rollback takes it out of service meanwhile."""
    # Without leading zeros, which the local name may have.
    target, unfinished = f"{root}/{version.number}", f"{root}/{_UNFINISHED}/{version.number}"
    sizes = {path.relative_to(version.path).as_posix(): path.stat().st_size for path in _files_below(version.path)}
    there = _sizes_below(files, target)
    if there != sizes:
        _check_same_version(there, sizes, target)
        _upload(files, version.path, unfinished, sizes)
    with push_lock(base, f"copy versions to {target}"):
        if version.path.is_dir():
            if there != sizes:
                _write_record(base, _record(base, url).with_begun(version.number))
                _publish(files, unfinished, target, sizes)
            _write_record(base, _record(base, url).with_begun(version.number).with_complete(version.number))


def _publish(files: Any, unfinished: str, target: str, sizes: Mapping[str, int]) -> None:
    # The model itself last: nothing loads a folder without it.
    for name in sorted(sizes, key=lambda name: (name == SAVED_MODEL, name)):
        files.cp_file(f"{unfinished}/{name}", f"{target}/{name}")
    if _sizes_below(files, target) != sizes:
        raise CopyError(f"{target}: is not what was copied there; nobody else may write to this folder")


def _check_same_version(there: Mapping[str, int], sizes: Mapping[str, int], target: str) -> None:
    """Checks that a folder in the bucket holds nothing, or a part of the version.

    Raises:
        CopyError: it holds something else, which a server may have loaded.
    """
    others = [name for name, size in there.items() if sizes.get(name) != size]
    if others:
        raise CopyError(
            f"{target}: holds files of another model ({listed(others)}); name a folder for this model alone in "
            "serving.copy_to"
        )


def _upload(files: Any, version: Path, unfinished: str, sizes: Mapping[str, int]) -> None:
    # An object appears when it is whole; those that an interrupted copy uploaded are kept.
    there = _sizes_below(files, unfinished)
    for number, (name, size) in enumerate(sorted(sizes.items())):
        progress.report(_STEP, number, len(sizes), name)
        if there.get(name) != size:
            files.put_file(str(version / name), f"{unfinished}/{name}")
    progress.report(_STEP, len(sizes), len(sizes))


def _remove(files: Any, root: str, number: int) -> None:
    target = f"{root}/{number}"
    if files.exists(f"{target}/{SAVED_MODEL}"):
        # First, so that nothing loads what is left if this is interrupted.
        files.rm_file(f"{target}/{SAVED_MODEL}")
    _remove_below(files, target)


def _write_models_config(files: Any, path: str, model: str, url: str, version: int) -> None:
    text = (
        f'model_config_list {{\n  config {{\n    name: "{model}"\n    base_path: "{url}"\n'
        '    model_platform: "tensorflow"\n'
        f"    model_version_policy {{ specific {{ versions: {version} }} }}\n  }}\n}}\n"
    ).encode()
    if not files.exists(path) or files.cat_file(path) != text:
        files.pipe_file(path, text)


def _open(url: str) -> tuple[Any, str]:
    """Returns fsspec's file system and the folder's name in it; credentials are those of the environment.

    Raises:
        VisageError: the package is not installed.
    """
    options = {"auto_mkdir": True} if url.startswith("file:") else {}
    file_system = _file_system_class(url)
    # Others write to the bucket, so nothing is remembered of it.
    files = file_system(use_listings_cache=False, skip_instance_cache=True, **options)
    return files, str(file_system._strip_protocol(url)).rstrip("/")


def _file_system_class(url: str) -> Any:
    scheme = url.partition(":")[0]
    try:
        import fsspec

        return fsspec.get_filesystem_class(scheme)
    except ImportError as error:
        fix = str(error)
        if scheme in ("s3", "s3a", "gs", "gcs"):
            fix = f"run `{set_up_with('bucket')}`"
            if scheme.startswith("g") and sys.version_info < (3, 11):
                fix = "the older stack excludes gcsfs, so run the current one (docs/volumes.md)"
        raise VisageError(f"serving.copy_to: {scheme}: its package is not installed; {fix}") from None
    except ValueError:
        raise VisageError(f"serving.copy_to: {scheme}: no such kind of bucket; use s3://... or gs://...") from None


def _sizes_below(files: Any, folder: str) -> dict[str, int]:
    """Returns the sizes in bytes of all objects below a folder, by their names relative to it."""
    found = files.find(folder, detail=True)
    return {posixpath.relpath(path, folder): int(about["size"]) for path, about in found.items()}


def _remove_below(files: Any, folder: str) -> None:
    for name in _sizes_below(files, folder):
        files.rm_file(f"{folder}/{name}")


def _files_below(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _read_record(base: Path, url: str) -> CopyRecord | None:
    """Returns what the bucket has; None if nothing is known of this bucket."""
    try:
        document = json.loads((base / RECORD).read_text(encoding="utf-8"))
        begun, versions = (tuple(map(int, document[key])) for key in ("begun", "versions"))
        record = CopyRecord(str(document["url"]), int(document["since"]), begun, versions)
    except (OSError, ValueError, KeyError, TypeError):
        # The next call looks into the bucket.
        return None
    return record if record.url == url else None


def _record(base: Path, url: str) -> CopyRecord:
    record = _read_record(base, url)
    if record is None:
        raise CopyError(f"{base / RECORD}: was removed or damaged meanwhile; run again")
    return record


def _write_record(base: Path, record: CopyRecord) -> None:
    write_atomically(base / RECORD, json.dumps(asdict(record), indent=2) + "\n")
