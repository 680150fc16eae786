"""What the parser found wrong, in plain Chinese: the library's English sentences never reach a person."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

FALLBACK = "这一项填写得不对，请检查后重新填写。"

# (marshmallow's or webargs' sentence as a pattern, ours). The first match wins; groups may be used.
_SENTENCES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL), sentence)
    for pattern, sentence in (
        (r"Missing data for required field\.", "这一项必须填写。"),
        (r"Field may not be null\.", "这一项不能为空。"),
        (r"Invalid value\.", "这一项的内容不对。"),
        (r"Invalid type\.", "这一项的格式不对。"),
        (r"Invalid input type\.", "提交的内容格式不对，应为一组“名称：内容”。"),
        (r"Unknown field\.", "没有这一项，请去掉。"),
        (r"Not a valid (?:delimited )?list\.", "这一项应为一列内容。"),
        (r"Not a valid (?:delimited )?tuple\.", "这一项应为一组固定个数的内容。"),
        (r"Length must be (\d+)\.", r"应为 \1 个。"),
        (r"Not a valid string\.", "这一项应为文字。"),
        (r"Not a valid utf-8 string\.", "文字的编码不对，应为 UTF-8。"),
        (r"Not a valid UUID\.", "编号的格式不对。"),
        (r"Not a valid number\.", "请填写数字。"),
        (r"Number too large\.", "数字太大了。"),
        (r"Special numeric values.*", "请填写普通的数字。"),
        (r"Not a valid integer\.", "请填写整数。"),
        (r"Not a valid boolean\.", "请选“是”或“否”。"),
        (r"Not a valid (?:naive |aware )?datetime\.", "时间的格式不对，例如 2026-10-05T09:30:00+08:00。"),
        (r"Not a valid (?:naive |aware )?time\.", "时刻的格式不对，例如 09:30。"),
        (r"Not a valid date\.", "日期的格式不对，例如 2026-10-05。"),
        (r"Not a valid period of time\.", "时长的格式不对。"),
        (r".* cannot be formatted as a .*", "日期或时间的格式不对。"),
        (r"Not a valid mapping type\.", "这一项应为一组“名称：内容”。"),
        (r"Not a valid URL\.", "网址的格式不对。"),
        (r"Not a valid email address\.", "电子邮箱的格式不对。"),
        (r"Not a valid IP(?:v4|v6)? (?:address|interface)\.", "网络地址的格式不对。"),
        (r"Must be one of: (.*)\.", r"只能是下面几种之一：\1。"),
        (r"Must be greater than or equal to (\S+) and less than or equal to (\S+)\.", r"应在 \1 到 \2 之间。"),
        (r"Must be greater than (\S+) and less than or equal to (\S+)\.", r"应大于 \1，不超过 \2。"),
        (r"Must be greater than or equal to (\S+) and less than (\S+)\.", r"应不小于 \1，小于 \2。"),
        (r"Must be greater than (\S+) and less than (\S+)\.", r"应在 \1 和 \2 之间（不含两端）。"),
        (r"Must be greater than or equal to (\S+)\.", r"不能小于 \1。"),
        (r"Must be greater than (\S+)\.", r"应大于 \1。"),
        (r"Must be less than or equal to (\S+)\.", r"不能大于 \1。"),
        (r"Must be less than (\S+)\.", r"应小于 \1。"),
        (r"Shorter than minimum length 1\.", "这一项不能为空。"),
        (r"Shorter than minimum length (\d+)\.", r"太短了，至少要 \1 个字（个）。"),
        (r"Longer than maximum length (\d+)\.", r"太长了，最多 \1 个字（个）。"),
        (r"Length must be between (\d+) and (\d+)\.", r"应为 \1 到 \2 个字（个）。"),
        (r"Must be equal to (.*)\.", r"应为 \1。"),
        (r"String does not match expected pattern\.", "格式不对，请按示例填写。"),
        (r"Invalid input\.", "这一项的内容不对。"),
        (r"Invalid choice\.", "请从列出的选项里选。"),
        (r"Not a valid choice\.", "请从列出的选项里选。"),
        (r"One or more of the choices you made was not in: (.*)\.", r"只能从这些里选：\1。"),
        (r"One or more of the choices you made was in: (.*)\.", r"不能选这些：\1。"),
        (r"Invalid JSON body\.", "提交的内容不是完整的 JSON。"),
    )
)
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_LOCATIONS = frozenset(
    {"json", "query", "querystring", "form", "files", "headers", "path", "view_args", "json_or_form"}
)


def in_chinese(sentence: str) -> str:
    """Our sentence for the library's; a sentence that is Chinese already stays."""
    for pattern, ours in _SENTENCES:
        if match := pattern.fullmatch(sentence):
            return match.expand(ours)
    return sentence if _CHINESE.search(sentence) else FALLBACK


def field_errors(messages: Any) -> dict[str, list[str]]:
    """The parser's nested messages as dotted field paths (`rows.3.quantity`), without the location, in Chinese."""
    found: dict[str, list[str]] = {}
    if isinstance(messages, Mapping):
        for location, below in messages.items():
            if location in _LOCATIONS:
                _collect(below, "", found)
            else:
                _collect(below, str(location), found)
    else:
        _collect(messages, "", found)
    return found


def _collect(messages: Any, path: str, found: dict[str, list[str]]) -> None:
    if isinstance(messages, Mapping):
        for name, below in messages.items():
            step = "" if name == "_schema" else str(name)
            _collect(below, ".".join(part for part in (path, step) if part), found)
    elif isinstance(messages, list | tuple):
        for message in messages:
            if isinstance(message, Mapping):
                _collect(message, path, found)
            else:
                found.setdefault(path or "_", []).append(in_chinese(str(message)))
    else:
        found.setdefault(path or "_", []).append(in_chinese(str(messages)))
