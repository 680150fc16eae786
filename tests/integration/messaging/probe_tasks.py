"""Handlers of the test messages: well-behaved ones, and ones that fail in every way that a handler can."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from shared import audit
from shared.identity.principal import system
from shared.messaging import outbox, receives
from tests.integration.messaging.probe_messages import Probe, ProbeEcho


@receives(Probe)
def handle_probe(session: Session, message: Probe) -> None:
    if message.path:
        with Path(message.path).open("a", encoding="ascii") as starts:
            starts.write(f"{os.getpid()}\n")
    for _ in range(message.times):
        audit.record(session, system(1, "points.probe"), "probe", "probe", message.key)
    session.flush()
    if message.deed == "fail":
        raise RuntimeError("this probe always fails")
    if message.deed == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if message.deed == "die_once" and len(Path(message.path).read_text().splitlines()) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    if message.deed == "fail_once" and len(Path(message.path).read_text().splitlines()) == 1:
        raise RuntimeError("this probe fails the first time")
    if message.deed == "hold":
        _wait_for(Path(message.path + ".go"))
    if message.deed == "lose_connection" and len(Path(message.path).read_text().splitlines()) == 1:
        session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    if message.deed == "echo":
        outbox.send(session, ProbeEcho(message.key))


@receives(ProbeEcho)
def handle_echo(session: Session, message: ProbeEcho) -> None:
    audit.record(session, system(1, "intake.probe_echo"), "probe", "probe", message.key)


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"nobody made {path}")
        time.sleep(0.01)
