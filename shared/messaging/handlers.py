"""Which function handles which message. A topic's `tasks.py` registers its own with `@receives`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from shared.messages.base import Message

MessageT = TypeVar("MessageT", bound=Message)
Handler = Callable[[Session, MessageT], None]

HANDLERS: dict[str, Handler[Any]] = {}


def receives(message: type[MessageT]) -> Callable[[Handler[MessageT]], Handler[MessageT]]:
    """Register the decorated function as the handler of `message`.

    It gets a session of the receiver's database and the parsed message, and neither commits nor catches: the
    transaction that does the work also holds the message's id, so that a second delivery does nothing.
    """

    def register(handler: Handler[MessageT]) -> Handler[MessageT]:
        known = HANDLERS.get(message.name)
        if known is not None and (known.__module__, known.__qualname__) != (handler.__module__, handler.__qualname__):
            raise ValueError(f"{message.name} has two handlers: {known.__qualname__} and {handler.__qualname__}")
        HANDLERS[message.name] = handler
        return handler

    return register


def tasks_of(package: str) -> tuple[str, ...]:
    """The `tasks` modules of a service's topics: `services.points` → `services.points.events.tasks`, …"""
    paths = importlib.import_module(package).__path__
    topics = sorted(info.name for info in pkgutil.iter_modules(paths) if info.ispkg)
    modules = (f"{package}.{topic}.tasks" for topic in topics)
    return tuple(module for module in modules if find_spec(module) is not None)
