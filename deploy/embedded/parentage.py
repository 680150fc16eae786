"""A child process that dies with its parent: a launcher killed with -9 leaves no worker and no server behind."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def die_with_parent(death_signal: int = signal.SIGTERM) -> Callable[[], None]:
    """A `preexec_fn`: Linux sends `death_signal` to the child when the thread that started it ends.

    Elsewhere it does nothing; there the launcher's own end is what stops its children.
    """
    if not sys.platform.startswith("linux"):
        return _nothing
    # Loaded before the fork: the child must do as little as possible before it becomes the other program.
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def arrange() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != parent:
            # The parent ended between fork and prctl: nobody would ever send the signal.
            os._exit(1)

    return arrange


def end_when_parent_ends(death_signal: int = signal.SIGTERM) -> None:
    """The same for this process itself: the program that started it should not outlive it unnoticed."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, death_signal)


def _nothing() -> None:
    return None
