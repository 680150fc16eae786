"""Each queue has exactly one worker, each message a handler in its receiver's worker, each process a place."""

from __future__ import annotations

import importlib
from collections import Counter

import pytest

from deploy.embedded.processes import commands
from shared.messages.catalogue import all_messages
from shared.messaging.handlers import HANDLERS, tasks_of
from shared.messaging.schedule import SCHEDULE
from shared.topology import (
    EMBEDDED_WORKERS,
    PORTS,
    ROLES,
    TASK_HARD_LIMIT_SECONDS,
    TASK_SOFT_LIMIT_SECONDS,
    VISIBILITY_TIMEOUT_SECONDS,
    Kind,
    Queue,
    Service,
)


def test_each_queue_is_taken_by_one_worker_role_of_its_own_service() -> None:
    takers = Counter(queue for role in ROLES.values() for queue in role.queues)
    assert takers == dict.fromkeys(Queue, 1)
    for role in ROLES.values():
        assert all(queue.service is role.service for queue in role.queues)
        assert bool(role.queues) == (role.kind is Kind.WORKER)


def test_bulk_work_has_workers_of_its_own() -> None:
    for role in ROLES.values():
        assert len({queue.is_bulk for queue in role.queues}) <= 1


def test_the_embedded_workers_take_every_queue_once() -> None:
    assert Counter(queue for queues in EMBEDDED_WORKERS.values() for queue in queues) == dict.fromkeys(Queue, 1)


def test_the_embedded_system_has_every_kind_of_process() -> None:
    names = set(commands("127.0.0.1", PORTS, one_writer=True))
    webs = {role.name for role in ROLES.values() if role.kind is Kind.WEB}
    assert names == webs | set(EMBEDDED_WORKERS) | {"scheduler", "relay"}


def test_each_service_has_a_web_role_with_a_port_of_its_own() -> None:
    ports = [role.port for role in ROLES.values() if role.kind is Kind.WEB]
    assert len(ports) == len(set(ports)) == len(Service)


def test_a_taken_message_is_kept_for_twice_the_longest_task() -> None:
    assert VISIBILITY_TIMEOUT_SECONDS >= 2 * TASK_HARD_LIMIT_SECONDS
    assert TASK_SOFT_LIMIT_SECONDS < TASK_HARD_LIMIT_SECONDS


@pytest.mark.parametrize("name", sorted(all_messages()))
def test_each_message_is_handled_by_its_receiver(name: str) -> None:
    message = all_messages()[name]
    for module in ("shared.messaging.tasks", *tasks_of(f"services.{message.queue.service}")):
        importlib.import_module(module)
    assert name in HANDLERS, f"{name} has no function with @receives"
    home = HANDLERS[name].__module__
    assert home.startswith((f"services.{message.queue.service}.", "shared.messaging."))


@pytest.mark.parametrize("name", sorted(all_messages()))
def test_each_message_is_named_after_its_receiver(name: str) -> None:
    message = all_messages()[name]
    assert name.split(".")[0] == message.queue.service
    assert message.version in message.accepts
    assert message.__doc__


@pytest.mark.parametrize("service", list(Service))
def test_each_service_has_a_worker_that_starts(service: Service) -> None:
    app = importlib.import_module(f"services.{service}.worker").app
    assert {queue.name for queue in app.conf.task_queues} == {queue for queue in Queue if queue.service is service}


def test_the_schedule_names_messages_that_exist_each_once() -> None:
    names = [scheduled.name for scheduled in SCHEDULE]
    assert len(names) == len(set(names))
    assert set(names) <= set(all_messages())
