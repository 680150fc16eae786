"""Names of people: one form for the dot in minority names, and where the surname ends."""

from __future__ import annotations

import re
import unicodedata

from shared.errors import Invalid

DOT = "·"
_OTHER_DOTS = re.compile(r"[•‧・･∙⋅．.]")
_ALLOWED = re.compile(rf"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff〇A-Za-z{DOT} ]+")
LONGEST = 60

_COMPOUND = (
    "欧阳上官司马诸葛夏侯皇甫尉迟公孙慕容令狐长孙宇文司徒司空东方西门南宫独孤轩辕端木百里东郭呼延钟离闻人澹台公冶申屠太史淳于"
    "单于鲜于仲孙赫连万俟拓跋第五左丘梁丘谷梁公羊太叔濮阳闾丘宗政公西漆雕乐正壤驷巫马亓官司寇子车颛孙南门羊舌"
)
COMPOUND_SURNAMES = frozenset(_COMPOUND[start : start + 2] for start in range(0, len(_COMPOUND), 2))


def clean_name(text: str) -> str:
    """The name as it is stored: no blanks around or inside Chinese names, one kind of dot.

    Raises Invalid for an empty name or one with signs that no name has.
    """
    name = _OTHER_DOTS.sub(DOT, unicodedata.normalize("NFKC", text).strip())
    if not re.search(r"[A-Za-z]", name):
        name = re.sub(r"\s+", "", name)
    if not name:
        raise Invalid("请填写姓名。")
    if len(name) > LONGEST or not _ALLOWED.fullmatch(name) or name.strip(DOT) != name:
        raise Invalid("姓名里只能有汉字、字母和间隔号“·”，请核对后重新填写。")
    return name


def split_name(name: str) -> tuple[str, str]:
    """Surname and given name; a compound surname only when a given name is left. Names with a dot have no surname."""
    if DOT in name or len(name) < 2:
        return "", name
    if len(name) > 2 and name[:2] in COMPOUND_SURNAMES:
        return name[:2], name[2:]
    return name[:1], name[1:]
