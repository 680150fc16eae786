"""The folder of certificates: keys for their owner only, and never a file that is half written."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from deploy.certificates.refusal import Refused


def write_certificates(path: Path, chain: Sequence[x509.Certificate]) -> None:
    """Certificates as PEM, readable by everybody."""
    _write(path, b"".join(each.public_bytes(Encoding.PEM) for each in chain), 0o644)


def write_key(path: Path, key: PrivateKeyTypes) -> None:
    """A private key as PEM (PKCS#8, which every web server reads), readable by its owner only."""
    _write(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)


def read_key(path: Path) -> PrivateKeyTypes:
    """The private key of a PEM file. Raises Refused."""
    content = read(path)
    try:
        return load_pem_private_key(content, password=None)
    except TypeError as error:
        raise Refused(f"{path} 有口令，程序打不开：请先去掉口令。The key has a password: remove it first.") from error
    except ValueError as error:
        raise Refused(f"{path} 里没有能用的私钥（要 PEM 格式）。There is no private key in PEM form.") from error


def read_authority_key(path: Path) -> EllipticCurvePrivateKey:
    """The key of a CA that was made here. Raises Refused."""
    key = read_key(path)
    if not isinstance(key, EllipticCurvePrivateKey):
        raise Refused(
            f"{path} 不是 make certificates 建立的根证书的私钥。It is not the key of a CA that was made here."
        )
    return key


def read_certificates(path: Path) -> list[x509.Certificate]:
    """The certificates of a PEM file, or the one of a DER file. Raises Refused."""
    content = read(path)
    try:
        if b"-----BEGIN" in content:
            return x509.load_pem_x509_certificates(content)
        return [x509.load_der_x509_certificate(content)]
    except ValueError as error:
        raise Refused(f"{path} 里没有能用的证书（要 PEM 格式）。There is no certificate in PEM form.") from error


def read(path: Path) -> bytes:
    """The bytes of a file. Raises Refused."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Refused(f"读不了 {path}（{error.strerror}）：请检查路径和权限。The file can't be read.") from error


def _write(path: Path, content: bytes, mode: int) -> None:
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.unlink(missing_ok=True)
        number = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(number, "wb") as file:
            os.fchmod(number, mode)
            file.write(content)
            file.flush()
            os.fsync(number)
        unfinished.replace(path)
    except OSError as error:
        raise Refused(f"写不了 {path}（{error.strerror}）：请检查文件夹的权限。The file can't be written.") from error
