"""Reports what this machine has, what it lacks, and how to get it; imports nothing heavy, so that it is fast."""

import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

from pipeline.checks.finding import Finding
from pipeline.checks.free_space import free_space
from pipeline.checks.unservable import unservable_versions
from pipeline.cli.common import DEFAULT_CONFIG
from pipeline.config.loader import load_config
from visage.errors import VisageError
from visage.extras import EXTRAS, is_installed, set_up_with
from visage.installed import installed_version
from visage.ready_model.cache import find_files
from visage.ready_model.names import EXTRA

_LOCKS = Path(__file__).resolve().parents[2] / "requirements"
_CURRENT_STACK_GLIBC = Version("2.39")
_RUN_MEMORY_GIB = 6
_GPU_QUERY_SECONDS = 5
# Without a configuration.
_WORKSPACE = "runs"
# `make set-up` alone does nothing in a .venv that it finished once.
_SET_UP_AGAIN = "rm -r .venv && make set-up"


def diagnose() -> list[Finding]:
    """Returns findings on the interpreter, the libraries and the machine; takes well under a second."""
    lock = _lock()
    return [
        _interpreter(),
        _stack(lock),
        _packages(lock),
        _glibc(lock),
        _cores(),
        _memory(),
        _gpus(),
        free_space(Path.cwd()),
        _engines(),
        _extras(),
        _ready_model(),
        _compiler(),
        _test_current(),
        _pushed_models(),
    ]


def _interpreter() -> Finding:
    return Finding("python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}")


def _stack(lock: Path | None) -> Finding:
    names = ("tfx", "tensorflow", "keras", "ml-metadata", "numpy")
    versions = {name: installed_version(name) for name in names}
    absent = [name for name, number in versions.items() if number is None]
    if absent:
        return Finding("stack", "missing", f"not installed: {', '.join(absent)}", _SET_UP_AGAIN)
    shown = ", ".join(f"{name} {number}" for name, number in versions.items())
    return Finding("stack", "ok", f"{lock.stem if lock else 'of no lock'}: {shown}")


def _packages(lock: Path | None) -> Finding:
    if lock is None:
        return Finding("packages", "note", "no lock in requirements/ is for the installed tfx", _SET_UP_AGAIN)
    wrong = [f"{name} is {found or 'absent'}, not {wanted}" for name, wanted, found in _differences(lock)]
    if not wrong:
        return Finding("packages", "ok", f"as locked in requirements/{lock.name}")
    more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
    return Finding(
        "packages", "note", f"other than requirements/{lock.name}: {'; '.join(wrong[:3])}{more}", _SET_UP_AGAIN
    )


def _glibc(lock: Path | None) -> Finding:
    found = _glibc_version()
    if found is None:
        return Finding("glibc", "missing", "none: TFX has wheels for Linux with glibc only", "use Debian or Ubuntu")
    if lock is not None and lock.stem == "current" and found < _CURRENT_STACK_GLIBC:
        detail = f"{found}, but this stack's ML Metadata needs {_CURRENT_STACK_GLIBC}"
        return Finding("glibc", "missing", detail, _SET_UP_AGAIN)
    if lock is not None and lock.stem != "current" and found >= _CURRENT_STACK_GLIBC:
        return Finding("glibc", "note", f"{found}: the current stack would run here", _SET_UP_AGAIN)
    return Finding("glibc", "ok", str(found))


def _cores() -> Finding:
    count = len(os.sched_getaffinity(0))
    return Finding("cores", "ok" if count > 1 else "note", f"{count} usable of {os.cpu_count()}")


def _memory() -> Finding:
    kibibytes = {}
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        name, _, value = line.partition(":")
        kibibytes[name] = int(value.split()[0])
    total, free = kibibytes["MemTotal"] / 2**20, kibibytes["MemAvailable"] / 2**20
    detail = f"{free:.1f} of {total:.1f} GiB free"
    if free >= _RUN_MEMORY_GIB:
        return Finding("memory", "ok", detail)
    return Finding(
        "memory",
        "note",
        f"{detail}; a run takes up to {_RUN_MEMORY_GIB}",
        "close other programs, or fewer beam.workers",
    )


