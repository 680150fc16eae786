"""The intake worker: `celery -A services.intake.worker worker -Q intake`."""

from shared.messaging import tasks_of
from shared.messaging.worker import create_worker_app
from shared.topology import Service

app = create_worker_app(Service.INTAKE, task_modules=tasks_of("services.intake"))
