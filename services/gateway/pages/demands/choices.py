"""What the forms about demands offer: villages with their groups, categories, offices and people."""

from __future__ import annotations

from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.gateway.pages.place import is_present
from services.gateway.pages.services import intake
from services.gateway.pages.wording import _
from shared.calendar import today
from shared.identity import Principal
from shared.models.registry import Duty, DutyKind, Grid, GridLevel, Office, Person, Village

Option = tuple[str, str]


def place_options(session: Session, township_id: int) -> list[Option]:
    """`code:group` for each group of each village, and the village alone for whoever does not know."""
    rows = session.execute(
        select(Village.code, Village.name, Grid.id, Grid.name)
        .outerjoin(Grid, (Grid.village_id == Village.id) & (Grid.level == GridLevel.GROUP))
        .where(Village.township_id == township_id, is_present())
        .order_by(Village.code, Grid.code)
    ).all()
    options: list[Option] = [("", _("请选择"))]
    last = None
    for code, village, group_id, group in rows:
        if code != last:
            options.append((f"{code}:", _("%(village)s（不清楚哪个组）", village=village)))
            last = code
        if group_id is not None:
            options.append((f"{code}:{group_id}", f"{village} {group}"))
    return options


def read_place(value: str) -> tuple[str, int | None]:
    """Village code and group of a chosen option."""
    code, _separator, group = value.partition(":")
    return code, int(group) if group.isdigit() else None


def category_options(principal: Principal) -> list[Option]:
    """The township's categories of demands."""
    return [(each["code"], each["name"]) for each in intake.get("/api/intake/demand_categories", principal).data]


def usual_office(principal: Principal, category: str) -> str:
    """The office that the category usually goes to; empty where none is set."""
    for each in intake.get("/api/intake/demand_categories", principal).data:
        if each["code"] == category:
            return str(each["office_id"] or "")
    return ""


def office_options(session: Session, township_id: int) -> list[Option]:
    """Offices that a demand may be given to."""
    rows = session.execute(
        select(Office.id, Office.name).where(Office.township_id == township_id).order_by(Office.position, Office.code)
    )
    return [("", _("不派给办公室")), *((str(office_id), name) for office_id, name in rows)]


def person_options(session: Session, township_id: int, village_code: str) -> list[Option]:
    """Cadres and grid members of the village, who may have it in hand themselves."""
    day = today()
    rows = session.execute(
        select(Person.id, Person.name, Duty.title)
        .join(Duty, Duty.person_id == Person.id)
        .join(Village, Village.id == Duty.village_id)
        .where(
            Duty.township_id == township_id,
            Village.code == village_code,
            Duty.kind.in_([DutyKind.CADRE, DutyKind.GRID_MEMBER]),
            Duty.valid_from <= day,
            or_(Duty.valid_to.is_(None), Duty.valid_to >= day),
        )
        .order_by(Duty.kind, Person.id)
    )
    people = {str(person_id): f"{name} {title}".strip() for person_id, name, title in rows}
    return [("", _("不指定个人")), *people.items()]


def cleaned(form: Any, *names: str) -> dict[str, str]:
    """The form's texts without outer blanks."""
    return {name: form.get(name, "").strip() for name in names}
