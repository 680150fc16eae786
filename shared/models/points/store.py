"""The store 积分超市: items, prices, lots, the ledger of stock moves, and redemptions 兑换."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, BigId, enum_column, id_column, now


class LimitPeriod(StrEnum):
    """The period of a limit per household."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class Item(Base):
    """Goods of a village's store. Stock is in whole units; the columns follow from the moves."""

    __tablename__ = "points_item"
    __table_args__ = (
        UniqueConstraint("village_id", "code"),
        CheckConstraint("reserved >= 0", name="reserved_is_not_negative"),
        CheckConstraint("on_hand >= reserved", name="reserved_lies_on_the_shelf"),
        CheckConstraint("(limit_quantity IS NULL) = (limit_period IS NULL)", name="limits_have_a_period"),
        CheckConstraint("limit_quantity IS NULL OR limit_quantity > 0", name="limit_is_positive"),
    )

    id: Mapped[int] = id_column()
    village_id: Mapped[int] = mapped_column(ForeignKey("registry_village.id"))
    code: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(60))
    unit: Mapped[str] = mapped_column(String(10))
    photo: Mapped[str | None] = mapped_column(String(64))
    # Market price in fen: the township's liability in yuan.
    cost_fen: Mapped[int | None] = mapped_column(Integer)
    limit_quantity: Mapped[int | None] = mapped_column(Integer)
    limit_period: Mapped[LimitPeriod | None] = enum_column(LimitPeriod, "limit_period_known")
    on_offer: Mapped[bool] = mapped_column(default=True)
    on_hand: Mapped[int] = mapped_column(Integer, default=0)
    reserved: Mapped[int] = mapped_column(Integer, default=0)
    position: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)


class OpeningDay(Base):
    """A weekday 营业日 on which a village's store is open, 1 for Monday to 7. None at all: the village has not said."""

    __tablename__ = "points_opening_day"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 1 AND 7", name="weekday_of_a_week"),
        {"sqlite_with_rowid": False},
    )

    village_id: Mapped[int] = mapped_column(ForeignKey("registry_village.id"), primary_key=True)
    weekday: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class Price(Base):
    """What one unit costs from a day on, in hundredths of a point."""

    __tablename__ = "points_price"
    __table_args__ = (CheckConstraint("points > 0", name="price_is_positive"),)

    item_id: Mapped[int] = mapped_column(ForeignKey("points_item.id", ondelete="CASCADE"), primary_key=True)
    effective_from: Mapped[date] = mapped_column(primary_key=True)
    points: Mapped[int] = mapped_column(Integer)


class LotSource(StrEnum):
    """Where goods came from."""

    PURCHASE = "purchase"
    """采购."""
    DONATION = "donation"
    """捐赠."""
    ALLOCATION = "allocation"
    """调拨."""


class Lot(Base):
    """A delivery 批次 of goods, with its source and its expiry date."""

    __tablename__ = "points_lot"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity_is_positive"),)

    id: Mapped[int] = id_column()
    item_id: Mapped[int] = mapped_column(ForeignKey("points_item.id"), index=True)
    source: Mapped[LotSource] = enum_column(LotSource, "source_known")
    donor: Mapped[str] = mapped_column(String(60), default="")
    received_on: Mapped[date]
    expires_on: Mapped[date | None]
    quantity: Mapped[int] = mapped_column(Integer)
    unit_cost_fen: Mapped[int | None] = mapped_column(Integer)


class MoveKind(StrEnum):
    """Why stock moved."""

    IN = "in"
    """入库."""
    RESERVE = "reserve"
    """预留."""
    RELEASE = "release"
    """释放预留."""
    OUT = "out"
    """领取出库."""
    RETURN = "return"
    """退回."""
    DAMAGE = "damage"
    """损耗."""
    EXPIRY = "expiry"
    """过期."""
    COUNT = "count"
    """盘点更正."""


class StockMove(Base):
    """One change of an item's stock: `on_hand` and `reserved` are the signed changes. Never updated."""

    __tablename__ = "points_stock_move"
    __table_args__ = (
        CheckConstraint("on_hand <> 0 OR reserved <> 0", name="moves_something"),
        CheckConstraint("kind NOT IN ('damage', 'expiry', 'count') OR reason <> ''", name="losses_say_why"),
        Index("ix_points_stock_move_item_id_id", "item_id", "id"),
    )

    id: Mapped[int] = id_column()
    item_id: Mapped[int] = mapped_column(ForeignKey("points_item.id"))
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("points_lot.id"))
    redemption_id: Mapped[int | None] = mapped_column(ForeignKey("points_redemption.id"), index=True)
    kind: Mapped[MoveKind] = enum_column(MoveKind, "kind_known")
    on_hand: Mapped[int] = mapped_column(Integer, default=0)
    reserved: Mapped[int] = mapped_column(Integer, default=0)
    reason: Mapped[str] = mapped_column(String(200), default="")
    made_by: Mapped[str] = mapped_column(String(80))
    # Null where no person did it: what was not fetched lapses by itself.
    person_id: Mapped[int | None] = mapped_column(BigId)
    made_at: Mapped[datetime] = mapped_column(default=now)


class RedemptionState(StrEnum):
    """A reservation is a promise; fulfilment books it."""

    RESERVED = "reserved"
    """待领取."""
    FULFILLED = "fulfilled"
    """已领取."""
    CANCELLED = "cancelled"
    """已取消."""
    EXPIRED = "expired"
    """逾期未领."""
    REFUNDED = "refunded"
    """已退货."""


_RESERVED = text("state = 'reserved'")


class Redemption(Base):
    """Points for goods. `points` is the whole price in hundredths, held until it is fulfilled or released."""

    __tablename__ = "points_redemption"
    __table_args__ = (
        UniqueConstraint("village_id", "key"),
        CheckConstraint("quantity > 0", name="quantity_is_positive"),
        CheckConstraint("points > 0", name="price_is_positive"),
        CheckConstraint("length(code) = 8", name="code_has_eight_characters"),
        CheckConstraint(
            "(state IN ('fulfilled', 'refunded')) = (posting_id IS NOT NULL)", name="fulfilled_ones_are_booked"
        ),
        Index("ix_points_redemption_household_id_id", "household_id", "id"),
        Index("ix_points_redemption_village_id_id", "village_id", "id"),
        Index("ix_points_redemption_waiting", "expires_at", postgresql_where=_RESERVED, sqlite_where=_RESERVED),
    )

    id: Mapped[int] = id_column()
    village_id: Mapped[int] = mapped_column(ForeignKey("registry_village.id"))
    household_id: Mapped[int] = mapped_column(ForeignKey("registry_household.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("points_item.id"))
    # What the client calls it, so that a repeated request is the same redemption.
    key: Mapped[str] = mapped_column(String(64))
    code: Mapped[str] = mapped_column(String(8), unique=True)
    quantity: Mapped[int] = mapped_column(Integer)
    points: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[RedemptionState] = enum_column(RedemptionState, "state_known", default=RedemptionState.RESERVED)
    reserved_by: Mapped[str] = mapped_column(String(80))
    reserved_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    ended_by: Mapped[str | None] = mapped_column(String(80))
    ended_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(200), default="")
    # 代领: who fetched it for the household.
    fetched_by: Mapped[str] = mapped_column(String(60), default="")
    posting_id: Mapped[int | None] = mapped_column(ForeignKey("points_posting.id"))
    refund_posting_id: Mapped[int | None] = mapped_column(ForeignKey("points_posting.id"))
    person_id: Mapped[int | None] = mapped_column(BigId)
    version: Mapped[int] = mapped_column(default=1)
