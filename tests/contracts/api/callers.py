"""Who calls a running system: each role with a session of its own, and what it may be shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import requests
from schemathesis import Case, CheckContext
from schemathesis.core.transport import Response

from shared.identity import Role
from tests.contracts.api.examination import Check
from tests.contracts.api.places import ELSEWHERE, TOWNSHIP_WIDE, Places, Reach, text_of, told_to_all

ACCOUNTS = (
    "villager", "grid", "cadre", "keeper", "judge", "supervisor", "handler", "leader", "clerk", "discipline",
    "auditor", "operator", "admin",
)  # fmt: skip
"""Accounts of the demo, one of each duty; the admin, who can end what the others may do, comes last."""


@dataclass
class Caller:
    """Somebody with a session. `address` is the gateway's; `username` is None for whoever is not logged in."""

    address: str
    username: str | None
    session: requests.Session = field(default_factory=requests.Session)
    roles: frozenset[str] = frozenset({str(Role.PUBLIC)})
    reach: Reach = field(default_factory=lambda: Reach(frozenset()))

    def __post_init__(self) -> None:
        self.session.trust_env = False
        self.enter()

    def enter(self) -> None:
        """Log in by the demo's button."""
        if self.username is None:
            return
        answer = self.session.post(f"{self.address}/api/session/demo", json={"username": self.username}, timeout=30)
        assert answer.status_code == 201, f"{self.username} can't log in: {answer.text}"
        told = answer.json()
        self.session.headers["X-CSRF-Token"] = told["csrf_token"]
        grants = told["grants"]
        self.roles = frozenset({str(Role.PUBLIC), *(grant["role"] for grant in grants)})
        villages = [grant["village_id"] for grant in grants]
        is_resident = self.roles == {Role.PUBLIC, Role.RESIDENT}
        self.reach = Reach(
            None if None in villages else frozenset(int(each) for each in villages),
            int(told["household_id"]) if is_resident else None,
        )

    def may_call(self, operation: dict[str, Any]) -> bool:
        """Whether a described operation is for one of this caller's roles."""
        return told_to_all(operation) or not self.roles.isdisjoint(operation["x-roles"])

    def call(self, case: Case[Any]) -> Response:
        """Send a case as this caller; a session that somebody has ended begins anew."""
        response = case.call(base_url=self.address, session=self.session, headers=dict(self.session.headers))
        if response.status_code != 401 or self.username is None or case.path.startswith("/api/session"):
            return response
        self.enter()
        return case.call(base_url=self.address, session=self.session, headers=dict(self.session.headers))


def nothing_is_of_another_village(caller: Caller, places: Places) -> Check:
    """A check of schemathesis: what only some roles are told is told to each about its own villages.

    To a resident about the own household only. By what the fields of an answer name, and by the sign that every name
    of a village carries where nobody of `ACCOUNTS` serves or lives.
    """

    def check(_context: CheckContext, response: Response, case: Case[Any]) -> None:
        operation = case.operation
        if caller.reach.villages is None or told_to_all(operation.definition.raw):
            return
        asked = repr((case.path_parameters, case.query, case.body))
        assert ELSEWHERE in asked or ELSEWHERE not in text_of(response.content), (
            f"{caller.username} is told a name of another village: {text_of(response.content)[:400]}"
        )
        if response.status_code >= 300 or "json" not in response.headers.get("content-type", [""])[0]:
            return
        label = f"{operation.method.upper()} {operation.path}"
        foreign = places.foreign_in(response.json(), caller.reach, township_wide=label in TOWNSHIP_WIDE)
        assert not foreign, f"{caller.username} is told of {foreign[:3]}"

    return check
