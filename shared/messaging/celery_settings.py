"""Celery's settings, in one place for every worker. Why each: docs/decisions/0010.

Redis holds no truth: late acknowledgement, no result backend, delayed work is a row and never a countdown.
"""

from __future__ import annotations

from collections.abc import Iterable

from celery import Celery
from kombu.entity import Exchange
from kombu.entity import Queue as BrokerQueue

from shared.messaging import lean_redis  # noqa: F401 - before kombu's transport imports redis
from shared.messaging.broker import transport_options
from shared.topology import (
    TASK_HARD_LIMIT_SECONDS,
    TASK_SOFT_LIMIT_SECONDS,
    VISIBILITY_TIMEOUT_SECONDS,
    Queue,
)

WORKER_SOCKET_TIMEOUT = 15
SOFT_SHUTDOWN_SECONDS = 10


class UnsafeTimeouts(Exception):
    """Raised at start when Redis would give a running task's message to a second worker."""


def check_timeouts(hard_limit: float, visibility_timeout: float) -> None:
    """A task must end well before Redis takes its message for lost: twice the hard limit."""
    if visibility_timeout < 2 * hard_limit:
        raise UnsafeTimeouts(
            f"a visibility timeout of {visibility_timeout} s is under twice the hard time limit of {hard_limit} s: "
            "long tasks would run in parallel copies"
        )


def broker_queue(queue: Queue) -> BrokerQueue:
    """The declaration of a queue: reached by its name on the default exchange, bound to nothing.

    A send that names an exchange vanishes silently after a flush, because the flush also took the binding.
    """
    return BrokerQueue(queue.value, Exchange(""), routing_key=queue.value)  # type: ignore[no-untyped-call]


def new_app(
    name: str,
    redis_url: str,
    queues: Iterable[Queue],
    *,
    socket_timeout: float = WORKER_SOCKET_TIMEOUT,
    visibility_timeout: float = VISIBILITY_TIMEOUT_SECONDS,
) -> Celery:
    """A Celery application that knows `queues` and makes no others."""
    check_timeouts(TASK_HARD_LIMIT_SECONDS, visibility_timeout)
    app = Celery(name, set_as_current=False)
    declared = [broker_queue(queue) for queue in queues]
    app.conf.update(
        broker_url=redis_url,
        broker_transport_options=transport_options(
            socket_timeout=socket_timeout, visibility_timeout=visibility_timeout
        ),
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        accept_content=["json"],
        task_serializer="json",
        result_backend=None,
        task_ignore_result=True,
        task_queues=declared,
        task_default_queue=declared[0].name,
        task_default_exchange="",
        task_default_routing_key=declared[0].name,
        task_create_missing_queues=False,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_soft_time_limit=TASK_SOFT_LIMIT_SECONDS,
        task_time_limit=TASK_HARD_LIMIT_SECONDS,
        worker_prefetch_multiplier=1,
        worker_max_tasks_per_child=1000,
        # A busy small machine needs longer than the 4 s after which the pool would kill a child that is just starting.
        worker_proc_alive_timeout=60,
        worker_cancel_long_running_tasks_on_connection_loss=True,
        worker_soft_shutdown_timeout=SOFT_SHUTDOWN_SECONDS,
        worker_enable_soft_shutdown_on_idle=False,
        # It goes on beating while it waits for Redis.
        worker_consumer="shared.messaging.consumer:BeatingConsumer",
        # Nothing steers workers over the broker: liveness is a file, stopping is a signal.
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        timezone="Asia/Shanghai",
        enable_utc=True,
    )
    return app
