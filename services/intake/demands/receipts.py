"""What whoever reports gets to write down: number and code, the same on a form that is sent twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from services.intake.demands.conversion import receipt_by_number
from services.intake.demands.numbers import code_of
from services.intake.demands.veil import unveil_number, veil_number
from shared.errors import NotFound
from shared.identity import Principal
from shared.models.intake import Demand, SealedReceipt

_GONE = "这次提交已经登记过，请用当时记下的编号和查询码查看进度。"


@dataclass(frozen=True, slots=True)
class Received:
    """Number and code; `id` is empty and `due_on` unknown for what was sealed to petitions."""

    id: str
    number: str
    code: str
    received_on: date
    due_on: date | None
    is_sealed: bool


def received_of(made: Demand | SealedReceipt) -> Received:
    """The slip for what was taken in."""
    code = code_of(made.township_id, made.number)
    if isinstance(made, SealedReceipt):
        return Received("", made.number, code, made.received_on, None, True)
    return Received(str(made.id), made.number, code, made.received_on, made.due_on, False)


def stored_id(received: Received) -> str:
    """What may be kept beside the sender's name."""
    return veil_number(received.number) if received.is_sealed else received.id


def stored_receipt(session: Session, actor: Principal, stored: str) -> Received:
    """The slip of an earlier sending. Raises NotFound where the demand has been sealed since."""
    number = unveil_number(stored)
    found: Demand | SealedReceipt | None
    if number is not None:
        found = receipt_by_number(session, actor.township_id, number)
    else:
        found = session.get(Demand, int(stored))
    if found is None or found.township_id != actor.township_id:
        raise NotFound(_GONE)
    return received_of(found)
