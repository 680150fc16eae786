"""Taking a petition into the register, whatever channel it came by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.petitions.procedure.clocks import NO_DUE_DAY, note_next_due, start_clock
from services.petitions.procedure.steps import record_step
from services.petitions.procedure.tidings import tell_intake, tell_people
from services.petitions.register.assignments import assign_to_duty
from services.petitions.register.exclusions import exclude_mentioned
from services.petitions.register.numbers import next_number
from services.petitions.register.parties import (
    REPRESENTATIVES,
    PersonDetails,
    accused_party,
    clean_details,
    party_of,
)
from services.petitions.register.secrets import hide, new_code, reveal
from shared import audit
from shared.calendar import today
from shared.errors import Forbidden, Invalid, NotFound
from shared.identity import Principal, Role
from shared.models.petition_kinds import Category, Channel, ClockKind, PartyKind, State
from shared.models.petitions import Petition
from shared.models.registry import Village

LONGEST_TEXT = 8000
REGISTERED = "register"


@dataclass(frozen=True, slots=True)
class Filing:
    """What a petition says when it comes in. `petitioner` is None for an anonymous one."""

    channel: Channel
    category: Category
    text: str
    received_on: date
    petitioner: PersonDetails | None = None
    representatives: tuple[PersonDetails, ...] = ()
    complains_of_official: bool = False
    complained_of: str = ""
    place: str = ""
    village_id: int | None = None
    major: bool = False
    official_number: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the petitioner takes home; also what the person at the desk sees of a sealed one."""

    number: str
    code: str
    sealed: bool
    received_on: date


def register_petition(session: Session, actor: Principal, filing: Filing) -> Receipt:
    """Register a petition. What complains of an official becomes a sealed draft, for discipline officers only.

    Raises Invalid naming the fields, Forbidden.
    """
    if not actor.covers_township(Role.CLERK, Role.DISCIPLINE, Role.LEADER):
        raise Forbidden("登记信访事项是信访专干、接访领导和纪检干部的工作，请联系他们。")
    filing = _checked(session, actor, filing)
    return enter(session, actor, filing, code=new_code())


def enter(
    session: Session,
    actor: Principal,
    filing: Filing,
    *,
    code: str,
    source: str | None = None,
    source_version: int | None = None,
) -> Receipt:
    """Write a checked filing into the register, start its clocks and tell who works on it."""
    sealed = filing.complains_of_official or filing.category is Category.ACCUSATION
    petition = Petition(
        township_id=actor.township_id,
        village_id=filing.village_id,
        number=next_number(session, actor.township_id, filing.received_on.year, sealed=sealed),
        channel=filing.channel,
        category=Category.ACCUSATION if sealed else filing.category,
        state=State.DRAFT if sealed else State.REGISTERED,
        major=filing.major,
        anonymous=filing.petitioner is None,
        received_on=filing.received_on,
        official_number=filing.official_number or None,
        text_encrypted=hide({"text": filing.text, "place": filing.place}),
        code_encrypted=hide({"code": code}),
        source=source,
        source_version=source_version,
        next_due_on=NO_DUE_DAY,
    )
    session.add(petition)
    session.flush()
    write_parties(session, petition, filing)
    record_step(session, actor, petition, REGISTERED, None, filing.received_on, {})
    start_clock(session, petition, ClockKind.NOTICE, filing.received_on)
    if filing.channel is Channel.TRANSFERRED_IN:
        start_clock(session, petition, ClockKind.OBJECTION, filing.received_on)
    note_next_due(session, petition)
    tell_people(session, petition, assign_to_duty(session, petition, filing.received_on))
    tell_intake(session, petition)
    audit.record(session, actor, "register_petition", "petition", petition.id)
    return Receipt(petition.number, code, sealed, petition.received_on)


def receipt_of(session: Session, actor: Principal, number: str) -> Receipt:
    """The receipt again, for whoever registered it and pressed twice. Raises NotFound."""
    petition = session.scalars(
        select(Petition).where(Petition.township_id == actor.township_id, Petition.number == number)
    ).one_or_none()
    if petition is None:
        raise NotFound("没有找到这个编号的信访事项。请核对编号后再查。")
    code = reveal(petition.code_encrypted)["code"]
    return Receipt(petition.number, code, petition.category is Category.ACCUSATION, petition.received_on)


def write_parties(session: Session, petition: Petition, filing: Filing) -> None:
    """Write who is named, and exclude officials and offices that are complained of."""
    parties = [party_of(petition.id, PartyKind.REPRESENTATIVE, each) for each in filing.representatives]
    if filing.petitioner is not None:
        parties.insert(0, party_of(petition.id, PartyKind.PETITIONER, filing.petitioner))
    if filing.complained_of:
        parties.append(accused_party(petition.id, filing.complained_of))
    session.add_all(parties)
    session.flush()
    exclude_mentioned(session, petition)


def _checked(session: Session, actor: Principal, filing: Filing) -> Filing:
    found: dict[str, list[str]] = {}
    if not 5 <= len(filing.text.strip()) <= LONGEST_TEXT:
        found["text"] = [f"请写明事实、请求和理由，5 到 {LONGEST_TEXT} 个字。"]
    if filing.received_on > today():
        found["received_on"] = ["收到的日期不能晚于今天。"]
    if filing.channel is Channel.DEMAND:
        found["channel"] = ["群众诉求转来的事项由系统登记，请选另一种来源。"]
    joint = len(filing.representatives)
    if joint and joint not in REPRESENTATIVES:
        found["representatives"] = ["联名走访应推选 1 到 5 名代表。"]
    if filing.village_id is not None and not _is_of_township(session, actor, filing.village_id):
        found["village"] = ["没有这个村，请从列表里选。"]
    petitioner = _cleaned(filing.petitioner, "petitioner", found) if filing.petitioner else None
    representatives = tuple(
        _cleaned(each, f"representatives.{place}", found) for place, each in enumerate(filing.representatives)
    )
    if found:
        raise Invalid("有几处需要修改，改好后再登记。", errors=found)
    return Filing(
        channel=filing.channel,
        category=filing.category,
        text=filing.text.strip(),
        received_on=filing.received_on,
        petitioner=petitioner,
        representatives=representatives,
        complains_of_official=filing.complains_of_official,
        complained_of=filing.complained_of.strip(),
        place=filing.place.strip(),
        village_id=filing.village_id,
        major=filing.major,
        official_number=filing.official_number.strip(),
    )


def _cleaned(details: PersonDetails, field: str, found: dict[str, list[str]]) -> PersonDetails:
    """The details as they are stored; what is wrong with them is added to `found`."""
    try:
        return clean_details(details, field)
    except Invalid as error:
        found.update(error.errors)
        return details


def _is_of_township(session: Session, actor: Principal, village_id: int) -> bool:
    statement = select(Village.id).where(Village.id == village_id, Village.township_id == actor.township_id)
    return session.scalar(statement) is not None
