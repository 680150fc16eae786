"""Why there is no certificate, in one sentence for the person at the terminal."""

from __future__ import annotations


class Refused(Exception):
    """Raised with one sentence, Chinese first, that says what is wrong and how to mend it."""
