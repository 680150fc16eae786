"""Found by Python at the start of a process whose PYTHONPATH begins here: its clock goes wrong by some seconds.

Nothing of the system knows of this; the process itself believes its clock.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import time_machine

time_machine.travel(
    datetime.now(UTC) + timedelta(seconds=float(os.environ.get("DRILL_CLOCK_OFFSET_SECONDS", "0"))), tick=True
).start()
