"""The load: people who redeem, declare and review, report demands, send photos and recalculate, all at once."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from PIL import Image

from shared.calendar import today
from tests.faults.county import CODE, Store
from tests.faults.journal import Journal, Operation, Told
from tests.faults.session import DrillSession, Gone, new_key

RUNS = "/api/points/recalculations"
KINDS = ("redeem", "events", "demands", "runs", "photos")
"""Kinds of clients, whose recovery is timed one by one."""
_CLIENTS = {"redeem": 2, "events": 2, "demands": 1, "runs": 1, "photos": 1}


@dataclass(slots=True)
class Load:
    """All clients. `resting`: make nothing new; `over`: give up what nobody answers."""

    base: str
    stores: list[Store]
    journal: Journal
    seed: int
    resting: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    failed: list[str] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Log everyone in and begin."""
        acts: dict[str, Callable[[Client], None]] = {
            "redeem": redeem,
            "events": post_events,
            "demands": report_demand,
            "runs": recalculate,
            "photos": send_photo,
        }
        clients = []
        for kind, count in _CLIENTS.items():
            for place in range(count):
                client = Client(self, kind, Random(f"{self.seed} {kind} {place}"))
                client.log_in()
                clients.append((client, acts[kind]))
        self._threads = [threading.Thread(target=each.work, args=(act,), name=each.kind) for each, act in clients]
        for thread in self._threads:
            thread.start()

    def end(self, seconds: float) -> None:
        """No new operations; wait for answers to those under way, then give up."""
        self.resting.set()
        for thread in self._threads:
            thread.join(seconds)
        self.over.set()
        for thread in self._threads:
            thread.join()


class Client:
    """One client: an admin who does things, and the other one who reviews them."""

    def __init__(self, load: Load, kind: str, random: Random) -> None:
        self.load, self.kind, self.random = load, kind, random
        self.first = DrillSession(load.base, "admin", load.journal, load.over)
        self.second = DrillSession(load.base, "admin2", load.journal, load.over)

    def log_in(self) -> None:
        self.first.log_in()
        self.second.log_in()

    def work(self, act: Callable[[Client], None]) -> None:
        """Do it again and again until the load rests."""
        while not self.load.resting.is_set():
            try:
                act(self)
            except Gone:
                return
            except Exception as error:
                self.load.failed.append(f"{self.kind}: {error!r}")
                raise

    def operation(self, act: str, subject: str = "", **facts: Any) -> Operation:
        return Operation(self.kind, act, new_key(), subject, facts=facts)

    def store(self) -> Store:
        return self.random.choice(self.load.stores)


def redeem(client: Client) -> None:
    """Reserve; then fetch, cancel, or leave it lying. Now and then for more than anyone has: that is refused."""
    store = client.store()
    household = client.random.choice(store.redeeming)
    quantity = 900 if client.random.random() < 0.05 else 1
    reserve = client.operation("reserve", household=household)
    body = {"household": str(household), "item": str(store.item), "quantity": quantity, "key": reserve.key}
    made = client.first.perform(reserve, "/api/points/redemptions", body)
    if made is None:
        return
    drawn = client.random.random()
    act = "fulfil" if drawn < 0.6 else "cancel" if drawn < 0.9 else None
    if act is not None:
        client.first.perform(client.operation(act, made["id"]), f"/api/points/redemptions/{made['id']}/{act}")


def post_events(client: Client) -> None:
    """Declare one, or four at once; the other admin lets them pass; one in ten is taken back."""
    store = client.store()
    many = client.random.random() < 0.3
    operation = client.operation("batch" if many else "declare")
    rows = [
        {
            "household": str(client.random.choice(store.declaring)),
            "rule": CODE,
            "occurred_on": today().replace(day=1).isoformat(),
            "note": operation.key,
        }
        for _ in range(4 if many else 1)
    ]
    made = client.first.perform(
        operation, "/api/points/events" + ("/batch" if many else ""), {"rows": rows} if many else rows[0]
    )
    if made is None:
        return
    events = [each["id"] for each in made["items"]] if many else [made["id"]]
    operation.facts["events"] = events
    for event in events:
        path = f"/api/points/events/{event}"
        passed = client.second.perform(client.operation("review", event), f"{path}/review", {"verdict": "approve"})
        if passed is not None and client.random.random() < 0.1:
            client.first.perform(client.operation("void", event), f"{path}/void", {"reason": "演练作废"})


def report_demand(client: Client) -> None:
    """A demand, which also tells those who hand demands out: a message through the queues."""
    operation = client.operation("demand")
    body = {
        "village": client.store().village,
        "category": "other",
        "text": f"演练诉求 {operation.key}",
        "reporter_name": "石演练",
        "phone": "16000000000",
    }
    made = client.first.perform(operation, "/api/intake/demands", body)
    if made is not None:
        operation.subject = str(made["number"])
    client.load.resting.wait(0.2)


def send_photo(client: Client) -> None:
    """A photo that nobody has sent before."""
    colours = bytes(client.random.randrange(256) for _ in range(48 * 48 * 3))
    written = io.BytesIO()
    Image.frombytes("RGB", (48, 48), colours).save(written, "PNG")
    client.first.perform(client.operation("photo"), "/api/points/evidence", photo=written.getvalue())
    client.load.resting.wait(0.5)


def recalculate(client: Client) -> None:
    """Preview three villages or apply to them; one in four is stopped and taken up again. Then wait for its end."""
    villages = [store.village for store in client.random.sample(client.load.stores, 3)]
    apply = client.random.random() < 0.6
    start = client.operation("run", villages=villages, mode="apply" if apply else "preview")
    body = {"mode": start.facts["mode"], "villages": villages, "full": True}
    made = client.first.perform(start, RUNS, body)
    if made is None:
        return
    path = f"{RUNS}/{made['id']}"
    if client.random.random() < 0.25 and client.first.perform(client.operation("stop", made["id"]), f"{path}/cancel"):
        client.first.perform(client.operation("resume", made["id"]), f"{path}/resume")
    ended = client.operation("run_ended", made["id"])
    while not client.load.over.is_set():
        ended.sent_at, progress = client.first.read(path)
        ended.attempts += 1
        if progress["state"] != "running":
            ended.told, ended.status, ended.facts["state"] = Told.ACKNOWLEDGED, 200, progress["state"]
            client.load.journal.note(ended)
            return
        client.load.over.wait(0.5)
