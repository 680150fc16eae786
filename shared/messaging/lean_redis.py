"""Imports redis-py before anything else does, and without telemetry.

redis-py imports OpenTelemetry wherever it is installed, to count for whoever asks it to: nobody does here, and it would
cost every process 2.6 MB. Where traces are wanted, `shared.tracing` imports what it needs itself.
"""

from shared.lean_imports import import_without

import_without("redis", "opentelemetry")
