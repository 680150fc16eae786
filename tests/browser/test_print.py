"""What people hang on the wall: printed by the browser itself, and its sheets counted."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, NewVisitor

# A3 lying on its long side, in points of 1/72 inch, rounded.
A3_LANDSCAPE = (1191, 842)
_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_TYPE_SIZE = re.compile(rb"/F\d+ ([\d.]+) Tf")
_LARGER = """times => {
  const all = document.querySelector(".wall-groups"), groups = [...all.children];
  for (let round = 1; round < times; round++) groups.forEach(group => all.append(group.cloneNode(true)));
}"""


def printed(page: Page) -> bytes:
    """The page as Chromium prints it, on the paper that the page asks for."""
    return page.pdf(prefer_css_page_size=True, print_background=True)


def paper_of(document: bytes) -> set[tuple[int, int]]:
    """The papers' sizes."""
    boxes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)\s*\]", document)
    return {(round(float(width)), round(float(height))) for width, height in boxes}


def sheets_of(document: bytes) -> int:
    """How many sheets it takes."""
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", document))


def largest_type(document: bytes) -> Iterator[float]:
    """The largest type on each sheet."""
    for found in _STREAM.finditer(document):
        try:
            drawing = zlib.decompress(found[1])
        except zlib.error:
            continue
        sizes = [float(size) for size in _TYPE_SIZE.findall(drawing)]
        if sizes:
            yield max(sizes)


def test_the_board_of_each_village_is_one_sheet_of_a3(visitor: NewVisitor) -> None:
    person = visitor(DESKTOP)
    page = person.open("/boards")
    addresses = page.locator("main a.row").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    newest = {address.rpartition("/")[2]: address for address in reversed(addresses)}
    assert len(newest) == 4
    households = []
    for address in newest.values():
        person.open(address)
        households.append(page.locator(".households li").count())
        document = printed(page)
        assert (sheets_of(document), paper_of(document)) == (1, {A3_LANDSCAPE})
    # The largest of the four is larger than a usual village.
    assert max(households) > 160


def test_the_board_of_a_larger_village_goes_on_under_the_same_head(visitor: NewVisitor) -> None:
    person = visitor(DESKTOP)
    page = person.open("/boards")
    page.locator("main a.row").first.click()
    expect(page.locator(".wall-groups")).to_be_visible()
    [title] = largest_type(printed(page))
    page.evaluate(_LARGER, 3)
    heads = list(largest_type(printed(page)))
    assert len(heads) > 1
    assert heads == [title] * len(heads)
