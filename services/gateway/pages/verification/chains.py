"""The audit log of each service, proved: piece by piece, as far as a page may take its time."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy.orm import Session

from services.gateway.clients import ServiceProblem
from services.gateway.pages.services import BY_SERVICE
from shared.audit import verify_audit
from shared.audit_api import MOST_AT_ONCE
from shared.identity import Principal
from shared.topology import Service

SECONDS = 10.0
"""After this the page shows how far it came, and goes on from there when asked."""


@dataclass(frozen=True, slots=True)
class ProvedChain:
    """How far a service's audit log was proved. `go_on_after`: where the next page goes on."""

    service: Service
    checked: int = 0
    digest: str = ""
    unchained: int = 0
    broken_seq: int | None = None
    go_on_after: int | None = None
    trouble: str = ""

    @property
    def holds(self) -> bool:
        return self.broken_seq is None and not self.trouble


def prove_chain(session: Session, principal: Principal, service: Service, after: int = 0) -> ProvedChain:
    """Prove a service's log from a row on, until its end or until the time is over."""
    began = time.monotonic()
    while True:
        try:
            found = _piece(session, principal, service, after)
        except ServiceProblem as problem:
            return ProvedChain(service, after, trouble=problem.detail)
        if found.broken_seq is not None or found.go_on_after is None or time.monotonic() - began > SECONDS:
            return found
        after = found.go_on_after


def _piece(session: Session, principal: Principal, service: Service, after: int) -> ProvedChain:
    if service is Service.GATEWAY:
        own = verify_audit(session, service, after=after, limit=MOST_AT_ONCE)
        return ProvedChain(service, own.last_seq, own.digest, own.unchained, own.broken_seq, own.next_after)
    told = BY_SERVICE[service].get(f"/api/{service}/audit_chain", principal, after=after).data
    return ProvedChain(
        service, told["last_seq"], told["digest"], told["unchained"], told["broken_seq"], told["next_after"]
    )
