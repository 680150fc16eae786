"""The text that a digest covers, word for word."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from services.points.ledger.chain import digest_of, header_end, header_start, line_of, microseconds
from shared.models.points import GENESIS

AT = datetime(2026, 7, 1, 1, 2, 3, 456789, tzinfo=UTC)


def test_instants_are_whole_microseconds() -> None:
    assert microseconds(AT) == 1782867723456789


def test_the_digest_covers_previous_digest_header_and_lines() -> None:
    header = header_start("431230203200", 1, "events") + "2|150" + header_end("account:17", AT)
    lines = [
        line_of(1, 42, 7, "award", 250, "2026Q3", "2026Q2"),
        line_of(2, 43, -2, "transfer", -100, "2026Q3", "2026Q3"),
    ]
    text = (
        f"{GENESIS}\n"
        "431230203200|1|events|2|150|account:17|1782867723456789\n"
        "1|42|7|award|250|2026Q3|2026Q2\n"
        "2|43||transfer|-100|2026Q3|2026Q3\n"
    )
    assert digest_of(GENESIS, header, lines) == hashlib.sha256(text.encode()).hexdigest()
