"""The gateway worker: `celery -A services.gateway.worker worker -Q gateway`."""

from shared.messaging import create_worker_app, tasks_of
from shared.topology import Service

app = create_worker_app(Service.GATEWAY, task_modules=tasks_of("services.gateway"))
