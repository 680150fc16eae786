"""Envelopes: what is written can be read, what is no envelope is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.messages.base import UnreadableMessage
from shared.messaging.envelope import Envelope
from shared.topology import Queue

ENVELOPE = Envelope("id-1", "points.record_event", 1, Queue.POINTS, "{}", "request-1", 2)


def test_an_envelope_survives_the_way() -> None:
    assert Envelope.load(json.loads(ENVELOPE.dump())) == ENVELOPE


def test_a_copy_differs_in_its_number_only() -> None:
    assert ENVELOPE.as_copy(3).as_copy(2) == ENVELOPE
    assert ENVELOPE.as_copy(3).copy == 3


@pytest.mark.parametrize("raw", [None, [], "text", 1, {}, {"id": "a"}])
def test_what_is_no_envelope_is_refused(raw: Any) -> None:
    with pytest.raises(UnreadableMessage):
        Envelope.load(raw)


@pytest.mark.parametrize(
    "changes",
    [{"id": 1}, {"name": ""}, {"body": {}}, {"queue": "nowhere"}, {"version": True}, {"version": "1"}, {"copy": 1.5}],
)
def test_a_wrong_field_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(UnreadableMessage):
        Envelope.load({**ENVELOPE.as_json(), **changes})
