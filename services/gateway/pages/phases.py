"""How far an uploaded sheet is, in words: the same for every kind of sheet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.gateway.pages.wording import _
from services.gateway.pages.words import count_words, duration_words


def phase_words(data: Mapping[str, Any]) -> str:
    """What is being done to a sheet now, by its `phase`, `done` and `total`."""
    done, total = count_words(int(data["done"])), count_words(int(data["total"]))
    return {
        "waiting": _("排队中，前面的做完就开始检查"),
        "reading": _("正在逐行检查：%(total)s 行，查完 %(done)s 行", total=total, done=done),
        "writing": _("%(total)s 行都查完了，正在保存", total=total),
        "posting": _("正在记账"),
    }.get(str(data["phase"]), "")


def eta_words(data: Mapping[str, Any]) -> str:
    """How long the checking takes yet; nothing where nobody can say."""
    eta = data.get("eta_seconds")
    return _("还要%(time)s", time=duration_words(eta)) if eta else ""
