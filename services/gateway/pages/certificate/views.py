"""`/certificate`: how a phone comes to trust the township's CA. Also shown without HTTPS, where nothing else is."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, render_template, request, url_for

from services.gateway.pages.certificate.presentation import date_words, fingerprint_lines, scope_words
from services.gateway.pages.certificate.profile import profile_of
from services.gateway.pages.frame import this_place
from services.gateway.pages.qr import qr_svg
from services.gateway.pages.wording import _
from shared.certificates import Authority, township_authority
from shared.errors import NotFound
from shared.identity import Role
from shared.settings import settings
from shared.web import allow, current_principal

blueprint = Blueprint("certificate", __name__)


@blueprint.get("/certificate")
@allow(Role.PUBLIC)
def show() -> str:
    """Step by step for Android and iPhone, what trusting a CA means, and what does not work without HTTPS."""
    authority = township_authority(settings().certificate_dir)
    public_url = settings().gateway_public_url
    is_encrypted = public_url.startswith("https://")
    return render_template(
        "certificate/show.html",
        layout=_layout(),
        public_url=public_url,
        is_encrypted=is_encrypted,
        **(_words(authority) if authority and is_encrypted else {"authority": None}),
    )


@blueprint.get("/certificate/sheet")
@allow(Role.PUBLIC)
def sheet() -> str:
    """The notice for the office's wall: QR code, fingerprint, steps."""
    authority = _authority()
    address = settings().plain_url + url_for("certificate.show")
    return render_template(
        "certificate/sheet.html",
        layout=_layout(),
        address=address,
        qr=qr_svg(address, _("安装证书的网址")),
        **_words(authority),
    )


@blueprint.get("/certificate/ca.crt")
@allow(Role.PUBLIC)
def certificate() -> Response:
    """The CA as Android takes it."""
    disposition = {"Content-Disposition": 'attachment; filename="xiangzhi-ca.crt"'}
    return Response(_authority().content, mimetype="application/x-x509-ca-cert", headers=disposition)


@blueprint.get("/certificate/ca.mobileconfig")
@allow(Role.PUBLIC)
def profile() -> Response:
    """The CA as iPhones take it: shown to Safari, not saved as a file."""
    content = profile_of(_authority(), this_place(current_principal()).name)
    disposition = {"Content-Disposition": 'inline; filename="xiangzhi-ca.mobileconfig"'}
    return Response(content, mimetype="application/x-apple-aspen-config", headers=disposition)


def _authority() -> Authority:
    found = township_authority(settings().certificate_dir)
    if found is None:
        raise NotFound(_("这个系统没有要安装的证书。"))
    return found


def _words(authority: Authority) -> dict[str, Any]:
    return {
        "authority": authority,
        "fingerprint": fingerprint_lines(authority),
        "scope": scope_words(authority),
        "until": date_words(authority.expires_at),
    }


def _layout() -> str:
    """Without HTTPS, where it is to be had, the page offers no way to log in: its forms would not be taken."""
    is_doorstep = settings().secure_cookies and not request.is_secure
    return "certificate/bare.html" if is_doorstep else "layout.html"
