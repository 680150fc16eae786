"""The text that senders put on a queue is Celery's own, field by field."""

from __future__ import annotations

import base64
import json
from typing import Any

from kombu.connection import Connection

from shared.messaging.celery_settings import broker_queue, new_app
from shared.messaging.envelope import Envelope
from shared.messaging.task_message import task_message
from shared.topology import Queue

ENVELOPE = Envelope("an-id", "points.probe", 2, Queue.POINTS, '{"key":"字"}', "request-17", copy=3)
# Who sent it, where an answer would go (nobody answers), and a number that is new each time.
OWN = ("origin", "reply_to", "delivery_tag")


def as_celery_sends(envelope: Envelope) -> dict[str, Any]:
    """What Celery gives to its transport for a task that is sent by the name of its queue."""
    app = new_app("test", "redis://127.0.0.1:1/0", [envelope.queue])
    sent: list[dict[str, Any]] = []
    with Connection("memory://") as connection:  # type: ignore[no-untyped-call]
        channel = connection.channel()
        channel._put = lambda _queue, message, **_: sent.append(message)
        app.send_task(
            envelope.name,
            args=[envelope.as_json()],
            task_id=envelope.id,
            queue=broker_queue(envelope.queue),
            producer=app.amqp.Producer(channel, auto_declare=False),
            argsrepr=envelope.id,
            kwargsrepr="",
            ignore_result=True,
            declare=[],
            retry=False,
        )
    (message,) = sent
    return message


def without_own(message: dict[str, Any]) -> dict[str, Any]:
    for part in ("headers", "properties"):
        message[part] = {name: value for name, value in message[part].items() if name not in OWN}
    message["body"] = json.loads(base64.b64decode(message["body"]))
    # Celery repeats these two of the headers in the properties, where nobody reads them.
    for name in ("argsrepr", "kwargsrepr"):
        message["properties"].pop(name, None)
    return message


def test_a_worker_gets_what_celery_itself_would_send() -> None:
    ours, celerys = without_own(json.loads(task_message(ENVELOPE))), without_own(as_celery_sends(ENVELOPE))
    assert ours == celerys


def test_each_copy_has_a_delivery_tag_of_its_own() -> None:
    first, second = (json.loads(task_message(ENVELOPE))["properties"]["delivery_tag"] for _ in range(2))
    assert first != second
