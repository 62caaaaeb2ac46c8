"""Keys for signatures, and the real program that signs."""

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.helpers.project import PROJECT
from visage.saved_model.pushing.signing import SigningKeys


def make_keys(folder: Path, name: str = "key") -> SigningKeys:
    """Writes a new pair of keys, `NAME.pem` and `NAME.pub`."""
    key = ec.generate_private_key(ec.SECP256R1())
    private, public = folder / f"{name}.pem", folder / f"{name}.pub"
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    public.write_bytes(
        key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return SigningKeys(private, public)


def install_model_signing() -> None:
    """Installs `model_signing` as `make signing` does; skips the test where it cannot be had."""
    made = subprocess.run([PROJECT / "tools" / "signing.sh"], capture_output=True, text=True)
    if made.returncode != 0:
        pytest.skip(f"model-signing cannot be installed here: {made.stderr.strip().splitlines()[-1:]}")
