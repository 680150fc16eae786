"""Where the pages are served and under which address people come: HOST, PORT, PLAIN_PORT, TLS and XZ_PUBLIC_URL."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from deploy.embedded.encryption import Encryption, read_encryption, wants_encryption
from deploy.embedded.place import check_gateway_port, read_port
from deploy.embedded.refusal import CannotStart

_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - compared, not bound
_PLAIN_PORT, _ENCRYPTED_PORT = "8000", "8443"
_STANDARD = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """`public`: what people type. `plain_port`: of the doorstep without encryption; None where there is none."""

    host: str
    port: int
    public: str
    encryption: Encryption | None = None
    plain_port: int | None = None

    @property
    def here(self) -> str:
        """The address by which this machine reaches the pages."""
        return url("https" if self.encryption else "http", reachable(self.host), self.port)

    @property
    def plain(self) -> str | None:
        """Where phones fetch the township's CA; None without a doorstep."""
        if self.plain_port is None:
            return None
        return url("http", urlsplit(self.public).hostname or "localhost", self.plain_port)

    def variables(self) -> dict[str, str]:
        """What the processes are told about it."""
        told = {"XZ_PUBLIC_URL": self.public}
        if self.encryption:
            told["XZ_SECURE_COOKIES"] = "1"
        if self.plain:
            told["XZ_PLAIN_URL"] = self.plain
        return told


def read_address(environment: Mapping[str, str], certificates: Path) -> Address:
    """Raises CannotStart, in one sentence, for what can't be served.

    Nobody guesses in production: a start without XZ_PUBLIC_URL was refused before.
    """
    host = environment.get("HOST", "127.0.0.1")
    encrypted = wants_encryption(environment)
    port = read_port(environment.get("PORT", _ENCRYPTED_PORT if encrypted else _PLAIN_PORT))
    public = environment.get("XZ_PUBLIC_URL", "").rstrip("/")
    if not encrypted:
        return Address(host, port, public or url("http", reachable(host), port))
    encryption = read_encryption(certificates)
    word = environment.get("PLAIN_PORT", _PLAIN_PORT)
    plain_port = None if word == "0" else read_port(word, "PLAIN_PORT")
    if plain_port == port:
        raise CannotStart(
            f"PORT 和 PLAIN_PORT 都是 {port}：HTTPS 和安装证书的页面各要一个端口，例如 PORT=8443 PLAIN_PORT=8000。"
            "HTTPS and the page without it need a port each."
        )
    public = public or url("https", _name(host, encryption), port)
    _require_covered(public, encryption)
    return Address(host, port, public, encryption, plain_port)


def check_ports(address: Address) -> None:
    """Raise CannotStart when someone else listens there."""
    for port in (address.port, address.plain_port):
        if port is not None:
            check_gateway_port(address.host, port)


def reachable(host: str) -> str:
    """A name that this machine's browser can open when the server listens everywhere."""
    return "127.0.0.1" if host in _EVERYWHERE else host


def url(scheme: str, host: str, port: int) -> str:
    """An address without a path; the usual port of a scheme is left out."""
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}" if port == _STANDARD[scheme] else f"{scheme}://{name}:{port}"


def trusting() -> ssl.SSLContext:
    """For asking our own server at an address that its certificate need not be for; nothing secret is sent."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _name(host: str, encryption: Encryption) -> str:
    return host if host not in _EVERYWHERE and encryption.covers(host) else encryption.outer_name


def _require_covered(public: str, encryption: Encryption) -> None:
    parts = urlsplit(public)
    if parts.scheme != "https":
        raise CannotStart(
            f"用 HTTPS 时 XZ_PUBLIC_URL 要以 https:// 开头，现在是 {public}。With TLS the address begins with https://."
        )
    if not parts.hostname or not encryption.covers(parts.hostname):
        raise CannotStart(
            f"证书里没有 {parts.hostname}，手机打开 {public} 会报错：请运行 make certificates NAMES=…，把它写进去。"
            "The certificate does not cover the address that people type."
        )
