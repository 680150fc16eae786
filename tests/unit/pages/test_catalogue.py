"""The catalogue holds every sentence that a page can say, also those that it shares with workbooks."""

from __future__ import annotations

from babel.messages.pofile import read_po

from services.gateway.pages.demands.work import _TABS
from services.gateway.pages.registry.workbooks import _KINDS
from shared.identity.role_words import ROLE_WORDS
from tests.structure.source import PROJECT


def test_words_of_roles_and_of_tables_can_be_translated() -> None:
    with (PROJECT / "services/gateway/translations/messages.pot").open("rb") as file:
        known = {message.id for message in read_po(file)}
    said = {*ROLE_WORDS.values(), *(str(word) for _, word in _TABS), *map(str, _KINDS.values())}
    assert said - known == set()
