"""What every page must be: whole on its screen, with targets that a thumb finds, and readable for everybody."""

from __future__ import annotations

from pathlib import Path

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page

TARGET, LARGE_TARGET = 44, 60
"""How high and wide a target is at least, in CSS pixels, in normal type and in 大字版."""

_SMALL_TARGETS = (Path(__file__).parent / "small_targets.js").read_text()


def require_whole_on_screen(page: Page) -> None:
    """Nothing sticks out to the side."""
    width, wanted = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert width <= wanted, f"{page.url} is {width} px wide on a screen of {wanted} px"


def require_large_targets(page: Page, least: int = TARGET) -> None:
    """Buttons, fields and links that stand by themselves are `least` px high and wide; see `small_targets.js`."""
    small = page.evaluate(_SMALL_TARGETS, least)
    assert not small, f"{page.url}: {small}"


def require_accessible(page: Page) -> None:
    """No violation of WCAG 2.2 A and AA that axe can find."""
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    found = Axe().run(page, options=options)
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"
