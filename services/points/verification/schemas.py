"""Schemas of verifications."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from shared.models.points import VerificationState


class VerificationOrderSchema(Schema):
    """Which village to prove; none: all that one answers for."""

    village = fields.String(load_default=None, allow_none=True, validate=validate.Length(equal=12))


class CheckSchema(Schema):
    """One check: its sentence, the rows it covered, the time it took."""

    name = fields.String()
    passed = fields.Boolean()
    sentence = fields.String()
    rows_covered = fields.Integer()
    milliseconds = fields.Integer()


class CheckedVillageSchema(Schema):
    """A village's checks."""

    village = fields.String()
    name = fields.String()
    passed = fields.Boolean()
    checks = fields.List(fields.Nested(CheckSchema))


class VerificationLineSchema(Schema):
    """A verification in the list; `village`: its name, null for the whole township."""

    id = fields.String(attribute="Verification.id", required=True)
    village = fields.String(required=True, allow_none=True)
    state = fields.Enum(VerificationState, by_value=True, attribute="Verification.state", required=True)
    done = fields.Integer(attribute="Verification.villages_done", required=True)
    total = fields.Integer(attribute="Verification.villages_total", required=True)
    created_at = fields.AwareDateTime(attribute="Verification.created_at", required=True)
    finished_at = fields.AwareDateTime(attribute="Verification.finished_at", allow_none=True, required=True)
    by = fields.String(required=True, allow_none=True)


class VerificationSchema(Schema):
    """How far a verification is, and what it found."""

    id = fields.String(attribute="verification.id")
    state = fields.Enum(VerificationState, by_value=True, attribute="verification.state")
    done = fields.Integer(attribute="verification.villages_done")
    total = fields.Integer(attribute="verification.villages_total")
    eta_seconds = fields.Method("_eta", allow_none=True)
    created_at = fields.AwareDateTime(attribute="verification.created_at")
    finished_at = fields.AwareDateTime(attribute="verification.finished_at", allow_none=True)
    errors = fields.List(fields.String())
    villages = fields.List(fields.Nested(CheckedVillageSchema))

    def _eta(self, progress: Any) -> int | None:
        """From the time that the checks took so far."""
        done, total = progress.verification.villages_done, progress.verification.villages_total
        if not done or progress.verification.finished_at:
            return None if not done else 0
        spent = sum(check.milliseconds for village in progress.villages for check in village.checks)
        return int(spent / done * (total - done) / 1000)
