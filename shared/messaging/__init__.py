"""Messages between services over Celery and Redis: at least one delivery, exactly one effect.

`outbox.send(session, Message(...))` decides a message with its sender's change; `@receives(Message)` registers the
function that handles it; `create_worker_app` makes a service's worker.
"""

from shared.messaging import lean_redis, outbox
from shared.messaging.handlers import receives, tasks_of
from shared.messaging.worker import create_worker_app

__all__ = ["create_worker_app", "lean_redis", "outbox", "receives", "tasks_of"]
