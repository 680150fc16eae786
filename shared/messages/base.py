"""What a message is: a frozen dataclass with a name that stays, a version in the body, and a marshmallow schema."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import ClassVar, Self, TypeVar

from marshmallow import Schema, ValidationError

from shared.topology import Queue


class UnreadableMessage(Exception):
    """Raised for a body that no version this receiver knows can read; it becomes a dead letter."""


@dataclass(frozen=True, slots=True)
class Message:
    """Base of all messages. Subclasses are registered with `@message_class`.

    `accepts` maps each readable version to the schema of its body; the class's own `version` is written.
    A receiver of release n reads versions n and n − 1.
    """

    name: ClassVar[str]
    queue: ClassVar[Queue]
    version: ClassVar[int]
    accepts: ClassVar[dict[int, Schema]]

    def dump(self) -> str:
        """The body as JSON with sorted keys, in the version of this class."""
        body = self.accepts[self.version].dump(asdict(self))
        return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @classmethod
    def load(cls, version: int, body: str) -> Self:
        """Read a body. Raises UnreadableMessage with the fields that are wrong."""
        schema = cls.accepts.get(version)
        if schema is None:
            raise UnreadableMessage(f"{cls.name}: version {version} is not one of {sorted(cls.accepts)}")
        try:
            values = schema.loads(body)
        except (ValidationError, ValueError) as error:
            raise UnreadableMessage(f"{cls.name}: {error}") from error
        known = {field.name for field in fields(cls)}
        return cls(**{key: value for key, value in values.items() if key in known})


MESSAGES: dict[str, type[Message]] = {}
MessageType = TypeVar("MessageType", bound=type[Message])


def message_class(
    *, name: str, queue: Queue, version: int, accepts: dict[int, Schema]
) -> Callable[[MessageType], MessageType]:
    """Register a message dataclass under `name` (`receiver.verb_noun`), which is also its Celery task's name."""

    def register(cls: MessageType) -> MessageType:
        if name in MESSAGES:
            raise ValueError(f"two messages are named {name}")
        cls.name, cls.queue, cls.version, cls.accepts = name, queue, version, accepts
        MESSAGES[name] = cls
        return cls

    return register
