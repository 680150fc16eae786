"""Encryption of fields at rest: Fernet with the service's keys, the newest writes, every one still reads."""

from __future__ import annotations

from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from shared.privacy.key_files import field_keys_path, read_keys
from shared.topology import Service


class UnreadableValue(Exception):
    """Raised when none of the service's keys opens a stored value: a key is missing from the key file."""


class FieldCipher:
    """Encrypts and opens the fields of one service."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._newest = Fernet(keys[0])
        self._all = MultiFernet([Fernet(key) for key in keys])

    def encrypt(self, text: str) -> bytes:
        """The stored form of `text`, under the newest key."""
        return self._newest.encrypt(text.encode())

    def decrypt(self, stored: bytes) -> str:
        """The text of a stored value. Raises UnreadableValue."""
        try:
            return self._all.decrypt(stored).decode()
        except InvalidToken as error:
            raise UnreadableValue("no key of this service opens the stored value") from error

    def rotate(self, stored: bytes) -> bytes:
        """The same value under the newest key. Raises UnreadableValue."""
        try:
            return self._all.rotate(stored)
        except InvalidToken as error:
            raise UnreadableValue("no key of this service opens the stored value") from error

    def is_current(self, stored: bytes) -> bool:
        """Whether the newest key opens it, so that a rotation may pass it by."""
        try:
            self._newest.decrypt(stored)
        except InvalidToken:
            return False
        return True


def field_cipher(service: Service) -> FieldCipher:
    """The cipher of `service`, whose key folder this process must be able to read. Raises MissingKeys."""
    return _cipher(read_keys(field_keys_path(service)))


@lru_cache(maxsize=16)
def _cipher(keys: tuple[str, ...]) -> FieldCipher:
    return FieldCipher(keys)
