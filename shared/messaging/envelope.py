"""What travels: a message's body with its id, version, queue and request id, as plain JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from shared.messages.base import UnreadableMessage
from shared.topology import Queue

_TEXT_FIELDS = ("id", "name", "queue", "body")


@dataclass(frozen=True, slots=True)
class Envelope:
    """One copy of a message on its way. `body` is the JSON text that the message class of `name` reads."""

    id: str
    name: str
    version: int
    queue: Queue
    body: str
    request_id: str = ""
    copy: int = 1
    """1 for the first sending; a later copy may follow a start that nobody counted."""

    def as_json(self) -> dict[str, Any]:
        """The envelope as a JSON object."""
        return {name: getattr(self, name) for name in self.__slots__}

    def dump(self) -> str:
        """The envelope as JSON text."""
        return json.dumps(self.as_json(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def as_copy(self, number: int) -> Envelope:
        """The same message, sent for the `number`th time."""
        return replace(self, copy=number)

    @classmethod
    def load(cls, raw: object) -> Envelope:
        """Read what came from the broker. Raises UnreadableMessage when it is no envelope."""
        if not isinstance(raw, dict):
            raise UnreadableMessage(f"the envelope is {type(raw).__name__}, not an object")
        for name in _TEXT_FIELDS:
            if not isinstance(raw.get(name), str) or not raw[name]:
                raise UnreadableMessage(f"the envelope's {name} is missing or no text")
        version, copy = raw.get("version"), raw.get("copy", 1)
        if type(version) is not int or type(copy) is not int:
            raise UnreadableMessage("the envelope's version or copy is no whole number")
        try:
            queue = Queue(raw["queue"])
        except ValueError as error:
            raise UnreadableMessage(f"the envelope's queue {raw['queue']!r} does not exist") from error
        request_id = raw.get("request_id") or ""
        return cls(raw["id"], raw["name"], version, queue, raw["body"], str(request_id), copy)
