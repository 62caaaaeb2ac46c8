"""Signs a version of a model, and verifies it, by OpenSSF's program `model_signing`.

The program has an environment of its own (tools/signing.sh): its dependencies exclude those of TFX 1.16. The
signature, a Sigstore bundle over the SHA-256 of every file, lies in the version's `assets.extra`, which TensorFlow
Serving ignores.

Source: OpenSSF Model Signing Specification 1.0, https://github.com/ossf/model-signing-spec.
"""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from visage.errors import VisageError, listed, shortened
from visage.saved_model.metadata import ASSETS_EXTRA

SIGNATURE_FILE = f"{ASSETS_EXTRA}/model.sig"

_PROGRAM = "model_signing"
_IN_A_CLONE = Path(__file__).parents[3] / ".cache" / "signing" / "bin"
# Only a stopped disk takes this long: the program reads gigabytes in seconds.
_TIMEOUT_SECONDS = 600.0
_FAILED = re.compile(r"failed with error: (.*)", re.DOTALL)
# In the list of differences, which Python's repr may have quoted once more.
_DIFFERENCES = {
    "changed": re.compile(r"Hash mismatch for \\?'(.+?)\\?':"),
    "added": re.compile(r"Extra files found in model \\?'.*?\\?': (.+?)[\\'\"]"),
    "missing": re.compile(r"Missing files in model \\?'.*?\\?': (.+?)[\\'\"]"),
}


@dataclass(frozen=True)
class SigningKeys:
    """A pair of PEM files with an elliptic-curve key on P-256, P-384 or P-521; the private one has no password."""

    private: Path
    public: Path


def find_program() -> Path:
    """Returns the path of `model_signing`: beside this Python, in a clone's `.cache/signing`, or on PATH.

    Raises:
        VisageError: it is not installed.
    """
    for folder in (Path(sys.executable).parent, _IN_A_CLONE):
        if found := shutil.which(_PROGRAM, path=str(folder)):
            return Path(found)
    if found := shutil.which(_PROGRAM):
        return Path(found)
    raise VisageError(
        f"{_PROGRAM}: not installed, and needed to sign and verify models; run `make signing` in a clone, or "
        "`uv tool install model-signing --with pyopenssl`"
    )


def check_keys(private: Path | None, public: Path | None) -> None:
    """Checks that the program and the key files exist, before work whose result is to be signed or verified.

    Raises:
        VisageError: one is missing.
    """
    for key in (private, public):
        if key is not None and not key.is_file():
            raise VisageError(f"{key}: no such file, and needed as a key of signatures; see docs/exports.md")
    if private is not None or public is not None:
        find_program()


def sign(model: Path, signature: Path, private_key: Path) -> None:
    """Signs all files of a model.

    Args:
        model: folder of the SavedModel.
        signature: written; its folder must exist.
        private_key: PEM file.

    Raises:
        VisageError: the key cannot be used, the signature cannot be written, or the program is not installed.
    """
    failure = _run("sign", "key", model, "--signature", signature, "--private_key", private_key)
    if failure is not None:
        raise VisageError(f"{model}: cannot be signed with {private_key}: {failure}; see docs/exports.md")


def verify(model: Path, public_key: Path) -> None:
    """Checks that a model has exactly the files that the owner of a key signed.

    Args:
        model: folder of the SavedModel, with its signature in `assets.extra/model.sig`.
        public_key: PEM file.

    Raises:
        VisageError: the signature is missing or of another key, a file was changed, added or removed, the key cannot be
            read, or the program is not installed.
    """
    check_keys(None, public_key)
    signature = model / SIGNATURE_FILE
    if not signature.is_file():
        raise VisageError(f"{model}: refused, it has no signature ({SIGNATURE_FILE}); sign it by a new push")
    failure = _run("verify", "key", model, "--signature", signature, "--public_key", public_key)
    if failure is not None:
        raise VisageError(f"{model}: refused by {public_key}: {failure}; push it again")


def _run(action: str, kind: str, model: Path, *options: str | Path) -> str | None:
    """Runs the program; returns why it failed, None if it succeeded."""
    # Git's files are no part of a model: signed like all others, so that nobody can add some.
    command = [find_program(), action, kind, model.resolve(), "--no-ignore-git-paths", *options]
    try:
        ended = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS
        )
    except subprocess.TimeoutExpired:
        return f"{_PROGRAM} did not end within {_TIMEOUT_SECONDS:.0f} s"
    except OSError as error:
        return f"{command[0]} cannot be run ({error.strerror})"
    return None if ended.returncode == 0 else _reason(ended.stderr or ended.stdout)


def _reason(output: str) -> str:
    """Returns the program's error in one line; of changed files their names."""
    found = {what: pattern.findall(output) for what, pattern in _DIFFERENCES.items()}
    differences = [f"{what}: {listed(names)}" for what, names in found.items() if names]
    if differences:
        return f"its files are not those that were signed ({'; '.join(differences)})"
    error = _FAILED.search(output)
    return shortened((error[1] if error else output).strip()) or "no reason given"
