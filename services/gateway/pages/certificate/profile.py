"""The township's CA as a configuration profile, which iPhones install from a link."""

from __future__ import annotations

import plistlib
import uuid

from services.gateway.pages.wording import _
from shared.certificates import Authority

_IDENTIFIER = "xiangzhi.certificate"


def profile_of(authority: Authority, place: str) -> bytes:
    """An Apple configuration profile with one root certificate (developer.apple.com, Device Management,
    CertificateRoot). Its identifiers follow from the certificate, so that a second installation replaces the first.
    """
    certificate = {
        "PayloadType": "com.apple.security.root",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{_IDENTIFIER}.root",
        "PayloadUUID": _identifier(authority, "root"),
        "PayloadDisplayName": authority.name,
        "PayloadCertificateFileName": "xiangzhi-ca.crt",
        "PayloadContent": authority.content,
    }
    profile = {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{_IDENTIFIER}.{authority.fingerprint.replace(' ', '')[:16]}",
        "PayloadUUID": _identifier(authority, "profile"),
        "PayloadDisplayName": authority.name,
        "PayloadDescription": _("装上以后，手机就能加密打开%(place)s的网页。", place=place),
        "PayloadOrganization": place,
        "PayloadRemovalDisallowed": False,
        "PayloadContent": [certificate],
    }
    return plistlib.dumps(profile)


def _identifier(authority: Authority, part: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{_IDENTIFIER}:{part}:{authority.fingerprint}")).upper()
