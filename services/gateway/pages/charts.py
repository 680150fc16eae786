"""Charts made by the server: SVG bars from zero with a title, a description and the table behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

# Drawn for a phone's width, the label above its bar, so that the words stay readable there; wide screens enlarge it.
_WIDTH, _SIDE, _VALUE, _ROW, _BAR, _WORDS = 380, 8, 96, 58, 20, 24


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
    height = _ROW * len(bars) + 12
    most_up = max((bar.up for bar in bars), default=0.0)
    most_down = 0.0 if plain else max((bar.down for bar in bars), default=0.0)
    left = _SIDE + (_VALUE if most_down else 0)
    scale = (_WIDTH - left - _VALUE) / ((most_up + most_down) or 1)
    zero = left + most_down * scale
    parts = [
        Markup('<svg viewBox="0 0 {} {}" role="img"><title>{}</title><desc>{}</desc>').format(
            _WIDTH, height, title, description
        )
    ]
    for index, bar in enumerate(bars):
        top = index * _ROW + 4
        parts.append(_text(_SIDE, top + 18, bar.label, "start"))
        parts.append(_bar(zero, top + _WORDS, bar.up * scale, "bar-main" if plain else "bar-up"))
        parts.append(_text(zero + bar.up * scale + 6, top + _WORDS + 15, bar.up_text, "start"))
        if bar.down and not plain:
            parts.append(_bar(zero - bar.down * scale, top + _WORDS, bar.down * scale, "bar-down"))
            parts.append(_text(zero - bar.down * scale - 6, top + _WORDS + 15, bar.down_text, "end"))
        parts.append(
            Markup('<line class="axis" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>').format(
                zero, top + _WORDS - 3, top + _WORDS + _BAR + 3
            )
        )
    parts.append(Markup("</svg>"))
    return Markup("").join(parts)


def _bar(x: float, top: float, width: float, kind: str) -> Markup:
    return Markup('<rect class="{}" x="{:.1f}" y="{}" width="{:.1f}" height="{}"/>').format(kind, x, top, width, _BAR)


def _text(x: float, y: float, words: str, anchor: str) -> Markup:
    return Markup('<text x="{:.1f}" y="{}" text-anchor="{}">{}</text>').format(x, y, anchor, escape(words))
