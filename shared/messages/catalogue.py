"""All messages there are: for the scheduler, for tests, and for whoever documents them."""

from __future__ import annotations

import importlib
import pkgutil

import shared.messages
from shared.messages.base import MESSAGES, Message


def all_messages() -> dict[str, type[Message]]:
    """Every message of `shared.messages` by name, whichever of its modules this process had imported before."""
    for module in pkgutil.iter_modules(shared.messages.__path__, "shared.messages."):
        importlib.import_module(module.name)
    return {name: message for name, message in MESSAGES.items() if message.__module__.startswith("shared.messages.")}
