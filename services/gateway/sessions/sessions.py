"""Sessions: who is logged in. A new random token at each login, known to the browser only; hashed here."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from services.gateway.accounts.rights import Rights, rights_of
from services.gateway.accounts.second_factor import ROLES as SECOND_FACTOR_ROLES
from shared.identity import Grant, Principal, Role
from shared.models.base import now
from shared.models.gateway import Account, LoginSession
from shared.models.registry import Household, Person, Village

ACCOUNT_HOURS = 12
# Household cards are used on borrowed phones and at the village's screen.
CARD_MINUTES = 60
# What must be done before the rights hold.
SET_PASSWORD = "set_password"  # noqa: S105 - the name of a step
SET_SECOND_FACTOR = "set_second_factor"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever sends a request: the principal that it is for, and what the page needs about the login."""

    principal: Principal
    csrf_token: str | None = None
    """Of the session; None without one."""
    pending: tuple[str, ...] = ()
    """What must be done first: while there is something, the principal has no rights."""
    account_id: int | None = None
    expires_at: datetime | None = None
    is_demo: bool = False

    @property
    def signed_in(self) -> bool:
        """Whether there is a session, be its rights pending."""
        return self.csrf_token is not None


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session just made. `token` goes into the cookie and nowhere else."""

    token: str
    csrf_token: str
    expires_at: datetime


def start_session(session: Session, *, account_id: int | None = None, household_id: int | None = None) -> NewSession:
    """Begin a session of an account or of a card. Never continues one that a browser brought: no fixation."""
    lifetime = timedelta(hours=ACCOUNT_HOURS) if account_id is not None else timedelta(minutes=CARD_MINUTES)
    made = NewSession(secrets.token_urlsafe(32), secrets.token_urlsafe(24), now() + lifetime)
    session.add(
        LoginSession(
            token_sha256=_sha256(made.token),
            account_id=account_id,
            household_id=household_id,
            csrf_token=made.csrf_token,
            expires_at=made.expires_at,
        )
    )
    session.flush()
    return made


def end_session(session: Session, token: str) -> None:
    """Log out. An unknown token is no error."""
    session.execute(delete(LoginSession).where(LoginSession.token_sha256 == _sha256(token)))


def forget_expired_sessions(session: Session) -> int:
    """Delete sessions that are over; the number."""
    done = session.execute(delete(LoginSession).where(LoginSession.expires_at < now()))
    return int(done.rowcount)  # type: ignore[attr-defined]


def visitor_of(session: Session, token: str, on: date, request_id: str) -> Visitor | None:
    """Who holds this token; None where it is unknown, over, its account closed, or its rights at an end."""
    found = session.execute(
        select(LoginSession, Account, Person.name, Household, Village.township_id)
        .outerjoin(Account, Account.id == LoginSession.account_id)
        .outerjoin(Person, Person.id == Account.person_id)
        .outerjoin(Household, Household.id == LoginSession.household_id)
        .outerjoin(Village, Village.id == Household.village_id)
        .where(LoginSession.token_sha256 == _sha256(token), LoginSession.expires_at > now())
    ).first()
    if found is None:
        return None
    login, account, name, household, township_id = found
    if account is not None:
        return _of_account(login, account, name, rights_of(session, account.person_id, on), request_id)
    if household.valid_to is not None and household.valid_to < on:
        return None
    principal = Principal(
        township_id,
        f"household:{household.id}",
        household_id=household.id,
        name=household.head_name,
        grants=(Grant(Role.RESIDENT, household.village_id),),
        request_id=request_id,
    )
    return Visitor(principal, login.csrf_token, expires_at=login.expires_at)


def _of_account(login: LoginSession, account: Account, name: str, rights: Rights, request_id: str) -> Visitor | None:
    if account.disabled_at is not None or not rights.any:
        return None
    pending = pending_of(account, rights)
    principal = Principal(
        account.township_id,
        f"account:{account.id}",
        person_id=account.person_id,
        household_id=rights.household_id,
        name=name,
        grants=() if pending else rights.grants,
        request_id=request_id,
    )
    return Visitor(principal, login.csrf_token, pending, account.id, login.expires_at, account.is_demo)


def pending_of(account: Account, rights: Rights) -> tuple[str, ...]:
    """What the owner of an account must do before the rights hold: an own password, and an admin's second factor."""
    if account.is_demo:
        return ()
    needs_factor = any(grant.role in SECOND_FACTOR_ROLES for grant in rights.grants)
    return (
        *((SET_PASSWORD,) if account.must_change else ()),
        *((SET_SECOND_FACTOR,) if needs_factor and account.totp_confirmed_at is None else ()),
    )


def live_household(session: Session, card_number: str, on: date) -> Household | None:
    """The household of a card, while it exists."""
    return session.scalar(
        select(Household).where(
            Household.card_number == card_number,
            Household.valid_from <= on,
            or_(Household.valid_to.is_(None), Household.valid_to >= on),
        )
    )


def card_of_token(session: Session, token: str, on: date) -> str | None:
    """The number of the card whose QR code holds `token`, while its household exists."""
    return session.scalar(
        select(Household.card_number).where(
            Household.card_token == token,
            Household.valid_from <= on,
            or_(Household.valid_to.is_(None), Household.valid_to >= on),
        )
    )


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
