"""`Idempotency-Key`: the same POST sent twice makes one thing, and both answers show it.

The key's row is written in the transaction that makes the thing, under a unique constraint: a twin waits at the
database for the first (on PostgreSQL at the row, on SQLite at the writer's lock). A failure rolls the row back, so
that failures are not stored. How long keys are kept: `shared.retention`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar, cast

from flask import g, request
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from shared.database.upserts import execute_counted, upsert
from shared.errors import Invalid
from shared.identity import Principal
from shared.models.base import now
from shared.models.plumbing import IDEMPOTENCY
from shared.web.access import current_principal
from shared.web.refusals import Malformed
from shared.web.unit_of_work import current_session

View = TypeVar("View", bound=Callable[..., Any])
Find = Callable[[Session, Principal, str], Any]
HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
_IN_WORK = 0


@dataclass(frozen=True, slots=True)
class _Claim:
    """A key that this request has taken, and the id of what it made."""

    actor: str
    route: str
    key: str
    resource_id: str


def idempotent(find: Find, *, identify: Callable[[Any], object] = lambda made: made.id) -> Callable[[View], View]:
    """Make a creating POST repeatable. Stands next to the view function, below `blp.response`.

    The view returns what it made (or a tuple with status and headers, as Flask allows); `identify` gives its id.
    On a replay `find(session, actor, id)` returns the same kind of value: the current representation, after checking
    the rights anew (it raises NotFound or Forbidden like the GET route). The first answer's status is repeated.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def once(*args: Any, **kwargs: Any) -> Any:
            actor, session, key, digest = current_principal(), current_session(), _key(), _digest()
            stored = _claim(session, actor.actor, _route(), key, digest)
            if stored is not None:
                return _replay(stored, digest, lambda made: find(session, actor, made))
            result = view(*args, **kwargs)
            made, _, _ = _unpack(result)
            g.idempotency_claim = _Claim(actor.actor, _route(), key, str(identify(made)))
            return result

        once._apidoc = _documented(view)  # type: ignore[attr-defined]
        return cast(View, once)

    return decorate


def _key() -> str:
    key = request.headers.get(HEADER, "")
    if not 8 <= len(key) <= 64 or not key.isprintable():
        raise Malformed("这次提交缺少防重复的编号（Idempotency-Key，8 到 64 个字符），请刷新页面后重新提交。")
    return key


def _route() -> str:
    return f"{request.method} {request.url_rule.rule if request.url_rule else request.path}"[:120]


def _digest() -> str:
    """SHA-256 of what was sent: the path, and the body without what differs between two sendings of the same."""
    digest = hashlib.sha256(request.path.encode() + b"\0")
    if request.mimetype == "multipart/form-data":
        # The boundary between the parts is made anew for each sending.
        for name, value in sorted(request.form.items(multi=True)):
            digest.update(f"{name}={value}\0".encode())
        for name, file in sorted(request.files.items(multi=True), key=lambda pair: pair[0]):
            content = hashlib.file_digest(cast(Any, file.stream), "sha256").hexdigest()
            file.stream.seek(0)
            digest.update(f"{name}={file.filename}={content}\0".encode())
    elif request.is_json:
        digest.update(json.dumps(request.get_json(), sort_keys=True, ensure_ascii=False).encode("utf-8", "replace"))
    else:
        digest.update(request.get_data(cache=True))
    return digest.hexdigest()


def _claim(session: Session, actor: str, route: str, key: str, digest: str) -> Any | None:
    """Write the key's row, waiting for a twin in flight; the row of an earlier one where there is one."""
    table: Any = IDEMPOTENCY[session.info["service"]]
    values = {"actor": actor, "route": route, "key": key, "body_sha256": digest, "status": _IN_WORK, "resource_id": ""}
    statement = upsert(session, table.__table__).values(**values, created_at=now()).inline()
    # Counted on purpose: PostgreSQL's driver answers -1 for an INSERT otherwise, and every twin would look new.
    if execute_counted(session, statement.on_conflict_do_nothing(index_elements=["actor", "route", "key"])):
        return None
    return session.scalars(
        select(table).where(table.actor == actor, table.route == route, table.key == key)
    ).one_or_none()


def store_claim(session: Session, status: int) -> None:
    """Complete the key's row when the answer's status is known; the application calls it before the commit."""
    claim: _Claim | None = g.get("idempotency_claim")
    if claim is None:
        return
    table: Any = IDEMPOTENCY[session.info["service"]]
    session.execute(
        update(table)
        .where(table.actor == claim.actor, table.route == claim.route, table.key == claim.key)
        .values(status=status, resource_id=claim.resource_id)
    )


def _replay(stored: Any, digest: str, find: Callable[[str], Any]) -> Any:
    if stored.body_sha256 != digest:
        raise Invalid("同一个防重复编号已经用于另一份内容。如果要提交新的内容，请刷新页面后重新填写。")
    body, _, headers = _unpack(find(stored.resource_id))
    return body, stored.status, {**(headers or {}), REPLAYED: "true"}


def _unpack(result: Any) -> tuple[Any, int | None, dict[str, str] | None]:
    if not isinstance(result, tuple):
        return result, None, None
    body, *rest = result
    status = next((part for part in rest if isinstance(part, int)), None)
    headers = next((dict(part) for part in rest if isinstance(part, dict | list)), None)
    return body, status, headers


def _documented(view: Callable[..., Any]) -> dict[str, Any]:
    """Let `shared.web.openapi` describe the header."""
    return {**getattr(view, "_apidoc", {}), "idempotent": True}
