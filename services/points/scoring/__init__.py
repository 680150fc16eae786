"""Scoring 计分: one set-based implementation for a new event, an import of 100,000 and a recalculation's shard.

How callers use it (amounts in hundredths, quarters as numbers, rules by `RuleCode.id`, rulebooks by `Rulebook.id`):

- `scope_of_events(session, village_id, changed, households=…)` → `Scope` of what new or voided events can touch
  (`changed`: pairs of rule id and quarter).
- `scope_of_moves(session, village_id, moves, full=False)` → `Scope` of what moving quarters to other revisions can
  touch: the codes that differ, derived. `moves` maps quarter → rulebook id, drafts included.
- `everything(session, village_id, quarters=None)` → `Scope` of all rules of these (default all) quarters.
- `score_and_post(session, village_id, *, scope, kind, made_by, recalculation_id=None, reason=None)` → `Outcome`:
  locks the village's ledger row, scores the scope under the revisions of the quarter rows, posts one entry per event
  whose ledger sum differs (nothing where none does), and updates the accounts in its last statement.
- `recalculate(session, lock_village(session, village_id), moves, *, full, made_by, recalculation_id)` → `Outcome`: a
  shard's whole work: derive the scope, move the quarters, score and post.
- `differences(session, village_id, *, scope, rulebooks=None)` → rows of what would change; `rulebooks` overrides the
  revision of quarters (a preview); `count_scored(…)` beside it. Writes nothing.
- `store_differences(session, village_id, recalculation_id, *, scope, rulebooks)` → `Outcome`: the same, kept as
  `Difference` rows by one statement.

None commits. The village's quarter rows must exist (`services.points.scoring.quarters.ensure_quarter`).
"""

from services.points.scoring.differences import (
    ScoredDifference,
    count_scored,
    differences,
    store_differences,
)
from services.points.scoring.outcome import Outcome
from services.points.scoring.posting import recalculate, score_and_post
from services.points.scoring.quarters import LockedVillage, lock_village
from services.points.scoring.scope import Scope, everything, scope_of_events, scope_of_moves

__all__ = [
    "LockedVillage",
    "Outcome",
    "Scope",
    "ScoredDifference",
    "count_scored",
    "differences",
    "everything",
    "lock_village",
    "recalculate",
    "scope_of_events",
    "scope_of_moves",
    "score_and_post",
    "store_differences",
]
