"""Work that points sends to itself: shards, imports, proofs, and what the schedule brings. Rows hold the state."""

from __future__ import annotations

from dataclasses import dataclass

from marshmallow import Schema, fields

from shared.messages.base import Message, message_class
from shared.topology import Queue


class _NothingV1(Schema):
    """A message that says all by its name."""


class _ShardV1(Schema):
    shard_id = fields.Integer(required=True, strict=True)


class _ImportV1(Schema):
    import_id = fields.Integer(required=True, strict=True)


class _VerificationV1(Schema):
    verification_id = fields.Integer(required=True, strict=True)


class _VillageV1(Schema):
    village_id = fields.Integer(required=True, strict=True)


class _ExpiryV1(Schema):
    village_id = fields.Integer(required=True, strict=True)
    month = fields.Integer(required=True, strict=True)


@message_class(name="points.recalculate_shard", queue=Queue.POINTS_BULK, version=1, accepts={1: _ShardV1()})
@dataclass(frozen=True, slots=True)
class RecalculateShard(Message):
    """Score one village of a run. The shard's row says whether there is still something to do."""

    shard_id: int


@message_class(name="points.sweep_shards", queue=Queue.POINTS, version=1, accepts={1: _NothingV1()})
@dataclass(frozen=True, slots=True)
class SweepShards(Message):
    """Send shards again whose lease has lapsed, park those that failed too often, send what waits."""


@message_class(name="points.read_import", queue=Queue.POINTS_BULK, version=1, accepts={1: _ImportV1()})
@dataclass(frozen=True, slots=True)
class ReadImport(Message):
    """Read and check an uploaded workbook of events; declare its rows unless it is a dry run."""

    import_id: int


@message_class(name="points.release_import", queue=Queue.POINTS_BULK, version=1, accepts={1: _ImportV1()})
@dataclass(frozen=True, slots=True)
class ReleaseImport(Message):
    """Post the rows of an import that a second person has released."""

    import_id: int


@message_class(name="points.run_verification", queue=Queue.POINTS_BULK, version=1, accepts={1: _VerificationV1()})
@dataclass(frozen=True, slots=True)
class RunVerification(Message):
    """Prove balances and chains of the villages that the verification's row names."""

    verification_id: int


@message_class(name="points.lapse_redemptions", queue=Queue.POINTS, version=1, accepts={1: _NothingV1()})
@dataclass(frozen=True, slots=True)
class LapseRedemptions(Message):
    """Release what was reserved and not fetched in time: points and goods go back, village by village."""


@message_class(name="points.lapse_village", queue=Queue.POINTS, version=1, accepts={1: _VillageV1()})
@dataclass(frozen=True, slots=True)
class LapseVillage(Message):
    """Release what was reserved and not fetched in time in one village."""

    village_id: int


@message_class(name="points.forget_previews", queue=Queue.POINTS_BULK, version=1, accepts={1: _NothingV1()})
@dataclass(frozen=True, slots=True)
class ForgetPreviews(Message):
    """Delete the differences of previews that are older than they are kept."""


@message_class(name="points.open_quarters", queue=Queue.POINTS_BULK, version=1, accepts={1: _NothingV1()})
@dataclass(frozen=True, slots=True)
class OpenQuarters(Message):
    """Open the running quarter in every village that has a rulebook in force."""


@message_class(name="points.expire_points", queue=Queue.POINTS_BULK, version=1, accepts={1: _NothingV1()})
@dataclass(frozen=True, slots=True)
class ExpirePoints(Message):
    """Let the points of the month that is over go, village by village, and announce those of the running one."""


@message_class(name="points.expire_village", queue=Queue.POINTS_BULK, version=1, accepts={1: _ExpiryV1()})
@dataclass(frozen=True, slots=True)
class ExpireVillage(Message):
    """Book what expired in a village at the end of `month` (year × 12 + month − 1)."""

    village_id: int
    month: int
