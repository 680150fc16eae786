"""HTTPS in words for the operator: until when the certificate holds, and what to do before."""

from __future__ import annotations

from flask import url_for

from services.gateway.pages.certificate.presentation import date_words
from services.gateway.pages.wording import _
from shared.certificates import ServerCertificate, server_certificate, township_authority
from shared.settings import settings


def certificate_facts() -> list[tuple[str, str]]:
    """What stands on the page about the certificate; nothing where the system has none of its own."""
    found = server_certificate(settings().certificate_dir)
    if found is None:
        return []
    authority = township_authority(settings().certificate_dir)
    facts = [
        (_("管哪些网址"), "、".join(found.names)),
        (_("有效到"), _("%(day)s，还剩 %(days)s 天", day=date_words(found.expires_at), days=max(found.left.days, 0))),
    ]
    if authority is not None:
        day = date_words(authority.expires_at)
        facts.append((_("根证书"), _("%(name)s，有效到%(day)s", name=authority.name, day=day)))
    return facts


def certificate_links() -> list[tuple[str, str]]:
    """To the page for phones and its notice for the wall; nothing where phones have nothing to install."""
    if township_authority(settings().certificate_dir) is None:
        return []
    return [
        (_("手机怎样安装"), url_for("certificate.show")),
        (_("打印安装证书的告示"), url_for("certificate.sheet")),
    ]


def certificate_trouble() -> str:
    """What someone must do about a certificate that ends within 30 days; empty before."""
    found = server_certificate(settings().certificate_dir)
    if found is None or not found.is_ending:
        return ""
    day = date_words(found.expires_at)
    if found.left.total_seconds() <= 0:
        return _("HTTPS 的证书%(day)s到期了，手机打不开网页：%(mend)s", day=day, mend=_mend(found))
    return _("HTTPS 的证书%(day)s到期，还剩 %(days)s 天：%(mend)s", day=day, days=found.left.days, mend=_mend(found))


def _mend(found: ServerCertificate) -> str:
    if found.of_township:
        return _("请运行 make certificates；用容器的，再运行 make up。不用停机，手机上也不用动。")
    return _("请向签发的单位要新的，运行 make certificates CERT=… KEY=…；用容器的，再运行 make up。不用停机。")
