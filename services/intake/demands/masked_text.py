"""Public text: what could tell who asked is taken out before it is stored."""

from __future__ import annotations

import re

from shared.privacy import mask_name

_IDENTITY = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
_MOBILE = re.compile(r"(?<!\d)1[3-9]\d[\s-]?\d{4}[\s-]?\d{4}(?!\d)")
_LANDLINE = re.compile(r"(?<!\d)0\d{2,3}[\s-]?[1-9]\d{6,7}(?!\d)")


def mask_text(text: str, *names: str) -> str:
    """`text` without identity numbers and phones, and with the public form of `names`."""
    for pattern, word in ((_IDENTITY, "〔证件号〕"), (_MOBILE, "〔电话〕"), (_LANDLINE, "〔电话〕")):
        text = pattern.sub(word, text)
    for name in names:
        if len(name) > 1:
            text = text.replace(name, mask_name(name))
    return text
