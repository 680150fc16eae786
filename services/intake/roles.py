"""Who may do what with the registry: one place, so that pages, API and imports agree."""

from __future__ import annotations

from shared.identity import Role

LIST_READERS = (
    Role.ADMIN,
    Role.CADRE,
    Role.GRID_MEMBER,
    Role.KEEPER,
    Role.JUDGE,
    Role.SUPERVISOR,
    Role.HANDLER,
    Role.LEADER,
    Role.CLERK,
    Role.DISCIPLINE,
    Role.AUDITOR,
)
"""Find a household: name of the head, group, card number."""

MEMBER_READERS = (Role.ADMIN, Role.CADRE, Role.GRID_MEMBER, Role.CLERK, Role.AUDITOR)
"""See who lives in a household, with masked numbers."""

CARE_READERS = (Role.ADMIN, Role.CADRE, Role.GRID_MEMBER)
"""See care labels."""

OPENERS = (Role.ADMIN, Role.CADRE, Role.CLERK)
"""Open a full identity number or phone, with a purpose."""

REGISTRY_WRITERS = (Role.ADMIN, Role.CADRE)
"""Change households and residents of their villages."""
