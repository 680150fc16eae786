"""Names are found by sound."""

from __future__ import annotations

import pytest

from shared.privacy import clean_query, pinyin_of


@pytest.mark.parametrize(
    ("name", "full", "initials"),
    [
        ("石桂花", "shiguihua", "sgh"),
        ("覃大山", "qindashan", "qds"),
        ("单老三", "shanlaosan", "sls"),
        ("曾小满", "zengxiaoman", "zxm"),
        ("仇立夏", "qiulixia", "qlx"),
        ("查秋分", "zhaqiufen", "zqf"),
        ("解白露", "xiebailu", "xbl"),
        ("乐冬至", "yuedongzhi", "ydz"),
        ("欧阳小芳", "ouyangxiaofang", "oyxf"),
        ("吕立春", "lvlichun", "llc"),
        ("阿依古丽·买买提", "ayigulimaimaiti", "ayglmmt"),
    ],
)
def test_surnames_are_read_as_surnames(name: str, full: str, initials: str) -> None:
    assert pinyin_of(name) == (full, initials)


def test_a_query_is_folded_like_the_index() -> None:
    assert clean_query(" Lü Li Chun ") == "lvlichun"
    assert clean_query("ＳＧＨ") == "sgh"
