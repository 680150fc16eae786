"""The petitions worker: `celery -A services.petitions.worker worker -Q petitions`."""

from shared.messaging import create_worker_app, tasks_of
from shared.topology import Service

app = create_worker_app(Service.PETITIONS, task_modules=tasks_of("services.petitions"))
