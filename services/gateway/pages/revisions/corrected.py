"""What a 更正 mends: the lines of a revision that differ from what holds in the villages concerned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.gateway.pages.place import VillageName
from services.gateway.pages.revisions.books import read_book
from services.gateway.pages.revisions.presentation import changes_between
from services.gateway.pages.revisions.standing import Adoption, adopted_in
from shared.calendar import today
from shared.quarters import quarter_of

Data = Mapping[str, Any]


def revisions_held(adoptions: Sequence[Adoption], villages: Sequence[VillageName], revision: int) -> list[int]:
    """The other revisions that hold in these villages today, in order."""
    now = quarter_of(today())
    held = (adopted_in(adoptions, village.code, now) for village in villages)
    return sorted({adopted["revision"] for adopted in held if adopted is not None} - {revision})


def changes_from(held: Sequence[int], book: Data, villages: Sequence[VillageName]) -> list[dict[str, str]]:
    """The differing lines, each once, without other villages' own lines."""
    codes = {village.code for village in villages}
    changes: dict[str, dict[str, str]] = {}
    for revision in held:
        for change in changes_between(_holding_in(read_book(revision), codes), _holding_in(book, codes)):
            changes.setdefault(change["code"], change)
    return list(changes.values())


def _holding_in(book: Data, villages: set[str]) -> Data:
    return {**book, "rules": [rule for rule in book["rules"] if rule["village"] is None or rule["village"] in villages]}
