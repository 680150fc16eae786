"""Which release this code is: the services say it, so that an update that stopped half-way can be seen."""

from __future__ import annotations

RELEASE = "0.1.0"
