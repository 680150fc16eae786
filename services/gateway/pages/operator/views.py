"""`/operator`: what must be looked at, red only when someone must act."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from services.gateway.pages.operator.standing import Standing, letters_of, standings
from services.gateway.pages.services import BY_SERVICE
from services.gateway.pages.todo import Ask, AskGroup, ask_source
from services.gateway.pages.wording import _
from services.gateway.pages.words import duration_words, moment_words
from shared.errors import NotFound
from shared.identity import Principal, Role
from shared.messaging.dead_letters import resend_dead_letter
from shared.models.base import now
from shared.topology import Service
from shared.web import allow, current_principal, current_session, writing

blueprint = Blueprint("operator", __name__)


@blueprint.get("/operator")
@allow(Role.OPERATOR)
def show() -> str:
    """Services, what waits, dead letters."""
    session, principal = current_session(), current_principal()
    found = standings(session, principal)
    letters = [letter for standing in found for letter in letters_of(session, principal, standing)]
    return render_template(
        "operator/show.html",
        lead=_("只有要人处理的事才标红。"),
        trouble=" ".join(_trouble(standing) for standing in found if standing.needs_someone),
        services=[_line(standing) for standing in found],
        letters=[
            {
                "service": letter.service.value,
                "service_words": service_words(letter.service),
                "id": letter.id,
                "name": letter.name,
                "error": letter.error,
                "when": moment_words(letter.died_at),
            }
            for letter in letters
        ],
    )


@blueprint.post("/operator/<service>/letters/<letter_id>/resend")
@allow(Role.OPERATOR)
def resend(service: str, letter_id: str) -> Response:
    """Send a dead letter again, once its cause is mended."""
    if service == Service.GATEWAY:
        return redirect(url_for("operator.resend_own", letter_id=letter_id), code=307)
    if service not in set(Service):
        raise NotFound(_("没有这项服务。"))
    path = f"/api/{service}/dead_letters/{letter_id}/resend"
    BY_SERVICE[Service(service)].post(path, current_principal())
    return _sent()


@blueprint.post("/operator/letters/<letter_id>/resend")
@allow(Role.OPERATOR)
@writing
def resend_own(letter_id: str) -> Response:
    """The same for a message to the gateway."""
    resend_dead_letter(current_session(), current_principal(), letter_id)
    return _sent()


def service_words(service: Service) -> str:
    """What people call a service."""
    return {
        Service.INTAKE: _("台账和诉求"),
        Service.POINTS: _("积分"),
        Service.PETITIONS: _("信访"),
        Service.GATEWAY: _("入口和页面"),
    }[service]


def _sent() -> Response:
    flash(_("已再送一次。处理成功后它不会再出现在这里。"), "done")
    return redirect(url_for("operator.show"), code=303)


def _line(standing: Standing) -> dict[str, object]:
    if not standing.answers:
        return {
            "name": service_words(standing.service),
            "state": _("没有应答"),
            "waiting": "",
            "oldest": "",
            "dead": "",
        }
    since = standing.oldest_since
    return {
        "name": service_words(standing.service),
        "state": _("正常"),
        "waiting": standing.waiting,
        "oldest": duration_words((now() - since).total_seconds()) if since else "",
        "dead": standing.dead,
    }


def _trouble(standing: Standing) -> str:
    name = service_words(standing.service)
    if not standing.answers:
        return _("“%(name)s”没有应答：看它的日志，再重新启动它。", name=name)
    if standing.dead:
        return _(
            "“%(name)s”有 %(count)s 条消息没处理成：看下面的原因，改好后再送一次。", name=name, count=standing.dead
        )
    return _("“%(name)s”发出的消息等了太久：看看后台任务和 Redis 是不是在运行。", name=name)


@ask_source(Role.OPERATOR)
def services_in_trouble(principal: Principal) -> list[AskGroup]:
    """Services that someone must look at."""
    asks = [
        Ask(_trouble(standing), _("打开运维页"), url_for("operator.show"))
        for standing in standings(current_session(), principal)
        if standing.needs_someone
    ]
    return [AskGroup(_("系统运行"), asks)]
