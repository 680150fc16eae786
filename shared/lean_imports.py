"""Imports a library before anything else does, and without what it takes along wherever that is installed."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from typing import Any


def import_without(library: str, companion: str) -> None:
    """Import `library` as if `companion` were not installed; nothing happens where either was imported before.

    Nor where `library` is not installed: the containers' commands run by the machine's Python, with nothing of ours.
    """
    modules: dict[str, Any] = sys.modules
    if library in modules or companion in modules or importlib.util.find_spec(library) is None:
        return
    # None: "there is no such module", for as long as this import takes.
    modules[companion] = None
    try:
        importlib.import_module(library)
    finally:
        del modules[companion]
