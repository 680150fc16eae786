"""The points worker: `celery -A services.points.worker worker -Q points`."""

from shared.messaging import create_worker_app, tasks_of
from shared.topology import Service

app = create_worker_app(Service.POINTS, task_modules=tasks_of("services.points"))
