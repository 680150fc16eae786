"""Sealing a payload to one service: X25519, HKDF-SHA256, ChaCha20-Poly1305. Only the receiver holds the private key.

The sealed form is base64 of `version (1) ‖ ephemeral public key (32) ‖ nonce (12) ‖ ciphertext`.
"""

from __future__ import annotations

import base64
import binascii
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey,
    X25519PublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shared.privacy.key_files import read_keys, sealing_keys_path, sealing_public_path
from shared.topology import Service

_VERSION = b"\x01"
_PUBLIC, _NONCE = 32, 12


class Unsealable(Exception):
    """Raised when a sealed payload was not made for this service, was changed, or its key is gone."""


def seal(receiver: Service, payload: bytes) -> str:
    """`payload` readable by `receiver` only. Raises MissingKeys when its public key is not there."""
    public = X25519PublicKey.from_public_bytes(base64.b64decode(read_keys(sealing_public_path(receiver))[0]))
    ephemeral = X25519PrivateKey.generate()
    ephemeral_public = _raw(ephemeral.public_key())
    key = _derive(ephemeral.exchange(public), receiver, ephemeral_public, _raw(public))
    nonce = os.urandom(_NONCE)
    ciphertext = ChaCha20Poly1305(key).encrypt(nonce, payload, receiver.value.encode())
    return base64.b64encode(_VERSION + ephemeral_public + nonce + ciphertext).decode("ascii")


def unseal(receiver: Service, sealed: str) -> bytes:
    """The payload. Raises Unsealable, or MissingKeys in a process that has no right to open it."""
    try:
        raw = base64.b64decode(sealed, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unsealable("not base64") from error
    if raw[:1] != _VERSION or len(raw) <= 1 + _PUBLIC + _NONCE:
        raise Unsealable("not a sealed payload of a known version")
    ephemeral_public, nonce = (
        raw[1 : 1 + _PUBLIC],
        raw[1 + _PUBLIC : 1 + _PUBLIC + _NONCE],
    )
    for line in read_keys(sealing_keys_path(receiver)):
        private = X25519PrivateKey.from_private_bytes(base64.b64decode(line))
        try:
            shared = private.exchange(X25519PublicKey.from_public_bytes(ephemeral_public))
            key = _derive(shared, receiver, ephemeral_public, _raw(private.public_key()))
            return ChaCha20Poly1305(key).decrypt(nonce, raw[1 + _PUBLIC + _NONCE :], receiver.value.encode())
        except (InvalidTag, ValueError):
            continue
    raise Unsealable(f"no key of {receiver.value} opens the payload")


def _derive(shared: bytes, receiver: Service, ephemeral: bytes, public: bytes) -> bytes:
    context = b"xiangzhi sealing 1\0" + receiver.value.encode() + b"\0" + ephemeral + public
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=context).derive(shared)


def _raw(key: X25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)
