"""People whom the registry has forgotten: their logins, card PINs and notices go, and their accounts say nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import String, cast, delete, select, update
from sqlalchemy.orm import Session

from services.gateway.sessions.throttle import account_subject
from shared.database.upserts import execute_counted
from shared.models.base import now
from shared.models.gateway import Account, CardPin, LoginAttempt, LoginSession, Notice, Opinion

# No account can be named so, see `clean_username`.
_NAMELESS = "#"


def forget_people(session: Session, person_ids: Collection[int], household_ids: Collection[int]) -> int:
    """Forget what the gateway keeps about these people and households; how many rows."""
    accounts = session.execute(
        select(Account.id, Account.username).where(
            Account.person_id.in_(person_ids), ~Account.username.startswith(_NAMELESS)
        )
    ).all()
    names = {row.id: row.username for row in accounts}
    recipients = [f"person:{each}" for each in person_ids] + [f"household:{each}" for each in household_ids]
    return sum(
        execute_counted(session, statement.execution_options(synchronize_session=False))
        for statement in (
            *_of_accounts(names),
            delete(LoginSession).where(LoginSession.household_id.in_(household_ids)),
            delete(CardPin).where(CardPin.household_id.in_(household_ids)),
            delete(Notice).where(Notice.recipient.in_(recipients)),
        )
    )


def _of_accounts(names: dict[int, str]) -> Iterator[Any]:
    """The row of an account stays, without name and password: ledgers and logs go on naming its id, which must not
    become somebody else's."""
    ids = list(names)
    yield delete(LoginSession).where(LoginSession.account_id.in_(ids))
    yield delete(LoginAttempt).where(LoginAttempt.subject.in_([account_subject(name) for name in names.values()]))
    yield (
        update(Opinion)
        .where(Opinion.made_by.in_([f"account:{each}" for each in ids]), Opinion.contact_encrypted.is_not(None))
        .values(contact_encrypted=None)
    )
    yield (
        update(Account)
        .where(Account.id.in_(ids))
        .values(
            username=_NAMELESS + cast(Account.id, String),
            password_hash="",
            totp_encrypted=None,
            totp_confirmed_at=None,
            disabled_at=now(),
            version=Account.version + 1,
        )
    )
