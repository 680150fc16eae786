"""The caps of rules and categories, and the comparison with the ledger: `ruled` and `scored` from `raw`."""

from __future__ import annotations

from services.points.scoring.arithmetic import clamped_step, filled_step
from services.points.scoring.scope import Scope
from services.points.scoring.values import Table

_ORDER = "ORDER BY occurred_on, id"


def running_caps(sqlite: bool) -> list[str]:
    """Running sums for every group."""
    group = f"(PARTITION BY household_id, n, period {_ORDER})"
    shelf = f"(PARTITION BY household_id, shelf {_ORDER})"
    positive = "CASE WHEN ruled > 0 THEN ruled ELSE 0 END"
    return [
        f"summed AS (SELECT raw.*, sum(raw) OVER {group} AS running FROM raw)",
        f"ruled AS (SELECT summed.*, CASE WHEN cap IS NULL THEN raw ELSE {clamped_step(sqlite)} END AS ruled"
        " FROM summed)",
        f"filled AS (SELECT ruled.*, sum({positive}) OVER {shelf} AS filled FROM ruled)",
        "scored AS (SELECT id, household_id, rule_id, quarter, booked,"
        " (SELECT sum(amount) FROM points_entry t WHERE t.village_id = :village AND t.event_id = f.id) AS held,"
        f" CASE WHEN shelf IS NULL OR ruled <= 0 THEN ruled ELSE {filled_step(sqlite)} END AS scored"
        " FROM filled f)",
    ]


def patched_caps(table: Table, scope: Scope, *, nothing_held: bool) -> list[str]:
    """Running sums only for groups that exceed their cap. `nothing_held`: the village's ledger is still empty."""
    parts = []
    ruled = "raw.raw"
    patch = ""
    if any(value.cap is not None for value in table.values):
        parts += [
            "exceeding AS (SELECT household_id, n, period FROM raw WHERE cap IS NOT NULL"
            " GROUP BY household_id, n, period HAVING sum(abs(raw)) > min(cap))",
            "cut AS (SELECT id, CAST(" + clamped_step(sqlite=False) + " AS int) AS ruled FROM ("
            "SELECT raw.id, raw.raw, raw.cap, sum(raw.raw) OVER"
            f" (PARTITION BY household_id, n, period {_ORDER}) AS running"
            " FROM raw JOIN exceeding USING (household_id, n, period)) r)",
        ]
        ruled = "coalesce(cut.ruled, raw.raw)"
        patch = " LEFT JOIN cut ON cut.id = raw.id"
    columns = "raw.id, raw.household_id, raw.rule_id, raw.quarter, raw.booked"
    shelved = any(value.shelf is not None for value in table.values)
    kept = ", raw.occurred_on, raw.shelf, raw.shelf_cap" if shelved else ""
    parts.append(f"ruled AS (SELECT {columns}{kept}, {ruled} AS ruled FROM raw{patch})")
    if shelved:
        parts += [
            "overfull AS (SELECT household_id, shelf FROM ruled WHERE shelf IS NOT NULL AND ruled > 0"
            " GROUP BY household_id, shelf HAVING sum(ruled) > min(shelf_cap))",
            f"spilt AS (SELECT id, ruled, CAST({filled_step(sqlite=False)} AS int) AS scored FROM ("
            "SELECT ruled.id, ruled.ruled, shelf_cap, sum(ruled.ruled) OVER"
            f" (PARTITION BY household_id, shelf {_ORDER}) AS filled"
            " FROM ruled JOIN overfull USING (household_id, shelf) WHERE ruled.ruled > 0) r)",
        ]
    if scope.is_everything and not nothing_held:
        return parts + _compared_at_once(shelved)
    return parts + _joined(shelved, nothing_held=nothing_held)


def _compared_at_once(shelved: bool) -> list[str]:
    """Scores and entries of whole quarters, added up in one pass by event: cheaper than to sum, then to join.

    What other quarters hold has no score here, and is left out by that.
    """
    spilt = " UNION ALL SELECT id, scored - ruled, NULL FROM spilt" if shelved else ""
    return [
        "compared AS MATERIALIZED (SELECT id, CAST(sum(scored) AS int) AS scored, CAST(sum(held) AS int) AS held"
        f" FROM (SELECT id, ruled AS scored, CAST(NULL AS int) AS held FROM ruled{spilt}"
        " UNION ALL SELECT event_id, NULL, amount FROM points_entry WHERE village_id = :village AND event_id > 0) p"
        " GROUP BY id HAVING sum(scored) <> coalesce(sum(held), 0))",
        "scored AS (SELECT r.id, r.household_id, r.rule_id, r.quarter, r.booked, c.held, c.scored"
        " FROM compared c JOIN ruled r ON r.id = c.id)",
    ]


def _joined(shelved: bool, *, nothing_held: bool) -> list[str]:
    """Scores with the entries of the events in a narrow scope, or with none."""
    final = "coalesce(spilt.scored, ruled.ruled)" if shelved else "ruled.ruled"
    joins = " LEFT JOIN spilt ON spilt.id = ruled.id" if shelved else ""
    parts = []
    held = "CAST(NULL AS int)"
    if not nothing_held:
        parts.append(
            "held AS (SELECT event_id, CAST(sum(amount) AS int) AS held FROM points_entry"
            " WHERE village_id = :village AND event_id IN (SELECT id FROM raw) GROUP BY event_id)"
        )
        held = "held.held"
        joins += " LEFT JOIN held ON held.event_id = ruled.id"
    parts.append(
        "scored AS (SELECT ruled.id, ruled.household_id, ruled.rule_id, ruled.quarter, ruled.booked,"
        f" {held} AS held, {final} AS scored FROM ruled{joins})"
    )
    return parts
