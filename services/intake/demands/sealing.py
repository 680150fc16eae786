"""Sealing to petitions: what complains of a cadre or office is never stored, queued, counted or shown here."""

from __future__ import annotations

import json
from datetime import date

from sqlalchemy.orm import Session

from services.intake.demands.numbers import code_of, new_number
from services.intake.demands.source import source_of
from shared import audit
from shared.identity import Principal
from shared.messages.petitions import OpenPetition
from shared.messaging import outbox
from shared.models.intake import SealedReceipt
from shared.models.registry import Village
from shared.privacy import seal
from shared.topology import Service


def seal_draft(
    session: Session,
    township_id: int,
    village: Village,
    name: str,
    phone: str,
    text: str,
    place: str,
    received_on: date,
    *,
    number: str | None = None,
) -> SealedReceipt:
    """Seal a complaint to the petitions service; keep its number and its date.

    The village travels inside the seal only: with the day alone beside it, nobody can tell whom it concerns. The audit
    entry names no person: that someone complained is itself confidential.
    """
    receipt = SealedReceipt(
        township_id=township_id,
        number=number or new_number(session, township_id, received_on),
        received_on=received_on,
    )
    session.add(receipt)
    session.flush()
    where = "，".join(part for part in (village.name, place.strip()) if part)
    send_sealed(session, township_id, receipt.number, None, received_on, True, name, phone, text, where)
    audit.record(session, Principal(township_id), "seal_draft", "sealed_receipt", receipt.number)
    return receipt


def send_sealed(
    session: Session,
    township_id: int,
    number: str,
    village_id: int | None,
    received_on: date,
    complains_of_official: bool,
    name: str,
    phone: str,
    text: str,
    place: str,
) -> None:
    """Hand a petition over. `received_on` is the first day of receipt here, from which the 15 days count."""
    payload = {
        "petitioner_name": name,
        "phone": phone,
        "identity_number": "",
        "text": text.strip(),
        "place": place,
        "track_code": code_of(township_id, number),
    }
    outbox.send(
        session,
        OpenPetition(
            source=source_of(township_id, number),
            source_version=1,
            township_id=township_id,
            village_id=village_id,
            received_on=received_on,
            complains_of_official=complains_of_official,
            sealed=seal(Service.PETITIONS, json.dumps(payload, ensure_ascii=False).encode()),
        ),
    )
