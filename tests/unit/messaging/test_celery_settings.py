"""Celery's settings: each line stands for something that went wrong without it."""

from __future__ import annotations

import pytest

from shared.messaging.broker import transport_options
from shared.messaging.celery_settings import UnsafeTimeouts, new_app
from shared.topology import TASK_HARD_LIMIT_SECONDS, TASK_SOFT_LIMIT_SECONDS, VISIBILITY_TIMEOUT_SECONDS, Queue

URL = "redis://127.0.0.1:1/0"


def test_a_visibility_timeout_under_twice_the_hard_limit_stops_the_start() -> None:
    with pytest.raises(UnsafeTimeouts, match="parallel copies"):
        new_app("test", URL, [Queue.POINTS], visibility_timeout=2 * TASK_HARD_LIMIT_SECONDS - 1)
    assert VISIBILITY_TIMEOUT_SECONDS >= 2 * TASK_HARD_LIMIT_SECONDS > 2 * TASK_SOFT_LIMIT_SECONDS


def test_unfinished_work_goes_back_to_its_queue() -> None:
    conf = new_app("test", URL, [Queue.POINTS]).conf
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1
    assert conf.worker_soft_shutdown_timeout > 0
    assert conf.worker_cancel_long_running_tasks_on_connection_loss


def test_only_json_is_read_and_no_result_is_kept() -> None:
    conf = new_app("test", URL, [Queue.POINTS]).conf
    assert (list(conf.accept_content), conf.task_serializer) == (["json"], "json")
    assert conf.result_backend is None
    assert conf.task_ignore_result


def test_queues_are_reached_by_name_on_the_default_exchange() -> None:
    app = new_app("test", URL, [Queue.POINTS, Queue.POINTS_BULK])
    assert {queue.name: queue.exchange.name for queue in app.amqp.queues.values()} == {"points": "", "points.bulk": ""}


def test_a_queue_that_nobody_declared_is_refused() -> None:
    app = new_app("test", URL, [Queue.POINTS])
    with pytest.raises(KeyError):
        app.amqp.queues["pionts"]


def test_a_broker_that_is_away_is_waited_for_for_ever() -> None:
    conf = new_app("test", URL, [Queue.POINTS]).conf
    assert conf.broker_connection_retry_on_startup
    assert conf.broker_connection_max_retries is None


def test_a_half_open_link_is_noticed() -> None:
    options = transport_options(socket_timeout=15, visibility_timeout=900)
    assert (options["socket_timeout"], options["health_check_interval"], options["socket_keepalive"]) == (15, 10, True)
