"""A demand that is a petition: handed over sealed, and everything readable of it deleted here."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.intake.demands.access import capacities
from services.intake.demands.acts import move
from services.intake.demands.notices import withdraw_notices
from services.intake.demands.sealing import seal_draft, send_sealed
from services.intake.demands.transitions import STATE_WORDS, TRANSITIONS
from shared import audit
from shared.calendar import today
from shared.errors import Conflict, Forbidden, Stale
from shared.identity import Principal
from shared.models.intake import Demand, DemandStep, SealedReceipt
from shared.models.intake_kinds import DemandAction
from shared.models.registry import Village
from shared.privacy import field_cipher
from shared.topology import Service

# What a converted demand keeps nothing of.
_EMPTY = {
    "text": "",
    "place": "",
    "reporter_name": "",
    "phone_encrypted": None,
    "phone_tail": "",
    "household_id": None,
    "group_id": None,
    "public_answer": "",
    "private_answer": "",
    "answered_by": None,
}


def convert_demand(
    session: Session,
    actor: Principal,
    demand: Demand,
    *,
    complains_of_official: bool,
    expected_version: int | None = None,
) -> Demand | SealedReceipt:
    """Turn a demand into a petition; its first day of receipt stays. Text, reporter, place and history go.

    One that complains of a cadre or office leaves number and date only, as if it had been entered so. Raises
    Forbidden, Conflict, Stale.
    """
    transition = TRANSITIONS[DemandAction.CONVERT]
    if not capacities(session, actor, demand) & transition.who:
        raise Forbidden("您不能把这条诉求转为信访。如需转办，请联系信访专干。")
    if demand.state not in transition.sources:
        raise Conflict(f"这条诉求现在是“{STATE_WORDS[demand.state]}”，不能转为信访。请刷新后再看。")
    if expected_version is not None and expected_version != demand.version:
        raise Stale("您打开之后，这条诉求已有新的进展。请刷新，看过后再办。")
    phone = field_cipher(Service.INTAKE).decrypt(demand.phone_encrypted) if demand.phone_encrypted else ""
    if complains_of_official:
        return _leave_receipt(session, demand, phone)
    send_sealed(
        session,
        demand.township_id,
        demand.number,
        demand.village_id,
        demand.received_on,
        False,
        demand.reporter_name,
        phone,
        demand.text,
        demand.place,
    )
    session.execute(delete(DemandStep).where(DemandStep.demand_id == demand.id))
    move(session, actor, demand, DemandAction.CONVERT, {**_EMPTY, "converted_on": today()})
    return demand


def _leave_receipt(session: Session, demand: Demand, phone: str) -> SealedReceipt:
    """Delete the demand itself. Whoever sent it again at the same moment finds it gone and gets a conflict."""
    village = session.get_one(Village, demand.village_id)
    receipt = seal_draft(
        session,
        demand.township_id,
        village,
        demand.reporter_name,
        phone,
        demand.text,
        demand.place,
        demand.received_on,
        number=demand.number,
    )
    withdraw_notices(session, demand)
    session.execute(delete(DemandStep).where(DemandStep.demand_id == demand.id))
    gone = session.execute(delete(Demand).where(Demand.id == demand.id, Demand.version == demand.version))
    if gone.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("刚刚已有别人办了这条诉求。请刷新，看过最新进展后再办。")
    session.expunge(demand)
    return receipt


def record_petition_state(session: Session, actor: Principal, demand: Demand, state: str, version: int) -> None:
    """Keep how far the petition is; its end closes the demand. An older statement than the known one does nothing."""
    if version <= demand.petition_state_version:
        return
    demand.petition_state, demand.petition_state_version = state, version
    session.flush()
    if state in {"concluded", "other_end"} and demand.state in TRANSITIONS[DemandAction.CONCLUDE].sources:
        move(session, actor, demand, DemandAction.CONCLUDE, {"closed_on": today()})
    audit.record(session, actor, "record_petition_state", "demand", demand.number, details={"state": state})


def receipt_by_number(session: Session, township_id: int, number: str) -> SealedReceipt | None:
    """The receipt of a sealed draft."""
    return session.scalar(
        select(SealedReceipt).where(SealedReceipt.township_id == township_id, SealedReceipt.number == number)
    )
