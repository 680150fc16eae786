"""Transfers 转户 between accounts: a pair of entries that sums to zero (merge of households, death, move)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.points.ledger.plain_entries import PlainEntry, post_plain_entries
from services.points.ledger.postings import Posted
from services.points.ledger.village import lock_ledger, prepare_village
from shared.amounts import format_hundredths
from shared.errors import Conflict, Invalid
from shared.models.points import Account, EntryKind


@dataclass(frozen=True, slots=True)
class AccountPlace:
    """An account: a household in a village. Who moves to another village has another account there."""

    village_id: int
    household_id: int


def transfer_points(
    session: Session,
    *,
    giver: AccountPlace,
    receiver: AccountPlace,
    amount: int,
    quarter: int,
    made_by: str,
    reason: str,
) -> list[Posted]:
    """Move `amount` hundredths (a debt where it is negative) to another account, in this village or another.

    The postings: one where both are of one village, else one in each. Events stay with the account that earned them: a
    later void or recalculation corrects that account. Raises Conflict where the giver does not have so many, or holds
    them for goods; Invalid for an account and itself.
    """
    if giver == receiver:
        raise Invalid("转出和转入是同一户，请核对。")
    villages = sorted({giver.village_id, receiver.village_id})
    for village_id in villages:
        prepare_village(session, village_id)
    # Whoever writes in two villages holds the lower one first.
    ends = {village_id: lock_ledger(session, village_id) for village_id in villages}
    _require_available(session, giver, amount)
    entries: dict[int, list[PlainEntry]] = {village_id: [] for village_id in villages}
    entries[giver.village_id].append(PlainEntry(giver.household_id, -amount))
    entries[receiver.village_id].append(PlainEntry(receiver.household_id, amount))
    posted = [
        post_plain_entries(
            session,
            ends[village_id],
            entries[village_id],
            kind=EntryKind.TRANSFER,
            quarter=quarter,
            made_by=made_by,
            reason=reason,
        )
        for village_id in villages
    ]
    return [posting for posting in posted if posting is not None]


def _require_available(session: Session, giver: AccountPlace, amount: int) -> None:
    if amount <= 0:
        return
    free = session.scalar(
        select(Account.balance - Account.reserved)
        .where(Account.village_id == giver.village_id, Account.household_id == giver.household_id)
        .with_for_update()
    )
    if (free or 0) < amount:
        raise Conflict(
            f"转出的户可用 {format_hundredths(free or 0)} 分，不够转 {format_hundredths(amount)} 分。"
            "有待领取的商品时，请先领取或取消。"
        )
