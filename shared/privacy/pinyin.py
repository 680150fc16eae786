"""Searching names by sound: full pinyin and initials, with the surnames that dictionaries read otherwise."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from shared.privacy.names import split_name

# As a surname, not as the dictionary's first reading.
SURNAMES: dict[str, tuple[str, ...]] = {
    "覃": ("qin",),
    "单": ("shan",),
    "曾": ("zeng",),
    "仇": ("qiu",),
    "查": ("zha",),
    "解": ("xie",),
    "乐": ("yue",),
    "任": ("ren",),
    "华": ("hua",),
    "区": ("ou",),
    "朴": ("piao",),
    "翟": ("zhai",),
    "盖": ("ge",),
    "召": ("shao",),
    "员": ("yun",),
    "缪": ("miao",),
    "种": ("chong",),
    "折": ("she",),
    "重": ("chong",),
    "秘": ("bi",),
    "冼": ("xian",),
    "尉迟": ("yu", "chi"),
    "万俟": ("mo", "qi"),
    "单于": ("chan", "yu"),
    "澹台": ("tan", "tai"),
    "长孙": ("zhang", "sun"),
    "令狐": ("ling", "hu"),
}


def pinyin_of(name: str) -> tuple[str, str]:
    """Full pinyin without blanks or tones, and initials: 石桂花 → (`shiguihua`, `sgh`). `v` stands for ü."""
    surname, given = split_name(name)
    syllables = (*_surname_syllables(surname), *_syllables(given))
    return "".join(syllables)[:120], "".join(syllable[:1] for syllable in syllables)[:20]


def clean_query(text: str) -> str:
    """What someone types into a search field, as it is compared: half-width, lower case, `v` for ü, no blanks."""
    folded = unicodedata.normalize("NFKC", text).strip().lower().replace("ü", "v")
    return re.sub(r"[\s'’]+", "", folded)


@lru_cache(maxsize=2048)
def _surname_syllables(surname: str) -> tuple[str, ...]:
    return SURNAMES.get(surname) or _syllables(surname)


@lru_cache(maxsize=65536)
def _syllables(text: str) -> tuple[str, ...]:
    # Imported here: its dictionaries cost 30 MB, and most processes never ask for a reading.
    from pypinyin import lazy_pinyin

    syllables = [syllable for sign in _chunks(text) for syllable in lazy_pinyin(sign)]
    return tuple(syllable.lower().replace("ü", "v") for syllable in syllables)


def _chunks(text: str) -> list[str]:
    """Runs of Chinese characters, read together for their words, and Latin words."""
    return re.findall(r"[^\W\dA-Za-z_]+|[A-Za-z]+", text)
