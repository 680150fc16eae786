"""Why a backup, a restore or a move can't be done, in one sentence for the person at the terminal."""

from __future__ import annotations


class CannotDo(Exception):
    """Raised with one sentence that says what is wrong and what to do; nothing was changed."""
