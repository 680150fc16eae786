"""The whole embedded system with the demo township, and Chromium in front of it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

from tests.fixtures.missing import missing_tool
from tests.fixtures.waiting import wait_until

PROJECT = Path(__file__).resolve().parents[2]
PHONE = {"width": 360, "height": 780}
DESKTOP = {"width": 1280, "height": 900}
READY_SECONDS = 180.0
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(frozen=True, slots=True)
class System:
    """A running system: its address, where it writes its log, and the process that holds all others."""

    address: str
    log: Path
    pid: int

    @contextmanager
    def held_bulk_worker(self) -> Iterator[None]:
        """Hold the worker of bulk work still, so that a run waits with its shards."""
        family = psutil.Process(self.pid).children(recursive=True)
        held = [each for each in family if any(word.startswith("bulk-worker@") for word in each.cmdline())]
        assert held, "no worker of bulk work is running"
        for each in held:
            each.suspend()
        try:
            yield
        finally:
            for each in held:
                each.resume()


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Everything that `make run` starts, in a folder and on a port of its own, stopped at the end."""
    with running_system(tmp_path_factory.mktemp("system"), DEMO="1") as started:
        yield started


@contextmanager
def running_system(folder: Path, *, origin: str = "http://127.0.0.1", **variables: str) -> Iterator[System]:
    """A whole system in `folder`, with `variables` in its environment; people come to it at `origin`."""
    log = folder / "log.txt"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.endswith(("_URL", "_DATABASE_URL"))},
        "XZ_DATA_DIR": str(folder / "var"),
        "XZ_KEY_DIR": str(folder / "keys"),
        "PORT": str(port),
        **variables,
    }
    command = [sys.executable, "-m", "deploy.embedded.run", "--die-with-parent"]
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=PROJECT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    started = System(f"{origin}:{port}", log, process.pid)
    try:
        wait_until(
            # Its own word, which waits for every service; the gateway alone is ready before the others.
            lambda: process.poll() is not None or f"打开 open    {started.address}" in log.read_text(),
            READY_SECONDS,
            every=0.2,
        )
        if process.poll() is not None:
            pytest.fail(f"the system did not start:\n{log.read_text()[-4000:]}", pytrace=False)
        yield started
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, driven by playwright."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        missing_tool("Chromium", "apt-get install chromium fonts-noto-cjk")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        yield browser
        browser.close()


@dataclass(slots=True)
class Visitor:
    """A person in front of a page: where they are, and everything that went wrong on the way."""

    page: Page
    address: str
    troubles: list[str]

    def open(self, path: str) -> Page:
        """Go to a page of the system."""
        self.page.goto(self.address + path)
        return self.page

    def enter_as(self, username: str) -> Page:
        """Log in by the button of a demo account, from the public page."""
        self.open("/")
        self.page.locator(f'form:has(input[name=username][value="{username}"]) button').click()
        self.page.wait_for_load_state()
        return self.page


NewVisitor = Callable[..., Visitor]


@pytest.fixture
def visitor(system: System, chromium: Browser) -> Iterator[NewVisitor]:
    """Make visitors with a phone or a desktop; at the end none of their pages may have had an error on the way."""
    with visitors_of(system, chromium) as arrive:
        yield arrive


@contextmanager
def visitors_of(system: System, chromium: Browser) -> Iterator[NewVisitor]:
    """Visitors of one system, who leave at the end without having met an error."""
    contexts: list[BrowserContext] = []
    visitors: list[Visitor] = []

    def arrive(size: dict[str, int], *, scripts: bool = True) -> Visitor:
        context = chromium.new_context(
            viewport={"width": size["width"], "height": size["height"]},
            java_script_enabled=scripts,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
        )
        contexts.append(context)
        made = Visitor(context.new_page(), system.address, [])
        made.page.on("pageerror", lambda error: made.troubles.append(str(error)))
        made.page.on("console", lambda message: made.troubles.append(message.text) if message.type == "error" else None)
        made.page.on("requestfailed", lambda sent: _note_unanswered(made, sent))
        visitors.append(made)
        return made

    yield arrive
    for context in contexts:
        context.close()
    assert [trouble for made in visitors for trouble in made.troubles] == []


def _note_unanswered(made: Visitor, sent: Request) -> None:
    """A request that the browser itself gave up because its page was left is no trouble of the system's."""
    if sent.failure != "net::ERR_ABORTED":
        made.troubles.append(f"not answered: {sent.url} {sent.failure}")
