"""QR codes as SVG inside the page: no image request, sharp on paper."""

from __future__ import annotations

import segno
from markupsafe import Markup


def qr_svg(text: str, words: str) -> Markup:
    """A QR code of `text`; `words` say what it holds to those who can't see it."""
    drawn = segno.make(text, error="m").svg_inline(scale=4, border=2, title=words)
    return Markup(drawn)  # noqa: S704 - segno escapes the title and draws the rest
