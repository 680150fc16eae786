"""Lists by cursor: the key of the last row, so that a page costs the same however far down it is."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar, cast

from marshmallow import Schema, fields, validate
from sqlalchemy import ColumnElement, Select, TypeDecorator, literal, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from shared.web.refusals import Malformed

Item = TypeVar("Item")
MAXIMUM = 200
DEFAULT = 50


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a list, and the cursor of the next; None at the end."""

    items: list[Item]
    next_cursor: str | None


class PageArguments(Schema):
    """The query of every list; lists add their filters by inheriting."""

    cursor = fields.String(load_default=None, validate=validate.Length(max=400))
    limit = fields.Integer(load_default=DEFAULT, validate=validate.Range(1, MAXIMUM))


def page_schema(item: type[Schema]) -> type[Schema]:
    """The schema of a page of `item`."""
    name = f"{item.__name__.removesuffix('Schema')}Page"
    page: type[Schema] = type(
        name,
        (Schema,),
        {"items": fields.List(fields.Nested(item), required=True), "next_cursor": fields.String(allow_none=True)},
    )
    return page


def page_of(
    session: Session,
    statement: Select[*tuple[Any, ...]],
    order: Sequence[InstrumentedAttribute[Any] | ColumnElement[Any]],
    *,
    cursor: str | None,
    limit: int,
    descending: bool = False,
    scalars: bool = True,
) -> Page[Any]:
    """The rows of `statement` after `cursor`, in the order of `order` (not null, unique together, one index).

    With `scalars`, items are the statement's first entity and carry the order's attributes; else they are rows,
    which must hold the order's columns. Raises Malformed for a cursor that this list did not make.
    """
    columns: list[ColumnElement[Any]] = [attribute.expression for attribute in order]
    if cursor:
        values = zip(_read(cursor, columns), columns, strict=True)
        after = tuple_(*(literal(value, column.type) for value, column in values))
        statement = statement.where(tuple_(*columns) < after if descending else tuple_(*columns) > after)
    statement = statement.order_by(*(column.desc() if descending else column.asc() for column in columns))
    found = session.execute(statement.limit(limit + 1))
    rows = list(found.scalars()) if scalars else list(found)
    more, rows = len(rows) > limit, rows[:limit]
    last = [getattr(rows[-1], str(attribute.key)) for attribute in order] if more else None
    return Page(rows, _write(last) if last is not None else None)


def _write(values: Sequence[Any]) -> str:
    plain = [value.isoformat() if isinstance(value, date | datetime) else value for value in values]
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _read(cursor: str, columns: Sequence[ColumnElement[Any]]) -> list[Any]:
    """The values of a cursor, each of its column's type; nothing else gets into a statement."""
    try:
        plain = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))
        if not isinstance(plain, list) or len(plain) != len(columns):
            raise ValueError("another list's cursor")
        return [_typed(value, _kind(column)) for value, column in zip(plain, columns, strict=True)]
    except (ValueError, TypeError, UnicodeError, binascii.Error, RecursionError) as error:
        raise Malformed("翻页的位置不对，请从第一页重新打开这张列表。") from error


def _kind(column: ColumnElement[Any]) -> type:
    kind: Any = column.type
    return cast(type, kind.impl_instance.python_type if isinstance(kind, TypeDecorator) else kind.python_type)


def _typed(value: Any, kind: type) -> Any:
    if kind is datetime:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError("a naive instant")
        return moment
    if kind is date:
        return date.fromisoformat(value)
    if kind is int and isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63:
        return value
    if issubclass(kind, str) and isinstance(value, str):
        return kind(value)
    raise ValueError(f"not a {kind.__name__}")
