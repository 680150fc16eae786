"""What every page must be: whole on its screen, with targets that a thumb finds, and readable for everybody."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page

# Links inside a sentence are exempt (WCAG 2.5.8); everything else must be 44 px high.
_SMALL_TARGETS = """() => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, summary')]
  .filter((each) => each.checkVisibility({ visibilityProperty: true }))
  .filter((each) => !each.closest('p, li p, dd, label, h2, h3, .hidden-words'))
  .map((each) => [each, each.getBoundingClientRect()])
  .filter(([each, box]) => box.width > 0 && box.bottom > 0 && box.right > 0 && box.height < 43.5)
  .map(([each, box]) => `${each.tagName} ${(each.textContent || each.name).trim()} ${box.height.toFixed(1)}`)"""


def require_whole_on_screen(page: Page) -> None:
    """Nothing sticks out to the side."""
    width, wanted = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert width <= wanted, f"{page.url} is {width} px wide on a screen of {wanted} px"


def require_large_targets(page: Page) -> None:
    """Every button, link of its own and field is at least 44 px high."""
    small = page.evaluate(_SMALL_TARGETS)
    assert not small, f"{page.url}: {small}"


def require_accessible(page: Page) -> None:
    """No violation of WCAG 2.2 A and AA that axe can find."""
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    found = Axe().run(page, options=options)
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"
