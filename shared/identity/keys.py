"""The gateway's signing key, and the public half that the services check with.

<key_dir>/gateway/token.keys   Ed25519 private keys, newest first; only the gateway's processes can read it
<key_dir>/public/gateway.token the public keys, newest first
"""

from __future__ import annotations

import base64
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from shared.privacy.key_files import read_keys, write_keys


def private_keys_path(key_dir: Path) -> Path:
    """Where the gateway's private keys lie."""
    return key_dir / "gateway" / "token.keys"


def public_keys_path(key_dir: Path) -> Path:
    """Where every service finds the public keys."""
    return key_dir / "public" / "gateway.token"


def ensure_token_keys(key_dir: Path) -> list[Path]:
    """Make the signing key where it is missing, and its public half where that is; return the files made."""
    made = []
    if not private_keys_path(key_dir).exists():
        write_keys(private_keys_path(key_dir), (_new_key(),))
        made.append(private_keys_path(key_dir))
    if made or not public_keys_path(key_dir).exists():
        _publish(key_dir)
        made.append(public_keys_path(key_dir))
    return made


def rotate_token_keys(key_dir: Path) -> None:
    """Put a new signing key on top; the one before is still accepted, older ones no more."""
    keys = read_keys(private_keys_path(key_dir))
    write_keys(private_keys_path(key_dir), (_new_key(), keys[0]))
    _publish(key_dir)


def signing_key(key_dir: Path) -> Ed25519PrivateKey:
    """The newest private key. Raises MissingKeys."""
    return _private(read_keys(private_keys_path(key_dir))[0])


def verifying_keys(key_dir: Path) -> list[Ed25519PublicKey]:
    """The public keys that are accepted. Raises MissingKeys."""
    return [_public(line) for line in read_keys(public_keys_path(key_dir))]


@lru_cache(maxsize=8)
def _private(line: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(line))


@lru_cache(maxsize=8)
def _public(line: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(line))


def _publish(key_dir: Path) -> None:
    halves = []
    for line in read_keys(private_keys_path(key_dir)):
        public = Ed25519PrivateKey.from_private_bytes(base64.b64decode(line)).public_key()
        halves.append(base64.b64encode(public.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode())
    write_keys(public_keys_path(key_dir), tuple(halves), public=True)


def _new_key() -> str:
    raw = Ed25519PrivateKey.generate().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return base64.b64encode(raw).decode()
