"""What all services share: few, small, deep modules, and the models and messages. Imports no service."""

from shared.lean_imports import import_without

# Its coloured tracebacks for a developer's terminal; ours are written by `shared.logging`. 3 MB in each process.
import_without("structlog", "rich")
