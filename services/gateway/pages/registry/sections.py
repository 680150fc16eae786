"""The parts of the registry: one row of tabs above all of them, by what a person may look into."""

from __future__ import annotations

from flask import request, url_for

from services.gateway.pages.wording import _, _l
from shared.identity import Principal, Role

READERS = (
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
"""Find households, and see villages, offices and duties."""

WRITERS = (Role.ADMIN, Role.CADRE)
"""Change households and residents of their villages."""

_SECTIONS: tuple[tuple[str, str, tuple[Role, ...]], ...] = (
    (_l("住户"), "registry.index", READERS),
    (_l("村和网格"), "registry.villages", READERS),
    (_l("办公室"), "registry.offices", READERS),
    (_l("职责"), "people.duties", READERS),
    (_l("人员账号"), "people.index", (Role.ADMIN,)),
    (_l("申报亲属"), "people.relatives", READERS),
    (_l("诉求类别"), "registry.categories", (Role.ADMIN,)),
    (_l("导入导出"), "registry.imports", WRITERS),
    (_l("乡镇设置"), "registry.township", (Role.ADMIN,)),
)


def sections(principal: Principal) -> list[tuple[str, str, bool]]:
    """Label, address and whether it is this page, for `page.tabs`."""
    return [
        (_(label), url_for(endpoint), request.endpoint == endpoint)
        for label, endpoint, roles in _SECTIONS
        if principal.has(*roles)
    ]


def village_trail(name: str, code: str) -> list[tuple[str, str | None]]:
    """The way to a page below a village."""
    return [
        (_("台账"), url_for("registry.index")),
        (_("村和网格"), url_for("registry.villages")),
        (name, url_for("registry.village", code=code)),
    ]
