"""A township's own words 乡镇设置: name, phone, when it is open, and when its leaders receive visitors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from shared import audit
from shared.database.upserts import execute_counted
from shared.errors import NotFound, Stale
from shared.identity import Principal
from shared.models.registry import Township

_VERSION = "version"


@dataclass(frozen=True, slots=True)
class TownshipWords:
    """Texts as they stand on the public page; `reception_weekdays` are 1 (Monday) to 7, none for no fixed day."""

    name: str
    phone: str = ""
    opening_hours: str = ""
    reception_hours: str = ""
    reception_place: str = ""
    reception_phone: str = ""
    reception_weekdays: tuple[int, ...] = ()
    store_hours: str = ""


@dataclass(frozen=True, slots=True)
class TownshipView:
    """A township with its words; the version is of all of them together."""

    code: str
    words: TownshipWords
    version: int


def view_township(session: Session, actor: Principal) -> TownshipView:
    """The actor's township; for the public by host name. Raises NotFound where there is none yet."""
    township = _township(session, actor)
    said = json.loads(township.settings or "{}")
    words = TownshipWords(
        name=township.name,
        phone=township.phone,
        reception_weekdays=tuple(sorted(int(day) for day in said.get("reception_weekdays", ()))),
        **{name: str(said.get(name, "")) for name in _texts()},
    )
    return TownshipView(township.code, words, int(said.get(_VERSION, 1)))


def change_township(session: Session, actor: Principal, words: TownshipWords, version: int) -> TownshipView:
    """Set all words anew; what else the township has set stays. Raises Stale.

    The settings hold their version, and are replaced only as they were read.
    """
    township = _township(session, actor)
    before = township.settings
    said: dict[str, Any] = json.loads(before or "{}")
    if int(said.get(_VERSION, 1)) != version:
        raise Stale("您打开之后，乡镇设置已被别人改过。请刷新后再改。")
    new: Mapping[str, Any] = {name: value for name, value in asdict(words).items() if name not in {"name", "phone"}}
    settings = json.dumps({**said, **new, _VERSION: version + 1}, ensure_ascii=False)
    statement = update(Township).where(Township.id == township.id, Township.settings == before)
    if execute_counted(session, statement.values(name=words.name, phone=words.phone, settings=settings)) != 1:
        raise Stale("您打开之后，乡镇设置已被别人改过。请刷新后再改。")
    session.refresh(township)
    audit.record(session, actor, "change_township", "township", township.id)
    return view_township(session, actor)


def _texts() -> list[str]:
    return [name for name in TownshipWords.__dataclass_fields__ if name not in {"name", "phone", "reception_weekdays"}]


def _township(session: Session, actor: Principal) -> Township:
    township = session.get(Township, actor.township_id)
    if township is None:
        raise NotFound("这里还没有建立乡镇。")
    return township
