"""Imports redis-py before anything else does, and without telemetry.

redis-py imports OpenTelemetry wherever it is installed, to count for whoever asks it to: nobody does here, and it would
cost every process 2.6 MB. Where traces are wanted, `shared.tracing` imports what it needs itself.
"""

from __future__ import annotations

import sys
from typing import Any

_NAME = "opentelemetry"


def _import_redis() -> None:
    modules: dict[str, Any] = sys.modules
    if "redis" in modules or _NAME in modules:
        return
    # None: "there is no such module", for as long as this import takes.
    modules[_NAME] = None
    try:
        import redis  # noqa: F401 - for the order in which things are imported
    finally:
        del modules[_NAME]


_import_redis()
