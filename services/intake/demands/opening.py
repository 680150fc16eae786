"""Opening the phone of whoever reported a demand, with a purpose that is kept."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.intake.demands.access import capacities
from services.intake.demands.transitions import Who
from shared import audit
from shared.errors import Forbidden, NotFound
from shared.identity import Principal
from shared.models.intake import Demand
from shared.privacy import field_cipher
from shared.topology import Service


def open_phone(session: Session, actor: Principal, demand: Demand, purpose: str) -> str:
    """The full number. Raises Forbidden for those who have nothing to do with the demand, NotFound where none is."""
    if not capacities(session, actor, demand) & {Who.DISPATCHER, Who.HANDLER, Who.VISITOR}:
        raise Forbidden("只有经办这条诉求的人可以查看电话。")
    if demand.phone_encrypted is None:
        raise NotFound("提交时没有留电话。")
    audit.record(
        session, actor, "open_phone", "demand", demand.number, village_id=demand.village_id, purpose=purpose.strip()
    )
    return field_cipher(Service.INTAKE).decrypt(demand.phone_encrypted)
