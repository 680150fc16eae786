"""The server's certificate, issued by the township's CA."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from deploy.certificates.authority import SKEW
from deploy.certificates.names import with_local
from shared.certificates import as_address
from shared.models.base import now

VALID = timedelta(days=820)
"""Apple's phones refuse a server's certificate of more than 825 days, whoever issued it (support.apple.com/103769); the
398 days that hold for public CAs do not concern one that the user has added (support.apple.com/102028)."""
_COMMON_NAME_CHARACTERS = 64


def issue(
    authority: x509.Certificate, authority_key: EllipticCurvePrivateKey, names: Sequence[str]
) -> tuple[x509.Certificate, EllipticCurvePrivateKey]:
    """A certificate for `names` and for this machine itself, with a new key; it never outlives its CA."""
    key = generate_private_key(SECP256R1())
    names = with_local(names)
    begins = max((now() - SKEW).replace(microsecond=0), authority.not_valid_before_utc)
    issuer_key = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:_COMMON_NAME_CHARACTERS])]))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(min(begins + VALID, authority.not_valid_after_utc))
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_SIGNS_HANDSHAKES, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_key), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    return certificate, key


_SIGNS_HANDSHAKES = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


def _general(name: str) -> x509.GeneralName:
    address = as_address(name)
    return x509.DNSName(name) if address is None else x509.IPAddress(address)
