"""One Celery application for the queues of all services; which of them a worker takes from, `--queues` says.

celery -A deploy.embedded.worker worker --queues intake,points,petitions,gateway
"""

from __future__ import annotations

from shared.messaging import tasks_of
from shared.messaging.worker import create_worker_app
from shared.topology import Service

app = create_worker_app(*Service, task_modules=[name for each in Service for name in tasks_of(f"services.{each}")])
