"""Golden files: one for each version of each message, holding its schema and a body that must stay readable.

A new message or version gets its file from `python -m tests.contracts.messaging.golden`; a file that exists is never
written again: a schema that changes needs a new version.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from marshmallow import Schema, fields, missing, validate

from shared.amounts import Hundredths
from shared.messages.base import Message
from shared.messages.catalogue import all_messages

FOLDER = Path(__file__).parent.parent / "golden"
Field = fields.Field[Any]


def versions() -> list[tuple[str, int]]:
    """Name and version of everything that some receiver reads."""
    return sorted((name, version) for name, message in all_messages().items() for version in message.accepts)


def golden_path(name: str, version: int) -> Path:
    return FOLDER / f"{name}.v{version}.json"


def describe(message: type[Message], version: int) -> dict[str, Any]:
    """The schema of a version, as plain values: types, what is required, and the limits."""
    return _describe_schema(message.accepts[version])


def example(message: type[Message], version: int) -> dict[str, Any]:
    """A body that fits the schema of a version."""
    return _example_of(message.accepts[version])


def _describe_schema(schema: Schema) -> dict[str, Any]:
    return {name: _describe_field(field) for name, field in sorted(schema.fields.items())}


def _describe_field(field: Field) -> dict[str, Any]:
    told: dict[str, Any] = {"type": type(field).__name__, "required": field.required, "allow_none": field.allow_none}
    if getattr(field, "strict", False):
        told["strict"] = True
    if field.load_default is not missing:
        told["load_default"] = repr(field.load_default)
    if field.validators:
        told["limits"] = [_describe_limit(limit) for limit in field.validators]
    if isinstance(field, fields.List):
        told["of"] = _describe_field(field.inner)
    if isinstance(field, fields.Nested):
        told["of"] = _describe_schema(field.schema)
    return told


def _describe_limit(limit: Any) -> str:
    return repr(limit) if isinstance(limit, validate.Validator) else getattr(limit, "__name__", type(limit).__name__)


def _example_of(schema: Schema) -> dict[str, Any]:
    return {name: _example_value(field) for name, field in sorted(schema.fields.items())}


def _example_value(field: Field) -> Any:
    """The first of these kinds that the field is; Hundredths and dates are strings on the way."""
    for limit in field.validators:
        if isinstance(limit, validate.OneOf):
            return next(iter(limit.choices))
    if isinstance(field, fields.List):
        return [_example_value(field.inner)]
    if isinstance(field, fields.Nested):
        one = _example_of(field.schema)
        return [one] if field.many else one
    kinds: list[tuple[type[Field], Any]] = [
        (Hundredths, "12.50"),
        (fields.Boolean, False),
        (fields.Integer, 17),
        (fields.DateTime, "2026-10-05T01:30:00+00:00"),
        (fields.Date, "2026-10-05"),
        (fields.Dict, {}),
        (fields.String, "示例"),
    ]
    for kind, value in kinds:
        if isinstance(field, kind):
            return value
    raise TypeError(f"no example for a {type(field).__name__}: add its kind here")


def main() -> int:
    """Write the files that are missing."""
    for name, version in versions():
        path = golden_path(name, version)
        if not path.exists():
            message = all_messages()[name]
            content = {"schema": describe(message, version), "body": example(message, version)}
            path.write_text(json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True) + "\n", encoding="utf-8")
            sys.stdout.write(f"{path.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
