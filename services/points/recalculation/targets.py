"""Targets of a run: which revision each quarter of each village moves to, and which villages wait for that."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from services.points.scoring.quarters import QuarterRow, rulebooks_in_force
from shared.errors import Conflict, Forbidden, Invalid, NotFound
from shared.identity import Principal, Role
from shared.models.points import Adoption, RecalculationMode, Rulebook, RulebookState, VillageQuarter
from shared.models.registry import Village
from shared.quarters import say_quarter

# Built once: building a statement costs more than running these.
_CORRECTIONS = select(Adoption.village_id, Adoption.rulebook_id).where(
    Adoption.village_id.in_(bindparam("villages", expanding=True)), Adoption.correction
)
_HELD = select(VillageQuarter.village_id, VillageQuarter.quarter, VillageQuarter.rulebook_id).where(
    VillageQuarter.village_id.in_(bindparam("villages", expanding=True))
)


@dataclass(frozen=True, slots=True)
class WaitingVillage:
    """A village that has adopted a newer revision than its quarters are scored by."""

    village_id: int
    code: str
    name: str
    quarters: tuple[int, ...]
    held_revision: int
    """The oldest revision that one of the quarters is scored by."""
    adopted_revision: int
    correction: bool
    """更正: those who lose are told the reason before it is applied."""
    reason: str
    """The published reason of a correction; empty otherwise."""
    since: datetime
    """When the newest of the adoptions was recorded."""


def villages_of_run(session: Session, actor: Principal, codes: Collection[str] | None) -> dict[int, Village]:
    """The villages of a run by id (default: all of the township that have quarters), in the order of their codes.

    Admins recalculate any village, cadres their own. Raises NotFound for a code that the township has not.
    """
    statement = select(Village).where(Village.township_id == actor.township_id).order_by(Village.code)
    if codes:
        statement = statement.where(Village.code.in_(codes))
    else:
        statement = statement.where(Village.id.in_(select(VillageQuarter.village_id)))
    villages = {village.id: village for village in session.scalars(statement)}
    unknown = sorted(set(codes or ()) - {village.code for village in villages.values()})
    if unknown:
        raise NotFound(f"没有代码为 {'、'.join(unknown)} 的村，请检查村的代码。")
    if not villages:
        raise Conflict("还没有村采用积分细则，没有可以重算的内容。")
    if any(not actor.may_in(village_id, Role.ADMIN) for village_id in villages):
        raise Forbidden("只有乡镇管理员可以重算积分。如需办理，请联系乡镇管理员。")
    return villages


def rulebook_of_run(
    session: Session, actor: Principal, revision: int | None, mode: RecalculationMode
) -> Rulebook | None:
    """The named revision of the township; a draft only for a preview. Raises NotFound, Invalid."""
    if revision is None:
        return None
    rulebook = session.scalar(
        select(Rulebook).where(Rulebook.township_id == actor.township_id, Rulebook.revision == revision)
    )
    if rulebook is None:
        raise NotFound(f"没有第 {revision} 版积分细则。")
    if rulebook.state is RulebookState.DRAFT and mode is RecalculationMode.APPLY:
        raise Invalid(
            "草稿只能预览（试算），发布并由村采用后才能正式重算。", errors={"revision": ["草稿不能正式重算。"]}
        )
    return rulebook


def moves_of_villages(
    session: Session, village_ids: Collection[int], quarters: Collection[int], rulebook: Rulebook | None
) -> dict[int, dict[int, int]]:
    """Village id → quarter → target rulebook, for the quarters that have a row.

    Without `rulebook`: the newest adopted one in force on the quarter's first day; a quarter before any adoption keeps
    the revision that it has.
    """
    rows = session.execute(
        select(VillageQuarter.village_id, VillageQuarter.quarter, VillageQuarter.rulebook_id).where(
            VillageQuarter.village_id.in_(village_ids), VillageQuarter.quarter.in_(quarters)
        )
    ).all()
    in_force = {} if rulebook else rulebooks_in_force(session, list(village_ids), sorted(quarters))
    moves: dict[int, dict[int, int]] = {village_id: {} for village_id in village_ids}
    for village_id, quarter, held in rows:
        target = rulebook.id if rulebook else in_force.get((village_id, quarter), held)
        moves[village_id][quarter] = target
    return moves


def moves_of_village(
    session: Session,
    village_id: int,
    rows: Mapping[int, QuarterRow],
    quarters: Collection[int],
    rulebook_id: int | None,
) -> dict[int, int]:
    """`moves_of_villages` for one village whose quarter rows are known: quarter → target rulebook."""
    known = [quarter for quarter in quarters if quarter in rows]
    if rulebook_id is not None:
        return dict.fromkeys(known, rulebook_id)
    in_force = rulebooks_in_force(session, [village_id], known)
    return {quarter: in_force.get((village_id, quarter), rows[quarter].rulebook_id) for quarter in known}


def require_adopted(
    session: Session, moves: dict[int, dict[int, int]], rulebook: Rulebook, villages: dict[int, Village]
) -> None:
    """Raise Conflict where a village has not adopted the revision that an apply names for one of its quarters."""
    quarters = sorted({quarter for of_village in moves.values() for quarter in of_village})
    in_force = rulebooks_in_force(session, list(moves), quarters)
    for village_id, of_village in moves.items():
        for quarter in of_village:
            if in_force.get((village_id, quarter)) != rulebook.id:
                raise Conflict(
                    f"{villages[village_id].name}在{say_quarter(quarter)}采用的不是第 {rulebook.revision} 版细则，"
                    "不能按这一版重算。请先办理采用，或不指定版本。"
                )


def corrections_among(session: Session, moves: dict[int, dict[int, int]]) -> set[tuple[int, int]]:
    """The (village, quarter) pairs that a 更正 moves: adopted as one, and the quarter still holds another revision."""
    held = {
        (village_id, quarter): rulebook_id
        for village_id, quarter, rulebook_id in session.execute(_HELD, {"villages": list(moves)})
    }
    correcting = {
        (village_id, rulebook_id)
        for village_id, rulebook_id in session.execute(_CORRECTIONS, {"villages": list(moves)})
    }
    return {
        (village_id, quarter)
        for village_id, of_village in moves.items()
        for quarter, target in of_village.items()
        if target != held.get((village_id, quarter)) and (village_id, target) in correcting
    }


def waiting_villages(session: Session, actor: Principal) -> list[WaitingVillage]:
    """Villages of the township whose adopted revision is newer than what a quarter is scored by, in order of code."""
    rows = session.execute(
        select(Village.id, Village.code, Village.name, VillageQuarter.quarter, VillageQuarter.rulebook_id)
        .join(VillageQuarter, VillageQuarter.village_id == Village.id)
        .where(Village.township_id == actor.township_id)
        .order_by(Village.code, VillageQuarter.quarter)
    ).all()
    if not rows:
        return []
    books = select(Rulebook.id, Rulebook.revision).where(Rulebook.township_id == actor.township_id)
    revisions = {book.id: book.revision for book in session.execute(books)}
    villages = {row.id: row for row in rows}
    in_force = rulebooks_in_force(session, list(villages), sorted({row.quarter for row in rows}))
    behind: dict[int, dict[int, tuple[int, int]]] = {}
    for row in rows:
        target = in_force.get((row.id, row.quarter), row.rulebook_id)
        if target != row.rulebook_id:
            behind.setdefault(row.id, {})[row.quarter] = (row.rulebook_id, target)
    moves = {village_id: {q: target for q, (_, target) in found.items()} for village_id, found in behind.items()}
    corrected = {village_id for village_id, _ in corrections_among(session, moves)} if moves else set()
    targets = {target for of_village in moves.values() for target in of_village.values()}
    adoptions: dict[int, list[Adoption]] = {}
    for adoption in session.scalars(
        select(Adoption).where(Adoption.village_id.in_(list(moves)), Adoption.rulebook_id.in_(targets))
    ):
        adoptions.setdefault(adoption.village_id, []).append(adoption)
    return [
        WaitingVillage(
            village_id=village_id,
            code=villages[village_id].code,
            name=villages[village_id].name,
            quarters=tuple(sorted(found)),
            held_revision=min(revisions[held] for held, _ in found.values()),
            adopted_revision=max(revisions[target] for _, target in found.values()),
            correction=village_id in corrected,
            reason=" ".join(each.correction_reason for each in adoptions[village_id] if each.correction_reason),
            since=max(each.adopted_at for each in adoptions[village_id]),
        )
        for village_id, found in behind.items()
    ]
