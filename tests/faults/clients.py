"""What clients do in one turn: redeem, declare and review, report demands, send photos, recalculate."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping

from PIL import Image

from shared.calendar import today
from tests.faults.county import CODE
from tests.faults.journal import Told
from tests.faults.load import Client
from tests.faults.petitions import file_petition

RUNS = "/api/points/recalculations"
DEMAND_WORDS = "演练诉求"
"""How a drill's demand begins; its key follows."""
_PHOTO = (160, 120)
"""Points of a photo: noise, some 20 KB as JPEG, more than the room that a full disk has left."""


def redeem(client: Client) -> None:
    """Reserve; then fetch, cancel, or leave it lying. Now and then for more than anyone has: that is refused."""
    store = client.store()
    household = client.random.choice(store.redeeming)
    quantity = 900 if client.random.random() < 0.05 else 1
    reserve = client.operation("reserve", household=household)
    body = {"household": str(household), "item": str(store.item), "quantity": quantity, "key": reserve.key}
    made = client.admin.perform(reserve, "/api/points/redemptions", body)
    if made is None:
        return
    drawn = client.random.random()
    act = "fulfil" if drawn < 0.6 else "cancel" if drawn < 0.9 else None
    if act is not None:
        client.admin.perform(client.operation(act, made["id"]), f"/api/points/redemptions/{made['id']}/{act}")


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
    made = client.admin.perform(
        operation, "/api/points/events" + ("/batch" if many else ""), {"rows": rows} if many else rows[0]
    )
    if made is None:
        return
    events = [each["id"] for each in made["items"]] if many else [made["id"]]
    operation.facts["events"] = events
    for event in events:
        path = f"/api/points/events/{event}"
        review, taken_back = client.operation("review", event), client.random.random() < 0.1
        passed = client.other_admin.perform(review, f"{path}/review", {"verdict": "approve"})
        if passed is not None and taken_back:
            client.admin.perform(client.operation("void", event), f"{path}/void", {"reason": "演练作废"})


def report_demand(client: Client) -> None:
    """A demand, which also tells those who hand demands out: a message through the queues."""
    operation = client.operation("demand")
    body = {
        "village": client.store().village,
        "category": "other",
        "text": f"{DEMAND_WORDS} {operation.key}",
        "reporter_name": "石演练",
        "phone": "16000000000",
    }
    client.admin.perform(operation, "/api/intake/demands", body)
    client.load.resting.wait(0.2)


def send_photo(client: Client) -> None:
    """A photo that nobody has sent before."""
    width, height = _PHOTO
    written = io.BytesIO()
    Image.frombytes("RGB", _PHOTO, client.random.randbytes(width * height * 3)).save(written, "PNG")
    client.admin.perform(client.operation("photo"), "/api/points/evidence", photo=written.getvalue())
    client.load.resting.wait(0.5)


def recalculate(client: Client) -> None:
    """Preview three villages or apply to them; one in four is stopped and taken up again. Then wait for its end."""
    villages = [store.village for store in client.random.sample(client.load.stores, 3)]
    apply, stopped = client.random.random() < 0.6, client.random.random() < 0.25
    start = client.operation("run", villages=villages, mode="apply" if apply else "preview")
    body = {"mode": start.facts["mode"], "villages": villages, "full": True}
    made = client.admin.perform(start, RUNS, body)
    if made is None:
        return
    path = f"{RUNS}/{made['id']}"
    if stopped and client.admin.perform(client.operation("stop", made["id"]), f"{path}/cancel"):
        client.admin.perform(client.operation("resume", made["id"]), f"{path}/resume")
    ended = client.operation("run_ended", made["id"])
    while True:
        ended.sent_at, status, progress = client.admin.look(path)
        ended.attempts += 1
        if status != 200:
            client.load.journal.note_broken(f"run {made['id']}: asked for, answered {status}")
        elif progress["state"] != "running":
            ended.told, ended.status, ended.facts["state"] = Told.ACKNOWLEDGED, 200, progress["state"]
            client.load.journal.note(ended)
            return
        client.load.over.wait(0.5)


ACTS: Mapping[str, Callable[[Client], None]] = {
    "redeem": redeem,
    "events": post_events,
    "demands": report_demand,
    "petitions": file_petition,
    "runs": recalculate,
    "photos": send_photo,
}
