"""A worker's Celery application: one task per message that its services receive, all of them through the inbox."""

from __future__ import annotations

import gc
import importlib
import logging
import os
import time
from collections.abc import Iterable
from functools import partial
from typing import Any, ClassVar

from celery import Celery, Task, bootsteps, signals
from celery.utils.log import current_process_index
from sqlalchemy.orm import configure_mappers

from shared import tracing
from shared.database import database_of
from shared.heartbeat import INTERVAL_SECONDS, beat, stop_beating
from shared.logging import configure_logging, get_logger
from shared.messages.base import MESSAGES
from shared.messaging.celery_settings import new_app
from shared.messaging.delivery_slots import free_slots_on_errors
from shared.messaging.handlers import HANDLERS
from shared.messaging.inbox import Delivery, receive
from shared.messaging.publisher import close_publisher
from shared.messaging.stopping import StopsInAnyCase
from shared.metrics import MESSAGE_SECONDS, count_in_place, serve_metrics
from shared.metrics import MESSAGES as DELIVERIES
from shared.settings import settings, settings_at_start
from shared.topology import VISIBILITY_TIMEOUT_SECONDS, Queue, Service

_GENERIC_TASKS = "shared.messaging.tasks"


def create_worker_app(
    *services: Service, task_modules: Iterable[str], visibility_timeout: float = VISIBILITY_TIMEOUT_SECONDS
) -> Celery:
    """The application of a worker for one or several services.

    `task_modules` register the services' handlers with `@receives` when they are imported. The queues to take from
    are chosen with `celery worker -Q`.
    """
    free_slots_on_errors()
    queues = tuple(queue for queue in Queue if queue.service in services)
    name = ".".join(["xiangzhi", *(service.value for service in services)])
    app = new_app(name, settings_at_start().redis_url, queues, visibility_timeout=visibility_timeout)
    for module in (_GENERIC_TASKS, *task_modules):
        importlib.import_module(module)
    for message_name in sorted(HANDLERS):
        if MESSAGES[message_name].queue.service in services:
            _register_task(app, message_name)
    app.steps["worker"].update((_Heartbeat, StopsInAnyCase))
    signals.worker_init.connect(partial(_make_ready_to_fork, services), weak=False)
    return app


def _make_ready_to_fork(services: tuple[Service, ...], **_fields: Any) -> None:
    """Load before the fork what each child would load for itself with its first message: drivers and mappings.

    So the children, and all that follow them, share these pages, and begin sooner. What is frozen the collector
    never visits, and so never makes a child's own copy of.
    """
    for service in services:
        database_of(service)
    configure_mappers()
    gc.collect()
    gc.freeze()


def _register_task(app: Celery, message_name: str) -> None:
    queue = MESSAGES[message_name].queue

    def run(task: Task, envelope: object = None, *_more: object, **_named: object) -> None:
        _deliver(queue, task, envelope)

    app.task(run, name=message_name, bind=True, typing=False, trail=False)


def _deliver(queue: Queue, task: Task, envelope: object) -> None:
    info = task.request.delivery_info or {}
    delivery = Delivery(task.name, str(task.request.id), envelope, redelivered=bool(info.get("redelivered")))
    started = time.perf_counter()
    outcome = receive(database_of(queue.service), delivery)
    DELIVERIES.labels(queue.service, queue, task.name, outcome).inc()
    MESSAGE_SECONDS.labels(queue.service, queue, task.name).observe(time.perf_counter() - started)


class _Heartbeat(bootsteps.StartStopStep):  # type: ignore[misc]
    """Touches the heartbeat file from the worker's own event loop: a stuck loop stops beating."""

    requires: ClassVar[set[str]] = {"celery.worker.components:Timer"}

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self._timer: Any = None

    def start(self, worker: Any) -> None:
        name = node_name(worker.hostname)
        beat(name)
        self._timer = worker.timer.call_repeatedly(INTERVAL_SECONDS, beat, (name,))

    def stop(self, worker: Any) -> None:
        if self._timer is not None:
            self._timer.cancel()
        stop_beating(node_name(worker.hostname))


def node_name(hostname: str) -> str:
    """`points-worker@machine` → `points-worker`."""
    return hostname.partition("@")[0]


@signals.setup_logging.connect(weak=False)  # type: ignore[untyped-decorator]
def _configure_logging(**_fields: Any) -> None:
    configure_logging(os.environ.get("XZ_PROCESS", "worker"))
    # "Task received" and "succeeded": the inbox says it once, with the request's id.
    for name in ("celery.worker.strategy", "celery.app.trace"):
        logging.getLogger(name).setLevel(logging.WARNING)


@signals.worker_init.connect(weak=False)  # type: ignore[untyped-decorator]
def _check_shutdown_signal(**_fields: Any) -> None:
    """SIGTERM must put unfinished tasks back on their queue; billiard reads this name before any of our code runs."""
    if os.environ.get("REMAP_SIGTERM") != "SIGQUIT":
        get_logger().warning("worker_waits_at_sigterm", mend="set REMAP_SIGTERM=SIGQUIT in the worker's environment")


@signals.worker_ready.connect(weak=False)  # type: ignore[untyped-decorator]
def _serve_metrics(**_fields: Any) -> None:
    serve_metrics(settings().metrics_port, settings().metrics_host)


@signals.worker_process_init.connect(weak=False)  # type: ignore[untyped-decorator]
def _count_in_place(**_fields: Any) -> None:
    """A child counts on where its predecessor at the same place in the pool has stopped."""
    count_in_place(f"child-{current_process_index()}")


@signals.worker_process_shutdown.connect(weak=False)  # type: ignore[untyped-decorator]
def _send_last_rows(**_fields: Any) -> None:
    close_publisher()
    tracing.flush()
