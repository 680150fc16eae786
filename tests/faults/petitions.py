"""The petitions' client: files one, opens its words, and tries the doors that must stay shut."""

from __future__ import annotations

from shared.calendar import today
from tests.faults.load import Client

PETITIONS = "/api/petitions/petitions"
SECRET = "演练信访内容"
"""How a drill's petition begins; its key follows. Nowhere but in answers to who works on it may these words stand."""
_SEALED = 0.25


def file_petition(client: Client) -> None:
    """File one; who works on it reads the words as they were said. For others it is not there.

    The client's key stands in the official number, so that rows can be counted while the words are encrypted.
    """
    sealed = client.random.random() < _SEALED
    filing, opening = client.operation("petition", sealed=sealed), client.operation("open")
    words = f"{SECRET} {filing.key}"
    body = {
        "channel": "letter",
        "category": "suggestion",
        "text": words,
        "received_on": today().isoformat(),
        "petitioner": {"name": "石演练", "phone": "16000000000"},
        "complains_of_official": sealed,
        "village": client.store().village,
        "official_number": filing.key,
    }
    made = client.people["clerk"].perform(filing, PETITIONS, body)
    if made is not None:
        opening.subject = made["number"]
        path = f"{PETITIONS}/{made['number']}"
        reader = client.people["discipline" if sealed else "clerk"]
        opened = reader.perform(opening, f"{path}/openings")
        if opened is not None and opened["text"] != words:
            client.load.journal.note_broken(f"petition {made['number']} reads otherwise than it was filed")
        for name in ("clerk", "handler") if sealed else ("handler", "discipline"):
            _, status, _ = client.people[name].look(path)
            if status != 404:
                client.load.journal.note_broken(f"petition {made['number']} was shown to {name}: {status}")
    client.load.resting.wait(0.3)
