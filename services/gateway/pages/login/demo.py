"""Demo logins: one button per role, from the demo accounts that the township holds."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.gateway.pages.wording import _
from services.gateway.pages.words import role_words
from shared.calendar import today
from shared.identity import Role
from shared.models.gateway import Account
from shared.models.registry import Duty, Person
from shared.settings import settings

# The order of the buttons: who most people want to see first.
_ORDER = (
    Role.RESIDENT,
    Role.GRID_MEMBER,
    Role.CADRE,
    Role.KEEPER,
    Role.ADMIN,
    Role.CLERK,
    Role.HANDLER,
    Role.LEADER,
    Role.JUDGE,
    Role.SUPERVISOR,
    Role.DISCIPLINE,
    Role.AUDITOR,
    Role.OPERATOR,
)


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """A button: whose account it opens, and what it says."""

    role: Role
    username: str
    label: str


def demo_logins(session: Session, township_id: int) -> list[DemoLogin]:
    """The first demo account of each role; nothing outside a demo."""
    if not settings().demo:
        return []
    on = today()
    rows = session.execute(
        select(Account.username, Person.name, Duty.kind)
        .join(Person, Person.id == Account.person_id)
        .outerjoin(
            Duty,
            (Duty.person_id == Person.id) & (Duty.valid_from <= on) & or_(Duty.valid_to.is_(None), Duty.valid_to >= on),
        )
        .where(Account.township_id == township_id, Account.is_demo.is_(True), Account.disabled_at.is_(None))
        .order_by(Account.id, Duty.id)
    )
    first: dict[Role, DemoLogin] = {}
    for username, name, kind in rows:
        role = Role(kind.value) if kind is not None else Role.RESIDENT
        label = _("%(role)s %(name)s", role=role_words(role), name=name)
        first.setdefault(role, DemoLogin(role, username, label))
    return [first[role] for role in _ORDER if role in first]
