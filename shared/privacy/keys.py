"""Make the keys that are missing, or put a new one on top.

python -m shared.privacy.keys                    at the first start (embedded); in production it only checks
python -m shared.privacy.keys --create           also in production: once, by the operator
python -m shared.privacy.keys --rotate intake    new field and sealing keys for one service; old ones still open
python -m shared.renewal --service intake        writes what they closed anew, then they can go"""

from __future__ import annotations

import argparse
import base64
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from shared.identity.keys import ensure_token_keys, private_keys_path, public_keys_path, rotate_token_keys
from shared.privacy.key_files import (
    MissingKeys,
    field_keys_path,
    index_key_path,
    read_keys,
    sealing_keys_path,
    sealing_public_path,
    write_keys,
)
from shared.settings import settings
from shared.topology import Service


def missing_keys(key_dir: Path, services: Iterable[Service] = tuple(Service)) -> list[Path]:
    """The key files that are not there."""
    wanted = [
        path(service, key_dir)
        for service in services
        for path in (
            field_keys_path,
            index_key_path,
            sealing_keys_path,
            sealing_public_path,
        )
    ]
    wanted += [private_keys_path(key_dir), public_keys_path(key_dir)]
    return [path for path in wanted if not path.exists()]


def ensure_keys(key_dir: Path, *, create: bool) -> list[Path]:
    """Make what is missing and return it; with `create` off, raise MissingKeys instead.

    A public key that is gone is made again from its private one.
    """
    missing = missing_keys(key_dir)
    if missing and not create:
        raise MissingKeys(
            f"{len(missing)} key files are missing, the first is {missing[0]}: restore the keys' backup, or for a new "
            "system run `python -m shared.privacy.keys --create` once"
        )
    for service in Service:
        if not field_keys_path(service, key_dir).exists():
            write_keys(field_keys_path(service, key_dir), (Fernet.generate_key().decode(),))
        if not index_key_path(service, key_dir).exists():
            write_keys(
                index_key_path(service, key_dir),
                (base64.urlsafe_b64encode(os.urandom(32)).decode(),),
            )
        if not sealing_keys_path(service, key_dir).exists():
            write_keys(sealing_keys_path(service, key_dir), (_new_sealing_key(),))
        if not sealing_public_path(service, key_dir).exists():
            _publish(service, key_dir)
    ensure_token_keys(key_dir)
    return missing


def rotate(key_dir: Path, service: Service) -> None:
    """Put new field and sealing keys of `service` on top, and for the gateway a new signing key.

    Stored values are rewritten by `shared.renewal`; the blind index key stays, since every stored index would have to
    be made again.
    """
    field = field_keys_path(service, key_dir)
    write_keys(field, (Fernet.generate_key().decode(), *read_keys(field)))
    sealing = sealing_keys_path(service, key_dir)
    write_keys(sealing, (_new_sealing_key(), *read_keys(sealing)))
    _publish(service, key_dir)
    if service is Service.GATEWAY:
        rotate_token_keys(key_dir)


def _publish(service: Service, key_dir: Path) -> None:
    private = X25519PrivateKey.from_private_bytes(base64.b64decode(read_keys(sealing_keys_path(service, key_dir))[0]))
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    write_keys(
        sealing_public_path(service, key_dir),
        (base64.b64encode(public).decode(),),
        public=True,
    )


def _new_sealing_key() -> str:
    private = X25519PrivateKey.generate()
    raw = private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return base64.b64encode(raw).decode()


def main(arguments: list[str] | None = None) -> int:
    """See the module's docstring. Exit code 1 with one sentence when keys are missing in production."""
    parser = argparse.ArgumentParser(prog="python -m shared.privacy.keys")
    parser.add_argument("--create", action="store_true", help="make missing keys in production too")
    parser.add_argument(
        "--rotate",
        choices=[service.value for service in Service],
        help="add newer keys of a service",
    )
    options = parser.parse_args(arguments)
    current = settings()
    try:
        if options.rotate:
            rotate(current.key_dir, Service(options.rotate))
            print(
                f"new keys of {options.rotate} are on top; stored values are written anew on Sunday, or at once with "
                f"`python -m shared.renewal --service {options.rotate}`"
            )
            return 0
        made = ensure_keys(current.key_dir, create=options.create or not current.production)
    except MissingKeys as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{len(made)} key files made in {current.key_dir}" if made else "all keys are there")
    return 0


if __name__ == "__main__":
    sys.exit(main())
