"""An envelope in the form in which a Celery worker takes it from Redis.

Celery's own `send_task` makes the same text in ten times the processor time, one message a call, and has to be
imported for it. The form is Celery's task message protocol 2 inside kombu's message for Redis; a test compares this
text with Celery's, field by field.
"""

from __future__ import annotations

import json
import uuid
from base64 import b64encode
from typing import Any

from shared.messaging.envelope import Envelope

# No chains, no callbacks, no chords; no result, no countdown, no group.
_EMBEDDED: dict[str, Any] = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}
_HEADERS: dict[str, Any] = {
    "lang": "py",
    "shadow": None,
    "eta": None,
    "expires": None,
    "group": None,
    "group_index": None,
    "retries": 0,
    "timelimit": [None, None],
    "parent_id": None,
    "kwargsrepr": "",
    "ignore_result": True,
    "replaced_task_nesting": 0,
    "stamped_headers": None,
    "stamps": {},
}


def task_message(envelope: Envelope) -> str:
    """JSON text for the list that is the envelope's queue. The delivery tag is new each time."""
    arguments: list[Any] = [[envelope.as_json()], {}, _EMBEDDED]
    message = {
        "body": b64encode(json.dumps(arguments).encode()).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {
            **_HEADERS,
            "task": envelope.name,
            "id": envelope.id,
            "root_id": envelope.id,
            "argsrepr": envelope.id,
        },
        "properties": {
            "correlation_id": envelope.id,
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": envelope.queue.value},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": str(uuid.uuid4()),
        },
    }
    return json.dumps(message)
