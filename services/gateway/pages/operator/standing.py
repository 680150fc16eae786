"""How the services stand with their messages: asked over HTTP, the gateway's own read from its tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.gateway.clients import ServiceProblem
from services.gateway.pages.services import BY_SERVICE
from shared.identity import Principal
from shared.messaging.dead_letters import summarise_outbox
from shared.messaging.scheduled_runs import RunState, ScheduledRun, scheduled_runs
from shared.models.base import now
from shared.models.plumbing import DEAD_LETTERS
from shared.release import RELEASE
from shared.topology import Service
from shared.web.health import needed_schema

_LETTERS = 50
# A message that has waited so long was sent several times: someone should look at the receiver's worker.
LATE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Standing:
    """One service: whether it answers, what it has sent that nobody has handled, and its dead letters."""

    service: Service
    answers: bool
    waiting: int = 0
    oldest_since: datetime | None = None
    dead: int = 0
    release: str = ""
    schema: str = ""
    scheduled: tuple[ScheduledRun, ...] = ()

    @property
    def needs_someone(self) -> bool:
        """Whether a person must act now."""
        return not self.answers or bool(self.dead) or self.is_late or any(map(is_behind, self.scheduled))

    @property
    def is_late(self) -> bool:
        return self.oldest_since is not None and now() - self.oldest_since > LATE


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that could not be handled; its body is never shown."""

    service: Service
    id: str
    name: str
    error: str
    died_at: datetime


def standings(session: Session, principal: Principal) -> list[Standing]:
    """All services in the order of the topology."""
    return [_gateway(session) if service is Service.GATEWAY else _asked(service, principal) for service in Service]


def letters_of(session: Session, principal: Principal, standing: Standing) -> list[Letter]:
    """The newest dead letters of a service that has any."""
    if not standing.answers or not standing.dead:
        return []
    if standing.service is Service.GATEWAY:
        model: Any = DEAD_LETTERS[Service.GATEWAY]
        rows: Iterable[Any] = session.scalars(select(model).order_by(model.died_at.desc()).limit(_LETTERS))
        return [Letter(standing.service, row.message_id, row.name, row.error, row.died_at) for row in rows]
    path = f"/api/{standing.service}/dead_letters"
    items = BY_SERVICE[standing.service].get(path, principal, limit=_LETTERS).data["items"]
    return [
        Letter(
            standing.service,
            item["message_id"],
            item["name"],
            item["error"],
            datetime.fromisoformat(item["died_at"]),
        )
        for item in items
    ]


def is_behind(run: ScheduledRun) -> bool:
    """Whether someone must look after a scheduled task: it was not started, or has waited for too long."""
    if run.state is RunState.WAITING:
        return run.due_at is not None and now() - run.due_at > LATE
    return run.state in {RunState.MISSED, RunState.DEAD}


def _gateway(session: Session) -> Standing:
    found = summarise_outbox(session)
    return Standing(
        Service.GATEWAY,
        True,
        found.waiting,
        found.oldest_since,
        found.dead_letters,
        RELEASE,
        needed_schema(),
        tuple(scheduled_runs(session, now())),
    )


def _asked(service: Service, principal: Principal) -> Standing:
    try:
        data = BY_SERVICE[service].get(f"/api/{service}/outbox", principal).data
        background = BY_SERVICE[service].get(f"/api/{service}/background", principal).data
    except ServiceProblem:
        return Standing(service, False)
    return Standing(
        service,
        True,
        data["waiting"],
        _instant(data["oldest_since"]),
        data["dead_letters"],
        background["release"],
        background["schema"],
        tuple(_run(item) for item in background["scheduled"]),
    )


def _run(item: Mapping[str, Any]) -> ScheduledRun:
    due_at, done_at, next_at = (_instant(item[name]) for name in ("due_at", "done_at", "next_at"))
    return ScheduledRun(item["name"], RunState(item["state"]), due_at, done_at, next_at)


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
