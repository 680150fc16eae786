"""Levels by folder, shared fixtures, and one PostgreSQL cluster per run."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling

from tests.fixtures.postgresql_cluster import start_keeper

pytest_plugins = (
    "tests.fixtures.calls",
    "tests.fixtures.databases",
    "tests.fixtures.redis_servers",
    "tests.fixtures.routing",
    "tests.fixtures.township",
    "tests.fixtures.waiting",
)

TESTS = Path(__file__).parent
LEVELS = ("unit", "properties", "integration", "contracts", "structure", "browser", "drills", "containers")
# Seconds that one test of a level may take before it is stopped with all stacks; others: the default of pyproject.
TIMEOUTS = {"containers": 1500, "drills": 300, "browser": 240, "properties": 900}

# Messages of tests that have no Redis of their own go nowhere, and never to a developer's.
os.environ["REDIS_URL"] = "redis://127.0.0.1:1/0"
# The certificates of a developer's machine are none of the tests'.
os.environ["XZ_CERTIFICATE_DIR"] = "/nonexistent/certificates"

hypothesis.settings.register_profile("small", max_examples=25, deadline=None)
hypothesis.settings.register_profile("thorough", max_examples=400, deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "small"))

WHOLE_SYSTEM = ("browser", "drills", "containers")

_keeper = pytest.StashKey[tuple[subprocess.Popen[bytes], str]]()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test's level is the folder that it lies in."""
    for item in items:
        level = item.path.relative_to(TESTS).parts[0]
        if level in LEVELS:
            item.add_marker(getattr(pytest.mark, level))
        if level in TIMEOUTS and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TIMEOUTS[level]))


class _ByFile(LoadScopeScheduling):
    """Parallel runs keep a file's tests, and all of a level that needs a whole system, in one process."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        level = Path(path).relative_to(TESTS.name).parts[0]
        return level if level in WHOLE_SYSTEM else path


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Hand tests out by file. (Groups by mark do not reach the scheduler with the pytest that is locked.)"""
    return _ByFile(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Parallel run: the controller keeps the one cluster, and tells each worker where its address will stand."""
    config: pytest.Config = node.config
    if _keeper not in config.stash:
        folder = tempfile.mkdtemp(prefix="xiangzhi-run-")
        config.stash[_keeper] = (start_keeper(Path(folder)), folder)
    node.workerinput["postgresql_folder"] = config.stash[_keeper][1]


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the cluster of a parallel run."""
    if _keeper in config.stash:
        keeper, folder = config.stash[_keeper]
        keeper.communicate(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)
