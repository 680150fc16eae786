"""Reading what the database and the disk hold of a drill, by a few statements over everything."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import datetime
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.topology import Service
from tests.faults.accounting import Held
from tests.faults.clients import DEMAND_WORDS
from tests.faults.journal import Journal

_MESSAGES = """
SELECT count(*) FILTER (WHERE o.done_at IS NULL) AS waiting,
  count(*) FILTER (WHERE o.done_at IS NOT NULL AND i.message_id IS NULL) AS unhandled
FROM {sender}_outbox o LEFT JOIN {receiver}_inbox i ON i.message_id = o.message_id
WHERE o.receiver = '{receiver}' AND o.created_at < :until
"""
# Who should act on a demand or a petition is told by a message; its effect is a notice.
_UNTOLD = """
SELECT 'demand ' || d.number AS source FROM intake_demand d WHERE d.text LIKE :demands AND NOT EXISTS (
  SELECT FROM gateway_notice n
  WHERE n.source = concat_ws(:colon, 'intake.demand', d.township_id, d.number, 'dispatch'))
UNION ALL
SELECT 'petition ' || p.number FROM petitions_petition p WHERE p.official_number = ANY(:petitions) AND NOT EXISTS (
  SELECT FROM gateway_notice n WHERE n.source = concat_ws(:colon, 'petitions.petition', p.id))
"""


def read_rows(session: Session, held: Held, journal: Journal, data_dir: Path, until: datetime) -> None:
    """Fill in what rows and files say. `until`: the end of the load; later messages are the scheduler's next ones."""
    _redemptions(session, held)
    _events_and_demands(session, held, journal)
    _petitions(session, held, journal)
    _runs(session, held)
    _messages(session, held, until)
    _files(session, held, data_dir / "files" / "points")
    _overdrawn(session, held, journal)


def waiting_messages(session: Session, until: datetime) -> int:
    """Messages of all services made before `until` that nobody has handled."""
    found = Held()
    _messages(session, found, until)
    return found.messages_waiting + found.messages_unhandled


def _redemptions(session: Session, held: Held) -> None:
    for row in session.execute(
        text("""
SELECT r.id, r.key, r.state,
  (SELECT count(*) FROM points_stock_move m WHERE m.redemption_id = r.id AND m.kind = 'out') AS out,
  (SELECT count(*) FROM points_entry e WHERE e.village_id = r.village_id AND e.posting_id = r.posting_id
    AND e.household_id = r.household_id AND e.kind = 'redemption' AND e.amount = -r.points) AS booked
FROM points_redemption r WHERE r.key NOT LIKE 'demo-%'""")
    ):
        held.redemptions[row.key] += 1
        held.redemption_states[str(row.id)] = row.state
        held.handed_over[str(row.id)] = row.out
        held.booked[str(row.id)] = row.booked


def _events_and_demands(session: Session, held: Held, journal: Journal) -> None:
    keys = [each.key for each in journal.operations if each.act in ("declare", "batch")]
    for row in session.execute(
        text("SELECT id, note, state FROM points_event WHERE note = ANY(:keys)"), {"keys": keys}
    ):
        held.events[row.note] += 1
        held.event_states[str(row.id)] = row.state
    texts = session.scalars(
        text("SELECT text FROM intake_demand WHERE text LIKE :words"), {"words": f"{DEMAND_WORDS} %"}
    )
    held.demands = Counter(words.split(" ", 1)[1] for words in texts)


def _petitions(session: Session, held: Held, journal: Journal) -> None:
    keys = [each.key for each in journal.operations if each.act == "petition"]
    for row in session.execute(
        text("SELECT number, official_number FROM petitions_petition WHERE official_number = ANY(:keys)"),
        {"keys": keys},
    ):
        held.petitions[row.official_number] += 1
        held.petition_numbers[row.official_number] = row.number
    drawn = text("""
SELECT coalesce(sum(s.last), 0) - (
  SELECT count(*) FROM petitions_petition p WHERE p.number ~ '^[0-9]{4}-[0-9]{4,5}$') FROM petitions_number_series s""")
    held.number_gaps = int(session.scalar(drawn) or 0)
    held.untold = list(
        session.scalars(text(_UNTOLD), {"demands": f"{DEMAND_WORDS} %", "petitions": keys, "colon": ":"})
    )


def _runs(session: Session, held: Held) -> None:
    for row in session.execute(text("SELECT id, state FROM points_recalculation")):
        held.run_states[str(row.id)] = row.state
    keys = session.execute(
        text("""
SELECT k.key, count(r.id) AS runs FROM points_idempotency k
LEFT JOIN points_recalculation r ON r.id = CAST(k.resource_id AS bigint)
WHERE k.route = 'POST /api/points/recalculations' GROUP BY k.key""")
    )
    held.runs_by_key = Counter({row.key: row.runs for row in keys})
    for row in session.execute(
        text("""
SELECT recalculation_id, village_id, count(*) AS postings FROM points_posting
WHERE recalculation_id IS NOT NULL GROUP BY recalculation_id, village_id""")
    ):
        held.shards_posted[f"{row.recalculation_id}/{row.village_id}"] = row.postings


def _messages(session: Session, held: Held, until: datetime) -> None:
    for sender in Service:
        for receiver in Service:
            row = session.execute(text(_MESSAGES.format(sender=sender, receiver=receiver)), {"until": until}).one()
            held.messages_waiting += row.waiting
            held.messages_unhandled += row.unhandled
        held.dead_letters += session.scalar(text(f"SELECT count(*) FROM {sender}_dead_letter")) or 0


def _files(session: Session, held: Held, folder: Path) -> None:
    for name in session.scalars(text("SELECT sha256 FROM points_file")):
        path = folder / name[:2] / name
        held.files[name] = path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == name
    held.drafts = sum(path.name.startswith(".") for path in folder.glob("??/*"))


def _overdrawn(session: Session, held: Held, journal: Journal) -> None:
    households = [each.facts["household"] for each in journal.operations if each.act == "reserve"]
    for row in session.execute(
        text("""
SELECT household_id, balance, reserved FROM points_account
WHERE household_id = ANY(:households) AND (balance < 0 OR balance < reserved)"""),
        {"households": households},
    ):
        held.overdrawn.append(f"household {row.household_id} has {row.balance} and holds {row.reserved}")
    for row in session.execute(
        text("""
SELECT i.id, i.on_hand, i.reserved, coalesce(sum(m.on_hand), 0) AS moved, coalesce(sum(m.reserved), 0) AS held
FROM points_item i LEFT JOIN points_stock_move m ON m.item_id = i.id GROUP BY i.id
HAVING i.on_hand < 0 OR i.reserved < 0 OR i.reserved > i.on_hand
  OR i.on_hand <> coalesce(sum(m.on_hand), 0) OR i.reserved <> coalesce(sum(m.reserved), 0)""")
    ):
        held.overdrawn.append(
            f"item {row.id} has {row.on_hand} and holds {row.reserved}, its moves say {row.moved} and {row.held}"
        )
