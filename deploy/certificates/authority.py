"""The township's own CA: long-lived, and limited to the township's names, so that a stolen key opens nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from ipaddress import ip_network

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.x509.oid import NameOID

from deploy.certificates.refusal import Refused
from shared.certificates import as_address, scope_of
from shared.models.base import now

YEARS = 10
SKEW = timedelta(days=1)
"""Certificates begin a day early: a phone's clock may be slow."""
# Names that exist only inside a network (RFC 6762, 8375, 6761), and addresses that no provider gives out.
_INNER_NAMES = ("localhost", "local", "lan", "internal", "home.arpa")
_INNER_NETWORKS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "fc00::/7", "::1/128")


def make_authority(title: str, names: Sequence[str]) -> tuple[x509.Certificate, EllipticCurvePrivateKey]:
    """A CA that may speak for `names` and for inner names and networks, for ten years.

    The limits are not critical: every verifier that knows them keeps them, and an old phone that does not still takes
    the certificate.
    """
    key = generate_private_key(SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, title)])
    begins = (now() - SKEW).replace(microsecond=0)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=YEARS * 365 + 2))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_SIGNS_CERTIFICATES, critical=True)
        .add_extension(x509.NameConstraints(_permitted(names), None), critical=False)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )
    return certificate, key


def require_in_scope(authority: x509.Certificate, names: Sequence[str]) -> None:
    """Raise Refused for the first name that this CA may not speak for."""
    scope = scope_of(authority)
    if scope is None:
        return
    for name in names:
        address = as_address(name)
        plain = name.removeprefix("*.")
        if address is not None:
            is_inside = any(not isinstance(each, str) and address in ip_network(each) for each in scope)
        else:
            is_inside = any(isinstance(each, str) and f".{plain}".endswith(f".{each}") for each in scope)
        if not is_inside:
            raise Refused(
                f"乡镇的根证书只管建立时写下的名称和内网地址，管不了 {name}。要用它，先把 ca.pem 和 ca-key.pem "
                "移到别处，再运行一次 make certificates，会建立新的根证书；每部手机都要重新安装。"
                f"The township's CA may not speak for {name}: move it away to make a new one."
            )


_SIGNS_CERTIFICATES = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


def _permitted(names: Sequence[str]) -> list[x509.GeneralName]:
    addresses = [address for name in names if (address := as_address(name)) is not None]
    hosts = [name.removeprefix("*.") for name in names if as_address(name) is None]
    networks = [ip_network(each) for each in _INNER_NETWORKS]
    outer = [ip_network(each) for each in addresses if not any(each in network for network in networks)]
    return [
        *(x509.DNSName(name) for name in dict.fromkeys([*hosts, *_INNER_NAMES])),
        *(x509.IPAddress(network) for network in dict.fromkeys([*outer, *networks])),
    ]
