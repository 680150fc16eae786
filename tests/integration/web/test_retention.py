"""What every service forgets by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from services.gateway.sessions.tasks import forget_logins
from shared.messages.gateway import ForgetLogins
from shared.models.base import now
from shared.models.gateway import LoginAttempt
from shared.models.plumbing import IDEMPOTENCY
from shared.retention import forget_expired_plumbing
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor

Key: Any = IDEMPOTENCY[Service.POINTS]


def test_keys_are_kept_for_ninety_days(any_database: str, database_for: DatabaseFor) -> None:
    with database_for(Service.POINTS).transaction() as session:
        for days in (0, 89, 91):
            session.add(
                Key(
                    actor="a",
                    route="POST /",
                    key=f"key-{days:08d}",
                    body_sha256="x",
                    status=201,
                    resource_id="1",
                    created_at=now() - timedelta(days=days),
                )
            )
    with database_for(Service.POINTS).transaction() as session:
        assert forget_expired_plumbing(session).keys == 1
        assert sorted(session.scalars(select(Key.key))) == ["key-00000000", "key-00000089"]


def test_tries_to_log_in_are_forgotten_after_a_day(any_database: str, database_for: DatabaseFor) -> None:
    with database_for(Service.GATEWAY).transaction() as session:
        session.add_all([LoginAttempt(subject="account:a"), LoginAttempt(subject="account:b")])
        session.flush()
        session.execute(
            update(LoginAttempt).where(LoginAttempt.subject == "account:b").values(at=now() - timedelta(hours=25))
        )
    with database_for(Service.GATEWAY).transaction() as session:
        forget_logins(session, ForgetLogins())
        assert list(session.scalars(select(LoginAttempt.subject))) == ["account:a"]
