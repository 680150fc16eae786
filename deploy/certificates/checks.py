"""Whether a certificate can serve: key, order of the chain, dates and names, each answered in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from deploy.certificates.refusal import Refused
from shared.certificates import covers, is_issued_by, names_of, title_of
from shared.models.base import now

_APPLE_LIMIT = timedelta(days=825)


def check(chain: Sequence[x509.Certificate], key: PrivateKeyTypes, names: Sequence[str] = ()) -> None:
    """Raise Refused with the first thing that is wrong with a server's certificate, its chain and its key.

    `names` are those under which people come. Sources: RFC 5246 section 7.4.2 (each certificate of the list
    certifies the one before it), support.apple.com/103769 (server authentication named, at most 825 days).
    """
    own = chain[0]
    if _is_authority(own):
        raise Refused(
            f"第一张证书“{title_of(own)}”是签发机构的，不是服务器的：文件里服务器的证书要放在最前面。"
            "The first certificate is of a CA: the server's own comes first."
        )
    if _public(own) != key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo):
        raise Refused("证书和私钥不是一对：请找出签发这张证书时用的私钥。Certificate and key do not belong together.")
    _check_order(chain)
    _check_dates(chain)
    _check_use(own)
    known = names_of(own)
    missing = [name for name in names if not covers(known, name)]
    if missing:
        raise Refused(
            f"证书里没有 {'、'.join(missing)}，手机用这个网址会报错。证书管的是：{'、'.join(known) or '（没有名称）'}。"
            "The certificate does not cover these names."
        )


def _check_order(chain: Sequence[x509.Certificate]) -> None:
    for number, (each, issuer) in enumerate(pairwise(chain), start=1):
        if not is_issued_by(each, issuer):
            raise Refused(
                f"证书的顺序不对：第 {number} 张“{title_of(each)}”不是第 {number + 1} 张“{title_of(issuer)}”签发的。"
                "要先放服务器的证书，后面每一张签发它前面的一张。Each certificate must be followed by its issuer."
            )


def _check_dates(chain: Sequence[x509.Certificate]) -> None:
    for each in chain:
        if each.not_valid_after_utc <= now():
            raise Refused(f"“{title_of(each)}”{each.not_valid_after_utc:%Y-%m-%d} 就到期了，请换新的。It has expired.")
        if each.not_valid_before_utc > now():
            raise Refused(
                f"“{title_of(each)}”要到 {each.not_valid_before_utc:%Y-%m-%d} 才有效：请检查这台机器的时间。"
                "The certificate is not valid yet: is this machine's clock right?"
            )


def _check_use(own: x509.Certificate) -> None:
    try:
        uses = own.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        uses = None
    if uses is None or ExtendedKeyUsageOID.SERVER_AUTH not in uses:
        raise Refused("这张证书不是给网站用的（没有“服务器身份验证”用途），苹果手机不认。It is not for web servers.")
    if own.not_valid_after_utc - own.not_valid_before_utc > _APPLE_LIMIT:
        raise Refused("这张证书的有效期超过 825 天，苹果手机不认：请换一张短的。It is valid for more than 825 days.")


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _public(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
