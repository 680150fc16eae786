"""The petitions worker: `celery -A services.petitions.worker worker -Q petitions`."""

from shared.messaging import tasks_of
from shared.messaging.worker import create_worker_app
from shared.topology import Service

app = create_worker_app(Service.PETITIONS, task_modules=tasks_of("services.petitions"))
