"""Blind indexes: equal values are found without being readable. One HMAC key per service, one domain per purpose."""

from __future__ import annotations

import base64
import hashlib
import hmac

from shared.privacy.key_files import index_key_path, read_keys
from shared.topology import Service


def blind_index(value: str, purpose: str) -> str:
    """64 hex characters. `purpose` is `<service>.<field>` (`intake.identity`); its service owns the key.

    Values must be normalised first (`parse_identity_number`, `parse_phone`). Raises MissingKeys.
    """
    service, separator, field = purpose.partition(".")
    if not separator or not field:
        raise ValueError(f"a blind index's purpose is <service>.<field>, not {purpose!r}")
    key = base64.urlsafe_b64decode(read_keys(index_key_path(Service(service)))[0])
    return hmac.new(key, f"{purpose}\0{value}".encode(), hashlib.sha256).hexdigest()
