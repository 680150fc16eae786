"""The worker that handles the test messages: `celery -A tests.integration.messaging.probe_worker worker -Q points`."""

import os

from shared.messaging.worker import create_worker_app
from shared.topology import VISIBILITY_TIMEOUT_SECONDS, Service

app = create_worker_app(
    Service.POINTS,
    Service.INTAKE,
    task_modules=["tests.integration.messaging.probe_tasks"],
    visibility_timeout=float(os.environ.get("PROBE_VISIBILITY_TIMEOUT", VISIBILITY_TIMEOUT_SECONDS)),
)
