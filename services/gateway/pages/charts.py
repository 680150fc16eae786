"""Charts made by the server: SVG bars from zero with a title, a description and the table behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

_WIDTH, _LABEL, _VALUE, _ROW, _BAR = 640, 130, 120, 40, 22


@dataclass(frozen=True, slots=True)
class Chart:
    """What the chart frame shows: the drawing, and the same figures as a table."""

    title: str
    svg: Markup
    columns: Sequence[tuple[str, str, str]]
    rows: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a chart: `up` and `down` are magnitudes in the same unit, `down` drawn to the left of zero."""

    label: str
    up: float
    down: float = 0.0
    up_text: str = ""
    down_text: str = ""


def horizontal_bars(
    title: str, description: str, bars: Sequence[Bar], *, headings: tuple[str, str, str], plain: bool = False
) -> Chart:
    """Bars from zero, up to the right and down to the left, each with its value beside it.

    `headings` name the label, up and down columns of the table. `plain` draws one colour to the right only.
    """
    label, up, down = headings
    columns = [("label", label, "text"), ("up", up, "number")] + ([] if plain else [("down", down, "number")])
    rows = [{"label": bar.label, "up": bar.up_text, "down": bar.down_text} for bar in bars]
    return Chart(title, _draw(title, description, bars, plain), columns, rows)


def _draw(title: str, description: str, bars: Sequence[Bar], plain: bool) -> Markup:
    height = _ROW * len(bars) + 16
    most_up = max((bar.up for bar in bars), default=0.0)
    most_down = 0.0 if plain else max((bar.down for bar in bars), default=0.0)
    left = _LABEL + (_VALUE if most_down else 0)
    room = _WIDTH - left - _VALUE
    scale = room / ((most_up + most_down) or 1)
    zero = left + most_down * scale
    parts = [
        Markup('<svg viewBox="0 0 {} {}" role="img"><title>{}</title><desc>{}</desc>').format(
            _WIDTH, height, title, description
        )
    ]
    for index, bar in enumerate(bars):
        top = 8 + index * _ROW
        middle = top + _ROW // 2 + 5
        parts.append(Markup('<text x="8" y="{}">{}</text>').format(middle, bar.label))
        kind = "bar-main" if plain else "bar-up"
        parts.append(_bar(zero, top, bar.up * scale, kind))
        parts.append(_text(zero + bar.up * scale + 6, middle, bar.up_text, "start"))
        if not plain and bar.down:
            parts.append(_bar(zero - bar.down * scale, top, bar.down * scale, "bar-down"))
        if not plain and bar.down_text and bar.down:
            parts.append(_text(zero - bar.down * scale - 6, middle, bar.down_text, "end"))
    parts.append(Markup('<line class="axis" x1="{0:.1f}" x2="{0:.1f}" y1="4" y2="{1}"/></svg>').format(zero, height - 4))
    return Markup("").join(parts)


def _bar(x: float, top: int, width: float, kind: str) -> Markup:
    return Markup('<rect class="{}" x="{:.1f}" y="{}" width="{:.1f}" height="{}"/>').format(
        kind, x, top + (_ROW - _BAR) // 2, width, _BAR
    )


def _text(x: float, y: int, words: str, anchor: str) -> Markup:
    return Markup('<text x="{:.1f}" y="{}" text-anchor="{}">{}</text>').format(x, y, anchor, escape(words))
