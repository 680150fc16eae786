"""The points worker: `celery -A services.points.worker worker -Q points`."""

from shared.messaging import tasks_of
from shared.messaging.worker import create_worker_app
from shared.topology import Service

app = create_worker_app(Service.POINTS, task_modules=tasks_of("services.points"))
