"""Pages for people: one folder a topic, made of the components in `templates/components`.

A topic is `services/gateway/pages/<topic>/views.py` with a plain Flask `blueprint` named like the topic, and
templates in `services/gateway/templates/<topic>/`. It calls its service through `services/gateway/clients`, adds
what waits for people with `@ask_source(Role.…)` (`pages/todo`), and stands in `_TOPICS` below, with its line of the
header, if it has one, in `_add_navigation`. A form posts `csrf_token` and `idempotency_key` (`forms.form` writes
both); after an act the page answers `redirect(…, code=303)` with a `flash(sentence, "done")`; a refusal gives the
form back, filled in, with `errors_of(problem)` (`pages/answers.py`) and status 422.
"""

from __future__ import annotations

import importlib

from flask import Blueprint
from flask.sansio.blueprints import BlueprintSetupState

from services.gateway.pages.demands.work import READERS as DEMAND_READERS
from services.gateway.pages.frame import install_frame
from services.gateway.pages.households.found import ACCOUNT_READERS
from services.gateway.pages.navigation import STAFF, add_entry, clear_entries
from services.gateway.pages.petitions.work import READERS as PETITION_READERS
from services.gateway.pages.revisions.books import READERS as REVISION_READERS
from services.gateway.pages.wording import _l
from shared.identity import Role

_TOPICS = (
    "design",
    "public",
    "login",
    "credentials",
    "card",
    "certificate",
    "opinions",
    "tour",
    "todo",
    "messages",
    "boards",
    "demands",
    "petitions",
    "registry",
    "people",
    "recalculation",
    "verification",
    "households",
    "events",
    "rulebooks",
    "revisions",
    "imports",
    "quarters",
    "store",
    "operator",
)
"""Folders with a `views.py` that holds a `blueprint`."""


def page_blueprints() -> list[Blueprint]:
    """The blueprints of all pages; registering them also gives the application its templates' words and variables."""
    _add_navigation()
    assets = importlib.import_module("services.gateway.pages.assets").blueprint
    reading = importlib.import_module("services.gateway.pages.reading").blueprint
    frame = Blueprint("frame", __name__)
    frame.record_once(_install)
    return [frame, assets, reading, *(_blueprint_of(topic) for topic in _TOPICS)]


def _install(state: BlueprintSetupState) -> None:
    install_frame(state.app)  # type: ignore[arg-type]


def _blueprint_of(topic: str) -> Blueprint:
    blueprint: Blueprint = importlib.import_module(f"services.gateway.pages.{topic}.views").blueprint
    return blueprint


def _add_navigation() -> None:
    """The header's links in their order; on phones those that are marked so stand in the bottom bar."""
    clear_entries()
    add_entry(_l("待办"), "todo.show", *STAFF, on_phone=True)
    add_entry(_l("我家积分"), "households.own", Role.RESIDENT, on_phone=True)
    add_entry(
        _l("积分记录"),
        "events.index",
        Role.GRID_MEMBER,
        Role.CADRE,
        Role.ADMIN,
        Role.AUDITOR,
        Role.SUPERVISOR,
        Role.JUDGE,
        on_phone=True,
    )
    add_entry(_l("积分超市"), "store.index", Role.KEEPER, Role.CADRE, Role.RESIDENT, on_phone=True)
    add_entry(_l("超市库存"), "store.goods", Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR)
    add_entry(_l("诉求"), "demands.index", *DEMAND_READERS, on_phone=True)
    add_entry(_l("信访"), "petitions.index", *PETITION_READERS, on_phone=True)
    add_entry(_l("台账"), "registry.index", Role.ADMIN, Role.CADRE, Role.GRID_MEMBER)
    add_entry(_l("人员账号"), "people.index", Role.ADMIN)
    add_entry(_l("查一户"), "households.index", *ACCOUNT_READERS)
    add_entry(_l("积分细则"), "rulebooks.newest", *STAFF, Role.RESIDENT)
    add_entry(_l("细则修订"), "revisions.index", *REVISION_READERS)
    add_entry(_l("季度榜"), "quarters.index", Role.CADRE, Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR)
    add_entry(_l("积分重算"), "recalculation.index", Role.ADMIN, Role.AUDITOR)
    add_entry(_l("核验"), "verification.index", Role.ADMIN, Role.AUDITOR, Role.SUPERVISOR, Role.CADRE)
    add_entry(_l("运维"), "operator.show", Role.OPERATOR)
    add_entry(_l("消息"), "messages.show", *STAFF, Role.RESIDENT, on_phone=True)
