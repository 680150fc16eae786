"""The expressions of scoring, in the words of either database.

Steps: facts (events in scope with their values) → raw (by mode) → ruled (rule cap) → scored (category cap).
On PostgreSQL a bulk scope computes running sums only for groups that exceed their cap, and patches the others back by
id; everywhere else running sums are computed for all, in the order of the key.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any

from services.points.scoring.arithmetic import among, times
from services.points.scoring.caps import patched_caps, running_caps
from services.points.scoring.scope import Scope
from services.points.scoring.values import (
    ONCE_A_QUARTER,
    ONCE_A_YEAR,
    ONCE_EVER,
    STEPPED,
    TIERED_YEAR,
    Table,
    Value,
)

_POSTGRESQL_VALUES = """value AS MATERIALIZED (
  SELECT * FROM jsonb_to_recordset(CAST(:value_rows AS jsonb)) AS v(
    n int, rule int, quarter int, mode int, points bigint, low int, high int, cap int, by_month bool,
    shelf int, shelf_cap int, once int, memory bool, posts bool, booked int, "at" int[], amounts int[])
)"""

_FIELDS = tuple(field.name for field in fields(Value))
_fields_of = attrgetter(*_FIELDS)


@dataclass(frozen=True, slots=True)
class Statement:
    """`WITH` list without the word, ending in `differing(id, household_id, rule_id, quarter, booked, held, scored)`.

    `raw` and `scored` hold every event that is compared (`scored` of whole quarters on PostgreSQL only those that
    differ), `differing` those whose score is not what the ledger holds; `held` is null where it has no entry of one.
    """

    expressions: str
    parameters: dict[str, Any]


def value_rows(table: Table) -> list[dict[str, Any]]:
    """The rows of the table as the statement reads them."""
    return [dict(zip(_FIELDS, _fields_of(value), strict=True)) for value in table.values]


class Expressions:
    """Puts the pieces together for one dialect and one scope."""

    def __init__(self, sqlite: bool, scope: Scope, table: Table, *, nothing_held: bool = False) -> None:
        self.sqlite = sqlite
        self.scope = scope
        self.table = table
        self.nothing_held = nothing_held
        self.bulk = not sqlite and scope.households is None

    def build(self, village_id: int) -> Statement:
        parameters: dict[str, Any] = {"village": village_id}
        if not self.sqlite:
            parameters["value_rows"] = json.dumps(value_rows(self.table))
        if self.scope.households is not None:
            ids = sorted(self.scope.households)
            parameters["households"] = json.dumps(ids) if self.sqlite else ids
        parts = [] if self.sqlite else [_POSTGRESQL_VALUES]
        parts.append(self._raw())
        if self.bulk:
            parts += patched_caps(self.table, self.scope, nothing_held=self.nothing_held)
        else:
            parts += running_caps(self.sqlite)
        return Statement(",\n".join(parts), parameters)

    def _facts(self, columns: str, condition: str, rules: Collection[int] | None) -> str:
        households = ""
        if self.scope.households is not None:
            households = (
                " AND e.household_id IN (SELECT value FROM json_each(:households))"
                if self.sqlite
                else " AND e.household_id = ANY(CAST(:households AS bigint[]))"
            )
        join = "CROSS JOIN scope_value v" if self.sqlite else "JOIN value v"
        link = "WHERE" if self.sqlite else "ON"
        rest = "AND" if self.sqlite else "WHERE"
        return (
            f"SELECT {columns} FROM points_event e {join} {link} v.rule = e.rule_id AND v.quarter = e.quarter"
            # Rules first: comparing numbers is cheaper than comparing words.
            # Rather two comparisons than a list of words, which PostgreSQL takes apart for every row.
            f" {rest} e.village_id = :village{among(rules)} AND (e.state = 'posted' OR e.state = 'voided')"
            f"{households}{condition}"
        )

    def _raw(self) -> str:
        """`raw(id, household_id, rule_id, quarter, n, period, occurred_on, raw, cap, shelf, shelf_cap, booked)`."""
        carried = (
            "e.id, e.household_id, e.rule_id, e.quarter, v.n,"
            " CASE WHEN v.by_month THEN e.month ELSE 0 END AS period, e.occurred_on"
        )
        rest = "v.cap, v.shelf, v.shelf_cap, v.booked"
        plain = self._facts(
            f"{carried}, {self._plain_amount()} AS raw, {rest}",
            " AND v.posts AND NOT v.memory",
            None if self.scope.is_everything else self.table.rules,
        )
        parts = [f"raw AS MATERIALIZED (\n{plain}"]
        remembering = {value.rule for value in self.table.values if value.memory}
        if remembering:
            steps = "" if self.sqlite else ', v.amounts, v."at"'
            remembered = self._facts(
                f"{carried}, v.mode, v.points, v.low, v.high, v.once, v.posts, e.state, e.quantity, e.chosen,"
                f" {rest}{steps}{self._counts()}",
                " AND v.memory",
                sorted(remembering),
            )
            parts.append(
                "UNION ALL SELECT id, household_id, rule_id, quarter, n, period, occurred_on,"
                f" {self._remembered_amount()} AS raw, cap, shelf, shelf_cap, booked FROM (\n{remembered}\n) m"
                " WHERE posts"
            )
        return "\n".join(parts) + "\n)"

    def _counts(self) -> str:
        """Windows over the events of rules that remember, only those that some line of the scope needs.

        Voided events are counted apart: they count for nothing.
        """
        partition = "PARTITION BY e.household_id, e.rule_id, (e.state = 'voided')"
        order = "ORDER BY e.occurred_on, e.id"
        windows = []
        if self.table.has_mode(STEPPED):
            windows.append(f"row_number() OVER ({partition}, e.quarter / 4 {order}) AS nth")
        if self.table.has_mode(TIERED_YEAR):
            windows.append(f"sum(e.quantity) OVER ({partition}, e.quarter / 4 {order}) AS total")
        for once, column, period in (
            (ONCE_A_QUARTER, "nth_in_quarter", ", e.quarter"),
            (ONCE_A_YEAR, "nth_in_year", ", e.quarter / 4"),
            (ONCE_EVER, "nth_ever", ""),
        ):
            if self.table.has_once(once):
                windows.append(f"row_number() OVER ({partition}{period} {order}) AS {column}")
        return "".join(f", {window}" for window in windows)

    def _plain_amount(self) -> str:
        """Raw amount of an event that looks at no other; a voided one has none."""
        tier = self._tier("e.quantity", "v")
        return self._int4(
            "CASE WHEN e.state = 'voided' THEN 0 ELSE CASE v.mode"
            f" WHEN 1 THEN {times('e.quantity', 'v.points')}"
            f" WHEN 2 THEN {self._clamped('e.chosen', 'v')} WHEN 3 THEN {tier} ELSE 0 END END"
        )

    def _remembered_amount(self) -> str:
        cases = [
            f"WHEN 1 THEN {times('m.quantity', 'm.points')}",
            f"WHEN 2 THEN {self._clamped('m.chosen', 'm')}",
            f"WHEN 3 THEN {self._tier('m.quantity', 'm')}",
        ]
        if self.table.has_mode(TIERED_YEAR):
            before = self._tier(self._at_most_int4("m.total - m.quantity"), "m")
            cases.append(f"WHEN 4 THEN {self._tier(self._at_most_int4('m.total'), 'm')} - {before}")
        if self.table.has_mode(STEPPED):
            cases.append(f"WHEN 5 THEN {self._tier('m.nth * 100', 'm')}")
        amount = f"CASE m.mode {' '.join(cases)} ELSE 0 END"
        later = [
            f"(m.once = {once} AND m.{column} > 1)"
            for once, column in (
                (ONCE_A_QUARTER, "nth_in_quarter"),
                (ONCE_A_YEAR, "nth_in_year"),
                (ONCE_EVER, "nth_ever"),
            )
            if self.table.has_once(once)
        ]
        nothing = " OR ".join(["m.state = 'voided'", *later])
        return self._int4(f"CASE WHEN {nothing} THEN 0 ELSE {amount} END")

    def _clamped(self, chosen: str, value: str) -> str:
        least, greatest = ("min", "max") if self.sqlite else ("least", "greatest")
        return f"{least}({greatest}(coalesce({chosen}, 0), {value}.low), {value}.high)"

    def _tier(self, quantity: str, value: str) -> str:
        """The amount of the highest threshold that the quantity reaches; below the first: 0."""
        if self.sqlite:
            return (
                f"coalesce((SELECT s.amount FROM scope_step s WHERE s.n = {value}.n AND s.threshold <= {quantity}"
                " ORDER BY s.threshold DESC LIMIT 1), 0)"
            )
        return f'coalesce({value}.amounts[width_bucket(CAST({quantity} AS int), {value}."at")], 0)'

    def _at_most_int4(self, expression: str) -> str:
        """A sum that may exceed int4, cut off there: no threshold lies higher."""
        return expression if self.sqlite else f"least({expression}, 2147483647)"

    def _int4(self, expression: str) -> str:
        # Sums of int4 are bigint; sums of bigint would be numeric, twice as slow.
        return expression if self.sqlite else f"CAST({expression} AS int)"
