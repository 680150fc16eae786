"""`/operator`: what must be looked at, red only when someone must act."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flask import Blueprint, flash, redirect, render_template, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from services.gateway.clients import ServiceProblem
from services.gateway.pages.operator.background import (
    busy_queues,
    idle_queues,
    late_tasks,
    task_groups,
    tasks_words,
)
from services.gateway.pages.operator.encryption import certificate_facts, certificate_links, certificate_trouble
from services.gateway.pages.operator.presentation import (
    recalculation_lines,
    recalculations_words,
    service_line,
    service_words,
    trouble,
)
from services.gateway.pages.operator.standing import Standing, letters_of, standings
from services.gateway.pages.place import place_of, villages_of
from services.gateway.pages.services import BY_SERVICE, points
from services.gateway.pages.todo import Ask, AskGroup, ask_source
from services.gateway.pages.wording import _
from services.gateway.pages.words import moment_words
from shared.errors import NotFound
from shared.identity import Principal, Role
from shared.messaging.dead_letters import resend_dead_letter
from shared.messaging.queue_standings import queue_standings
from shared.models.registry import Township
from shared.settings import settings
from shared.topology import Service
from shared.web import allow, current_principal, current_session, writing

blueprint = Blueprint("operator", __name__)
_RUNS = 5


@blueprint.get("/operator")
@allow(Role.OPERATOR)
def show() -> str:
    """Services, dead letters, queues, scheduled tasks, recalculations."""
    session, principal = current_session(), current_principal()
    found = standings(session, principal)
    queues = queue_standings(settings().redis_url)
    villages = len(villages_of(session, principal.township_id))
    townships = session.scalar(select(func.count(Township.id))) or 0
    letters = [letter for standing in found for letter in letters_of(session, principal, standing)]
    return render_template(
        "operator/show.html",
        lead=_("只有要人处理的事才标红。"),
        trouble=" ".join(_troubles(found, redis_answers=queues is not None)),
        services=[service_line(standing) for standing in found],
        redis_answers=queues is not None,
        queues=busy_queues(queues or {}),
        idle_queues=idle_queues(queues or {}),
        tasks=tasks_words(found),
        late_tasks=late_tasks(found),
        task_groups=task_groups(found),
        unknown=[service_words(standing.service) for standing in found if not standing.answers],
        runs_of=recalculations_words(place_of(session, principal.township_id).name, villages, townships),
        runs=_recalculations(principal, villages),
        certificate=certificate_facts(),
        certificate_links=certificate_links(),
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


def _sent() -> Response:
    flash(_("已再送一次。处理成功后它不会再出现在这里。"), "done")
    return redirect(url_for("operator.show"), code=303)


def _troubles(found: Sequence[Standing], *, redis_answers: bool) -> Iterator[str]:
    if not redis_answers:
        yield _("Redis 没有应答：消息都在数据库里等着，不会丢。请启动 Redis，它们会自己送出去。")
    yield from (trouble(standing) for standing in found if standing.needs_someone)
    yield from filter(None, [certificate_trouble()])


def _recalculations(principal: Principal, villages: int) -> list[dict[str, str]] | None:
    try:
        answer = points.get("/api/points/recalculations", principal, limit=_RUNS)
    except ServiceProblem:
        return None
    return recalculation_lines(answer.data["items"], villages)


@ask_source(Role.OPERATOR)
def services_in_trouble(principal: Principal) -> list[AskGroup]:
    """Services that someone must look at."""
    asks = [
        Ask(trouble(standing), _("打开运维页"), url_for("operator.show"))
        for standing in standings(current_session(), principal)
        if standing.needs_someone
    ]
    if ending := certificate_trouble():
        asks.append(Ask(ending, _("打开运维页"), url_for("operator.show")))
    return [AskGroup(_("系统运行"), asks)]
