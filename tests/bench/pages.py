"""Measure the weight and the server's time of the main pages in Chromium, and print a table, then one line per goal.

python -m tests.bench.pages --address http://127.0.0.1:8000 [--rounds 7]

Needs a running demo township (`make run`) and Chromium. Nothing is changed but the sessions of the demo accounts that
log in. Exit code 0 also where a goal is missed: the line says so.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
from dataclasses import dataclass

from playwright.sync_api import Browser, Page, sync_playwright

FIRST_KB, AGAIN_KB, SERVER_MS = 60, 15, 150
"""At most: bytes of a first visit and of a later one, in kilobytes of 1,000, and the server's time."""

# Who opens which page; `*` stands for the first link of the list there.
PAGES = (
    ("public page", None, "/"),
    ("wall board", None, "/boards *"),
    ("待办 of the township admin", "admin", "/todo"),
    ("待办 of a village cadre", "cadre", "/todo"),
    ("statement of a household", "villager", "/household"),
    ("search for a household", "cadre", "/households?q=wu"),
    ("积分重算", "admin", "/recalculation"),
)
_TIMES = """() => {
  const [page] = performance.getEntriesByType("navigation");
  return page.responseStart - page.requestStart;
}"""


@dataclass(frozen=True, slots=True)
class Measured:
    """A page: bytes over the wire with an empty and with a filled cache, requests, and the server's time."""

    name: str
    path: str
    first_bytes: int
    first_requests: int
    again_bytes: int
    milliseconds: float


class Wire:
    """Counts what a page's requests weigh on the wire, heads included."""

    def __init__(self, page: Page) -> None:
        self.weight = self.requests = 0
        client = page.context.new_cdp_session(page)
        client.send("Network.enable")
        client.on("Network.loadingFinished", self._count)

    def _count(self, event: dict[str, float]) -> None:
        self.weight += int(event["encodedDataLength"])
        self.requests += bool(event["encodedDataLength"])

    def take(self) -> tuple[int, int]:
        """Bytes and requests since the last time."""
        taken = self.weight, self.requests
        self.weight = self.requests = 0
        return taken


def measure(browser: Browser, address: str, name: str, username: str | None, path: str, rounds: int) -> Measured:
    """Open the page with an empty cache, then `rounds` times more."""
    state = None
    with browser.new_context() as entering:
        page = entering.new_page()
        page.goto(address)
        if username:
            page.locator(f'form:has(input[name=username][value="{username}"]) button').click()
            page.wait_for_load_state("networkidle")
            state = entering.storage_state()
        list_path, starred, _rest = path.partition(" *")
        if starred:
            page.goto(address + list_path)
            path = page.locator("main a.row").first.get_attribute("href") or list_path
    with browser.new_context(storage_state=state) as context:
        page = context.new_page()
        wire = Wire(page)
        page.goto(address + path, wait_until="networkidle")
        first_bytes, first_requests = wire.take()
        times, weights = [], []
        for _round in range(rounds):
            page.goto(address + path, wait_until="networkidle")
            weights.append(wire.take()[0])
            times.append(float(page.evaluate(_TIMES)))
    return Measured(name, path, first_bytes, first_requests, max(weights), statistics.median(times))


def report(rows: list[Measured]) -> None:
    """The table, then the goals with the page that is nearest to each or beyond it."""
    print("| Page | Address | First visit kB (requests) | Again kB | Server ms, median |")
    print("| --- | --- | --- | --- | --- |")
    for row in rows:
        first = f"{row.first_bytes / 1000:.1f} ({row.first_requests})"
        again, path = f"{row.again_bytes / 1000:.1f}", row.path.split("?")[0]
        print(f"| {row.name} | `{path}` | {first} | {again} | {row.milliseconds:.0f} |")
    print()
    for goal, most, worst in (
        ("first_kb", FIRST_KB, max(row.first_bytes / 1000 for row in rows)),
        ("again_kb", AGAIN_KB, max(row.again_bytes / 1000 for row in rows)),
        ("server_ms", SERVER_MS, max(row.milliseconds for row in rows)),
    ):
        print(f"{goal} {worst:.1f} goal {most} {'met' if worst <= most else 'missed'}")


def main() -> None:
    """Measure all pages of the system at the given address."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--address", default="http://127.0.0.1:8000")
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        parser.error("Chromium is missing: apt-get install chromium fonts-noto-cjk")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        address = asked.address.rstrip("/")
        report([measure(browser, address, name, who, path, asked.rounds) for name, who, path in PAGES])
        browser.close()


if __name__ == "__main__":
    main()
