"""Every message finds its handler in the worker of the service that it is sent to."""

from __future__ import annotations

import importlib

from shared.messages.catalogue import all_messages
from shared.messaging import tasks, tasks_of
from shared.messaging.handlers import HANDLERS
from shared.topology import Service

GENERIC = tasks.__name__


def import_tasks() -> dict[str, str]:
    """The module of each handler, by message."""
    for service in Service:
        for module in tasks_of(f"services.{service}"):
            importlib.import_module(module)
    return {name: handler.__module__ for name, handler in HANDLERS.items()}


def test_every_message_has_a_handler() -> None:
    assert set(all_messages()) - set(import_tasks()) == set()


def test_a_handler_lies_in_the_service_that_receives_its_message() -> None:
    homes = import_tasks()
    for name, message in all_messages().items():
        home = homes.get(name, GENERIC)
        assert home == GENERIC or home.startswith(f"services.{message.queue.service}."), name
