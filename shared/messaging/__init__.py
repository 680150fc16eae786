"""Messages between services over Celery and Redis: at least one delivery, exactly one effect.

`outbox.send(session, Message(...))` decides a message with its sender's change; `@receives(Message)` registers the
function that handles it; `worker.create_worker_app` makes a service's worker. Celery is the workers' alone: the package
does not import it.
"""

from shared.messaging import outbox
from shared.messaging.handlers import receives, tasks_of

__all__ = ["outbox", "receives", "tasks_of"]
