"""One deployment for all tests of this folder, which follow each other as an operator's year does."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.containers.deployment import Deployment, make_deployment

_made = pytest.StashKey[Deployment]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """How long each step took, and what was found on the way."""
    if (deployment := config.stash.get(_made, None)) is None:
        return
    for name, seconds in deployment.times.items():
        terminalreporter.write_line(f"{seconds:8.1f} s  {name}")
    for line in deployment.said:
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Deployment]:
    """Prepared, not started."""
    made = make_deployment(tmp_path_factory.mktemp("xiangzhi"))
    deployment = next(made)
    pytestconfig.stash[_made] = deployment
    # What the clients trust: the township's own CA.
    before = os.environ.get("SSL_CERT_FILE")
    os.environ["SSL_CERT_FILE"] = str(deployment.folder / "certificates" / "ca.pem")
    try:
        yield deployment
    finally:
        if before is None:
            del os.environ["SSL_CERT_FILE"]
        else:
            os.environ["SSL_CERT_FILE"] = before
        for _rest in made:
            raise AssertionError("a deployment is made once")
