"""The server's certificate as processes see it: for which names, until when, and whether the township's own CA made it.

The folder (`XZ_CERTIFICATE_DIR`) holds `ca.pem`, `ca-key.pem`, `server.pem` (the certificate, then its chain) and
`server-key.pem`. Only the web server reads the keys; whoever asks here reads what anybody may know.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from shared.models.base import now

CA, CA_KEY, SERVER, SERVER_KEY = "ca.pem", "ca-key.pem", "server.pem", "server-key.pem"
SOON = timedelta(days=30)
"""A certificate that ends within this time must be renewed."""

Address = IPv4Address | IPv6Address | IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """What phones are shown. `names`: host names and addresses; `of_township`: issued by the CA that lies beside it."""

    names: tuple[str, ...]
    begins_at: datetime
    expires_at: datetime
    of_township: bool

    @property
    def left(self) -> timedelta:
        """Time until it ends; negative afterwards."""
        return self.expires_at - now()

    @property
    def is_ending(self) -> bool:
        """Whether someone must renew it."""
        return self.left <= SOON

    def covers(self, host: str) -> bool:
        """Whether a browser that asks for `host` (a name, or an address without brackets) accepts it."""
        return covers(self.names, host)


@dataclass(frozen=True, slots=True)
class Authority:
    """The CA that phones are asked to trust. `scope`: all that it may speak for; empty where it may for everything."""

    name: str
    certificate: x509.Certificate
    scope: tuple[str, ...]

    @property
    def content(self) -> bytes:
        """The certificate as phones take it (DER)."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def fingerprint(self) -> str:
        """SHA-256 as phones show it: pairs of hexadecimal digits."""
        return self.certificate.fingerprint(hashes.SHA256()).hex(" ").upper()

    @property
    def expires_at(self) -> datetime:
        return self.certificate.not_valid_after_utc


def server_certificate(folder: Path) -> ServerCertificate | None:
    """The certificate in `folder`; None where there is none, or nothing that could be read."""
    chain = read_chain(folder / SERVER)
    if not chain:
        return None
    return ServerCertificate(
        names_of(chain[0]),
        chain[0].not_valid_before_utc.astimezone(UTC),
        chain[0].not_valid_after_utc.astimezone(UTC),
        _authority_of(folder, chain) is not None,
    )


def township_authority(folder: Path) -> Authority | None:
    """The CA in `folder`, if it is the one that the server's certificate comes from: nobody is shown another."""
    found = _authority_of(folder, read_chain(folder / SERVER))
    return None if found is None else Authority(title_of(found), found, tuple(map(str, scope_of(found) or ())))


def read_chain(path: Path) -> list[x509.Certificate]:
    """The certificates of a PEM file in their order; empty where there is none that could be read."""
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError):
        return []


def names_of(certificate: x509.Certificate) -> tuple[str, ...]:
    """Host names and addresses of the subject's alternative names, in their order: browsers look at nothing else."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(str(each.value) for each in found if isinstance(each, x509.DNSName | x509.IPAddress))


def covers(names: Iterable[str], host: str) -> bool:
    """Whether `host` is one of `names`; `*.` stands for exactly one label."""
    known = {name.lower() for name in names}
    wanted = as_address(host) or host.lower()
    return str(wanted) in known or f"*.{str(wanted).partition('.')[2]}" in known


def as_address(text: str) -> IPv4Address | IPv6Address | None:
    """The IP address that `text` is; None for a name."""
    try:
        return ip_address(text)
    except ValueError:
        return None


def scope_of(authority: x509.Certificate) -> list[str | Address] | None:
    """Names (with what is under them) and networks that a CA may speak for; None where it is not limited."""
    try:
        permitted = authority.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees
    except x509.ExtensionNotFound:
        return None
    return [each.value for each in permitted or () if isinstance(each, x509.DNSName | x509.IPAddress)]


def title_of(certificate: x509.Certificate) -> str:
    """What a certificate calls itself."""
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether `issuer` signed `certificate`."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _authority_of(folder: Path, chain: list[x509.Certificate]) -> x509.Certificate | None:
    known = read_chain(folder / CA)
    if chain and known and (is_issued_by(chain[-1], known[0]) or chain[-1] == known[0]):
        return known[0]
    return None
