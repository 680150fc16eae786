"""Which duties of the registry hold on a day."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, and_, or_

from shared.models.registry import Duty


def holds(on: date) -> ColumnElement[bool]:
    """The condition on `Duty` that it is valid on this day; its last day counts."""
    return and_(Duty.valid_from <= on, or_(Duty.valid_to.is_(None), Duty.valid_to >= on))
