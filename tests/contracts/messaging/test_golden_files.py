"""Messages against their golden files: what was once on a queue stays readable, what changes gets a new version."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.messages.catalogue import all_messages
from tests.contracts.messaging.golden import FOLDER, describe, golden_path, versions

COMMAND = "python -m tests.contracts.messaging.golden"


def golden(name: str, version: int) -> dict[str, Any]:
    path = golden_path(name, version)
    if not path.exists():
        pytest.fail(f"{path.name} is missing: run `{COMMAND}` and commit what it writes", pytrace=False)
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


@pytest.mark.parametrize(("name", "version"), versions())
def test_a_schema_changes_only_with_its_version(name: str, version: int) -> None:
    assert describe(all_messages()[name], version) == golden(name, version)["schema"], (
        f"{name} version {version} was released with another schema: add a version to `accepts`, then run `{COMMAND}`"
    )


@pytest.mark.parametrize(("name", "version"), versions())
def test_a_body_of_every_accepted_version_is_read(name: str, version: int) -> None:
    body = golden(name, version)["body"]
    assert all_messages()[name].load(version, json.dumps(body))


@pytest.mark.parametrize("name", sorted(all_messages()))
def test_a_written_body_is_what_was_read(name: str) -> None:
    message = all_messages()[name]
    body = golden(name, message.version)["body"]
    assert json.loads(message.load(message.version, json.dumps(body)).dump()) == body


@pytest.mark.parametrize("name", sorted(all_messages()))
def test_a_receiver_reads_the_current_version_and_the_previous_one(name: str) -> None:
    message = all_messages()[name]
    assert set(message.accepts) == {message.version, max(message.version - 1, 1)}


@pytest.mark.parametrize("name", sorted(all_messages()))
def test_a_message_is_named_after_its_receiver(name: str) -> None:
    receiver, _, deed = name.partition(".")
    assert receiver == all_messages()[name].queue.service.value
    assert deed.isidentifier()
    assert len(name) <= 80


def test_no_golden_file_is_left_over() -> None:
    """A task's name stays and is never used again for something else."""
    known = {golden_path(name, version).name for name, version in versions()}
    old = {
        golden_path(name, version).name
        for name, message in all_messages().items()
        for version in range(1, message.version)
    }
    assert {path.name for path in FOLDER.glob("*.json")} <= known | old