def _gpus() -> Finding:
    nothing = Finding("gpus", "note", "none found (no nvidia-smi): training uses the processor")
    if shutil.which("nvidia-smi") is None:
        return nothing
    query = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        output = subprocess.run(query, capture_output=True, text=True, timeout=_GPU_QUERY_SECONDS, check=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        return Finding("gpus", "note", f"nvidia-smi fails ({type(error).__name__})", "fix the driver, or train without")
    gpus = [line.strip() for line in output.splitlines() if line.strip()]
    return Finding("gpus", "ok", "; ".join(gpus)) if gpus else nothing


def _engines() -> Finding:
    ready = ["direct", "portable"]
    lacking = []
    if shutil.which("java"):
        ready += ["flink", "spark"]
    else:
        lacking.append("flink and spark need Java")
    if installed_version("google-cloud-storage"):
        ready.append("dataflow")
    else:
        lacking.append("dataflow needs apache-beam[gcp]")
    detail = f"{', '.join(ready)}: the packages are installed; no cluster was tested"
    if lacking:
        return Finding("engines", "note", f"{detail}; {', '.join(lacking)}", "docs/engines.md")
    return Finding("engines", "ok", detail)


def _extras() -> Finding:
    there = [extra for extra in EXTRAS if is_installed(extra)]
    missing = [extra for extra in EXTRAS if extra not in there]
    if missing:
        detail = f"{', '.join(there) or 'none'}; not installed, only some settings need it: {', '.join(missing)}"
        return Finding("extras", "note", detail, set_up_with(",".join(missing)))
    return Finding("extras", "ok", ", ".join(there))


def _ready_model() -> Finding:
    if is_installed(EXTRA):
        try:
            find_files("visage predict")
        except VisageError as error:
            return Finding("ready model", "note", str(error))
        return Finding("ready model", "ok", "`visage predict --model ready`; without --model where nothing was pushed")
    detail = "not installed: `visage predict` and `visage serve` have no model where none was pushed"
    return Finding("ready model", "note", detail, set_up_with(EXTRA))


def _compiler() -> Finding:
    if shutil.which("g++") is None:
        return Finding("g++", "note", "missing; installing needs it, running does not", "apt-get install g++")
    return Finding("g++", "ok", "there")


def _test_current() -> Finding:
    found = _glibc_version()
    if found is not None and found >= _CURRENT_STACK_GLIBC:
        return Finding("both stacks", "ok", "the current stack runs without a container")
    absent = [tool for tool in ("dockerd", "debootstrap") if shutil.which(tool) is None]
    if absent:
        fix = f"apt-get install {' '.join(absent).replace('dockerd', 'docker.io')}"
        return Finding("both stacks", "note", f"`make test-current` lacks {' and '.join(absent)}", fix)
    if os.geteuid() != 0:
        return Finding("both stacks", "note", "`make test-current` needs root", "sudo make test-current")
    return Finding("both stacks", "ok", "dockerd and debootstrap for `make test-current`")


def _pushed_models() -> Finding:
    workspace = _workspace()
    found = list(unservable_versions(workspace))
    if not found:
        return Finding("models", "ok", f"none below {workspace} that TensorFlow Serving cannot load")
    names = ", ".join(str(version.relative_to(workspace)) for version in found)
    # A pipeline's folder has its name.
    pipelines = ", ".join(dict.fromkeys(version.relative_to(workspace).parts[0] for version in found))
    return Finding(
        "models",
        "missing",
        f"TensorFlow Serving cannot load what an earlier VisAge exported to {workspace}: {names}",
        f"`visage run` with the configuration of {pipelines} trains and pushes a new version",
    )


def _workspace() -> Path:
    """Returns the workspace of the default configuration in this folder."""
    try:
        return Path(load_config(DEFAULT_CONFIG).workspace)
    except VisageError:
        return Path(_WORKSPACE)


def _lock() -> Path | None:
    """Returns the lock of the installed stack: the one with the installed tfx."""
    tfx = installed_version("tfx")
    return next((lock for lock in sorted(_LOCKS.glob("*.txt")) if tfx and dict(_pins(lock)).get("tfx") == tfx), None)


def _pins(lock: Path) -> Iterator[tuple[str, str]]:
    """Yields name and version of each package that the lock has for this interpreter."""
    for line in lock.read_text(encoding="utf-8").splitlines():
        if line[:1].isalnum():
            requirement = Requirement(line.rstrip(" \\"))
            if requirement.marker is None or requirement.marker.evaluate():
                yield requirement.name, next(iter(requirement.specifier)).version


def _differences(lock: Path) -> Iterator[tuple[str, str, str | None]]:
    """Yields the packages whose installed version is not the locked one: name, locked version, installed version."""
    for name, wanted in _pins(lock):
        found = installed_version(name)
        if found is None or Version(found) != Version(wanted):
            yield name, wanted, found


def _glibc_version() -> Version | None:
    try:
        name, _, number = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
    except (ValueError, OSError):
        return None
    return Version(number) if name == "glibc" else None
