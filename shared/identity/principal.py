"""Who acts, and on what: plain values that the domain gets, whatever edge they came in by."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from shared.errors import Forbidden


class Role(StrEnum):
    """What someone may come for. All but the first three come from duties valid today."""

    PUBLIC = "public"
    """Nobody logged in."""
    RESIDENT = "resident"
    """村民, by card and PIN or by an account: own household only."""
    SYSTEM = "system"
    """A task or a message; never comes over HTTP."""
    GRID_MEMBER = "grid_member"
    CADRE = "cadre"
    KEEPER = "keeper"
    JUDGE = "judge"
    SUPERVISOR = "supervisor"
    HANDLER = "handler"
    LEADER = "leader"
    CLERK = "clerk"
    DISCIPLINE = "discipline"
    ADMIN = "admin"
    AUDITOR = "auditor"
    OPERATOR = "operator"


# Roles whose grants are for the whole township; the others name a village (or, handlers, an office).
TOWNSHIP_ROLES = frozenset(
    {Role.HANDLER, Role.LEADER, Role.CLERK, Role.DISCIPLINE, Role.ADMIN, Role.AUDITOR, Role.OPERATOR}
)


@dataclass(frozen=True, slots=True)
class Grant:
    """One right: a role, and where it holds. Ids are the registry's."""

    role: Role
    village_id: int | None = None
    grid_id: int | None = None
    office_id: int | None = None


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. `township_id` is always set behind the gateway: by the account, or for the public by host name."""

    township_id: int
    actor: str = "public"
    """Stable name for idempotency and audit: `account:17`, `household:42`, `public`, `task:points.apply_shard`,
    `machine:operator`."""
    person_id: int | None = None
    household_id: int | None = None
    name: str = ""
    grants: tuple[Grant, ...] = ()
    request_id: str = ""
    roles: frozenset[Role] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "roles", frozenset(grant.role for grant in self.grants) or frozenset({Role.PUBLIC}))

    def has(self, *roles: Role) -> bool:
        """Whether any of `roles` is held anywhere."""
        return not self.roles.isdisjoint(roles)

    def covers_township(self, *roles: Role) -> bool:
        """Whether one of `roles` is held for the whole township."""
        return any(grant.role in roles and grant.village_id is None for grant in self.grants)

    def villages_of(self, *roles: Role) -> frozenset[int]:
        """The villages for which one of `roles` is held by name (township-wide grants are not expanded)."""
        return frozenset(grant.village_id for grant in self.grants if grant.role in roles and grant.village_id)

    def grids_of(self, *roles: Role) -> frozenset[int]:
        return frozenset(grant.grid_id for grant in self.grants if grant.role in roles and grant.grid_id)

    def offices_of(self, *roles: Role) -> frozenset[int]:
        return frozenset(grant.office_id for grant in self.grants if grant.role in roles and grant.office_id)

    def may_in(self, village_id: int, *roles: Role) -> bool:
        """Whether one of `roles` holds in this village, which the caller knows to be of the township."""
        return self.covers_township(*roles) or village_id in self.villages_of(*roles)

    def require_in(self, village_id: int, *roles: Role) -> None:
        """Raise Forbidden unless one of `roles` holds in this village."""
        if not self.may_in(village_id, *roles):
            raise Forbidden("您的职责不包括这个村的这项工作。如需办理，请联系乡镇管理员。")


def system(township_id: int, task: str, request_id: str = "") -> Principal:
    """The principal of a task: it may do what its message says, and is named in the audit log."""
    return Principal(township_id, actor=f"task:{task}", grants=(Grant(Role.SYSTEM),), request_id=request_id)
