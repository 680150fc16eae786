"""All words of the pages go through the catalogue."""

from __future__ import annotations

import re

import pytest

from services.gateway.pages.assets import STATIC_DIR

TEMPLATES = STATIC_DIR.parent / "templates"
CHINESE = re.compile(r"[\u4e00-\u9fff]+")
EXPRESSION = re.compile(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
TRANSLATED = re.compile(r"""_\(\s*("[^"]*"|'[^']*')""")


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_a_template_says_nothing_outside_the_catalogue(path: object) -> None:
    text = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)  # type: ignore[attr-defined]
    outside = CHINESE.findall(EXPRESSION.sub("", text))
    untranslated = [
        word for found in EXPRESSION.findall(text) for word in CHINESE.findall(TRANSLATED.sub("", found)) if word
    ]
    assert outside + untranslated == []
