"""A key pair for development: who has the private half can act as anybody on this stack alone."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

PRIVATE, PUBLIC = "actor-private.pem", "actor-public.pem"


def make(folder: Path) -> tuple[Path, Path]:
    """Give the files of the private and the public key, made at the first start."""
    private, public = folder / PRIVATE, folder / PUBLIC
    if not (private.exists() and public.exists()):
        folder.mkdir(parents=True, exist_ok=True)
        key = Ed25519PrivateKey.generate()
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        private.unlink(missing_ok=True)
        private.touch(mode=0o600)  # Before anything is in it.
        private.write_bytes(pem)
        public.write_bytes(
            key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        )
    return private, public
