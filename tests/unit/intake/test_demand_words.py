"""The table of transitions, codes, veils and public text, without a database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.intake.demands.masked_text import mask_text
from services.intake.demands.numbers import CODE_LENGTH, clean_code, code_fits, code_of
from services.intake.demands.transitions import ACTION_WORDS, STATE_WORDS, TRANSITIONS, Who
from services.intake.demands.veil import unveil_number, veil_number
from shared.models.intake_kinds import DemandAction, DemandState
from shared.settings import settings


@pytest.fixture(autouse=True)
def keys(key_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("XZ_KEY_DIR", str(key_dir))
    settings.cache_clear()
    yield
    settings.cache_clear()


def test_the_table_knows_every_action_and_state() -> None:
    assert set(TRANSITIONS) == set(DemandAction) == set(ACTION_WORDS)
    assert set(STATE_WORDS) == set(DemandState)
    reached = {line.target for line in TRANSITIONS.values()} | {DemandState.WAITING}
    assert reached == set(DemandState)


def test_the_straight_way_leads_from_waiting_to_closed() -> None:
    state = DemandState.WAITING
    for action in (
        DemandAction.ASSIGN,
        DemandAction.TAKE,
        DemandAction.START,
        DemandAction.ANSWER,
        DemandAction.CONFIRM,
    ):
        assert state in TRANSITIONS[action].sources
        state = TRANSITIONS[action].target
    assert state is DemandState.CLOSED


def test_only_a_message_concludes_a_petition_here_and_no_word_of_petitions_is_used() -> None:
    assert TRANSITIONS[DemandAction.CONCLUDE].who == {Who.SYSTEM}
    assert not any("受理" in word for word in (*STATE_WORDS.values(), *ACTION_WORDS.values()))


def test_a_code_belongs_to_one_number_of_one_township() -> None:
    code = code_of(1, "26048213")
    assert len(code) == CODE_LENGTH
    assert code_fits(1, "26048213", f" {code[:4].lower()}-{code[4:].lower()} ")
    assert clean_code("ab cd-e") == "ABCDE"
    assert not code_fits(2, "26048213", code)
    assert not code_fits(1, "26048214", code)
    assert not set(code) & set("0O1IL5S8B2Z")


def test_a_veiled_number_is_read_back_and_never_looks_the_same() -> None:
    first, second = veil_number("26048213"), veil_number("26048213")
    assert first != second
    assert "26048213" not in first
    assert unveil_number(first) == unveil_number(second) == "26048213"
    assert unveil_number("17") is None
    assert len(first) <= 64


def test_public_text_names_nobody() -> None:
    text = "已给石桂花（电话 160-0000-1234，0745-8612345，身份证431299196003151017）家换了水管。"
    assert mask_text(text, "石桂花") == "已给石×花（电话 〔电话〕，〔电话〕，身份证〔证件号〕）家换了水管。"
