"""The pictures of the README: the six stops of the tour, taken from a real demo township by Chromium.

python -m tests.browser.pictures [--to docs/images] [--url http://127.0.0.1:8000]

Starts a system of its own (DEMO_DATE as for `make run`) and stops it, unless `--url` names one that was just loaded:
stop 3 shows the preview of a recalculation that nobody has applied yet.
"""

from __future__ import annotations

import argparse
import io
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from deploy.demo.client import WalkFailed
from deploy.demo.system import PROJECT, own_system

PHONE, DESK = {"width": 390, "height": 1240}, {"width": 1200, "height": 860}
LARGEST_BYTES = 150 * 1024
# Flat colours and text: a palette keeps them sharp, and a picture small.
COLOURS = (128, 64, 32, 16)
RUN_MILLISECONDS = 180_000
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


class TooLarge(Exception):
    """Raised when a picture stays above `LARGEST_BYTES` with the fewest colours."""


def open_why(page: Page) -> None:
    """Stop 1: one entry of the statement, opened."""
    entry = page.locator("details.why").first
    entry.locator("summary").click()
    expect(entry.locator("dl")).to_be_visible()


def preview(page: Page) -> None:
    """Stop 3: the preview of what the revision changes, village by village."""
    page.get_by_role("button", name="预览重算结果").click()
    expect(page.get_by_role("heading", name="预览：重算以后会怎样")).to_be_visible(timeout=RUN_MILLISECONDS)


def verify(page: Page) -> None:
    """Stop 6: what a verification found."""
    page.get_by_role("button", name="核验积分账").click()
    expect(page.get_by_text("全部相符。")).to_be_visible(timeout=RUN_MILLISECONDS)


def look(page: Page) -> None:
    """The page as it opens."""
    expect(page.locator("h1")).to_be_visible()


STOPS: tuple[tuple[dict[str, int], Callable[[Page], None]], ...] = (
    (PHONE, open_why),
    (DESK, look),
    (DESK, preview),
    (PHONE, look),
    (DESK, look),
    (DESK, verify),
)
"""The screen of each stop, and what is done there before the picture is taken."""


def take_pictures(address: str, folder: Path) -> list[Path]:
    """Take all six into `folder` and return them. Raises TooLarge."""
    folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        return [
            _take(browser, address, number, folder / f"tour-{number}.png", *stop)
            for number, stop in enumerate(STOPS, start=1)
        ]


@contextmanager
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium, without a window."""
    program = next(filter(None, map(shutil.which, _CHROMIUM)), None)
    if program is None:
        raise WalkFailed("Chromium is not installed: apt-get install chromium fonts-noto-cjk")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def _take(
    browser: Browser, address: str, number: int, path: Path, screen: dict[str, int], prepare: Callable[[Page], None]
) -> Path:
    context = browser.new_context(
        viewport={"width": screen["width"], "height": screen["height"]},
        device_scale_factor=1.5,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
    )
    page = context.new_page()
    page.goto(f"{address}/tour")
    page.get_by_role("button", name=f"去第 {number} 站").click()
    page.wait_for_load_state()
    prepare(page)
    _write_small(page.screenshot(animations="disabled"), path)
    context.close()
    return path


def _write_small(picture: bytes, path: Path) -> None:
    with Image.open(io.BytesIO(picture)) as opened:
        full = opened.convert("RGB")
    for colours in COLOURS:
        written = io.BytesIO()
        full.quantize(colours, dither=Image.Dither.NONE).save(written, "PNG", optimize=True)
        if written.tell() <= LARGEST_BYTES:
            path.write_bytes(written.getvalue())
            return
    raise TooLarge(f"{path.name} has more than {LARGEST_BYTES // 1024} KB even with {COLOURS[-1]} colours")


def main() -> int:
    """Take the pictures and say where they are; exit code 1 with the reason."""
    parser = argparse.ArgumentParser(prog="make pictures")
    parser.add_argument("--to", type=Path, default=PROJECT / "docs" / "images")
    parser.add_argument("--url", help="a freshly loaded demo that runs already")
    options = parser.parse_args()
    try:
        if options.url:
            made = take_pictures(options.url, options.to)
        else:
            with own_system("township") as address:
                made = take_pictures(address, options.to)
    except (WalkFailed, TooLarge) as reason:
        sys.stderr.write(f"{reason}\n")
        return 1
    sys.stdout.write("".join(f"{path} {path.stat().st_size // 1024} KB\n" for path in made))
    return 0


if __name__ == "__main__":
    sys.exit(main())
