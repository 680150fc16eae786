"""Demo logins: one button per demo account that the township holds."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

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
    """A button: whose account it opens, what for, and what it says."""

    username: str
    roles: tuple[Role, ...]
    label: str


def demo_logins(session: Session, township_id: int) -> list[DemoLogin]:
    """All demo accounts of the township, in the order in which people want to see them; nothing outside a demo."""
    if not settings().demo:
        return []
    on = today()
    rows = session.execute(
        select(Account.id, Account.username, Person.name, Duty.kind)
        .join(Person, Person.id == Account.person_id)
        .outerjoin(
            Duty,
            (Duty.person_id == Person.id) & (Duty.valid_from <= on) & or_(Duty.valid_to.is_(None), Duty.valid_to >= on),
        )
        .where(Account.township_id == township_id, Account.is_demo.is_(True), Account.disabled_at.is_(None))
        .order_by(Account.id, Duty.id)
    ).all()
    found: dict[int, DemoLogin] = {}
    for account_id, of_account in groupby(rows, key=lambda row: row.id):
        held = list(of_account)
        kinds = dict.fromkeys(Role(row.kind.value) if row.kind is not None else Role.RESIDENT for row in held)
        roles = tuple(sorted(kinds, key=_ORDER.index))
        words = "、".join(role_words(role) for role in roles)
        label = _("%(role)s %(name)s", role=words, name=held[0].name)
        found[account_id] = DemoLogin(held[0].username, roles, label)
    return [found[key] for key in sorted(found, key=lambda key: (_ORDER.index(found[key].roles[0]), key))]


def demo_login_of(session: Session, township_id: int, role: Role) -> DemoLogin | None:
    """The first demo account that holds `role`."""
    return next((login for login in demo_logins(session, township_id) if role in login.roles), None)
