"""Which function handles which message. A topic's `tasks.py` registers its own with `@receives`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, TypeVar, overload

from sqlalchemy.orm import Session

from shared.database import Database
from shared.messages.base import Message

MessageT = TypeVar("MessageT", bound=Message)
Prepared = TypeVar("Prepared")
Handler = Callable[[Session, MessageT], None]
PreparedHandler = Callable[[Session, MessageT, Prepared], None]
Preparation = Callable[[Database, MessageT], Prepared]
GivingUp = Callable[[Session, MessageT], None]

HANDLERS: dict[str, Callable[..., None]] = {}
PREPARATIONS: dict[str, Preparation[Any, Any]] = {}
GIVING_UP: dict[str, GivingUp[Any]] = {}


@overload
def receives(
    message: type[MessageT], *, give_up: GivingUp[MessageT] | None = None
) -> Callable[[Handler[MessageT]], Handler[MessageT]]: ...


@overload
def receives(
    message: type[MessageT],
    *,
    prepare: Preparation[MessageT, Prepared],
    give_up: GivingUp[MessageT] | None = None,
) -> Callable[[PreparedHandler[MessageT, Prepared]], PreparedHandler[MessageT, Prepared]]: ...


def receives(
    message: type[Any],
    *,
    prepare: Preparation[Any, Any] | None = None,
    give_up: GivingUp[Any] | None = None,
) -> Callable[..., Any]:
    """Register the decorated function as the handler of `message`.

    It gets a session of the receiver's database and the parsed message, and neither commits nor catches: the
    transaction that does the work also holds the message's id, so that a second delivery does nothing.

    `prepare(database, message)` does what takes long before that transaction, which on SQLite would keep everybody
    else from writing; the handler gets its result as a third argument. It may be begun again at any time, by another
    worker too, so it changes nothing but how far it says to be, in short transactions of its own.

    `give_up(session, message)` is called in the transaction that makes a dead letter of the message: what people see
    of its work says then that it failed, instead of being under way for ever.
    """

    def register(handler: Callable[..., None]) -> Callable[..., None]:
        known = HANDLERS.get(message.name)
        if known is not None and (known.__module__, known.__qualname__) != (handler.__module__, handler.__qualname__):
            raise ValueError(f"{message.name} has two handlers: {known.__qualname__} and {handler.__qualname__}")
        HANDLERS[message.name] = handler
        if prepare is not None:
            PREPARATIONS[message.name] = prepare
        if give_up is not None:
            GIVING_UP[message.name] = give_up
        return handler

    return register


def tasks_of(package: str) -> tuple[str, ...]:
    """The `tasks` modules of a service's topics: `services.points` → `services.points.events.tasks`, …"""
    paths = importlib.import_module(package).__path__
    topics = sorted(info.name for info in pkgutil.iter_modules(paths) if info.ispkg)
    modules = (f"{package}.{topic}.tasks" for topic in topics)
    return tuple(module for module in modules if find_spec(module) is not None)
