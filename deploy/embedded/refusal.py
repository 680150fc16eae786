"""Why an embedded system can't start, in one sentence for the person at the terminal."""

from __future__ import annotations


class CannotStart(Exception):
    """Raised with one sentence, Chinese first, that says what is wrong and what to do."""
