"""The gateway worker: `celery -A services.gateway.worker worker -Q gateway`."""

from shared.messaging import tasks_of
from shared.messaging.worker import create_worker_app
from shared.topology import Service

app = create_worker_app(Service.GATEWAY, task_modules=tasks_of("services.gateway"))
