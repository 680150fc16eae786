"""The parser's sentences in Chinese: each that the libraries can say has ours."""

from __future__ import annotations

import re
from typing import Any

import pytest
from marshmallow import Schema, fields, validate
from webargs import fields as webargs_fields

from shared.web.words import FALLBACK, field_errors, in_chinese

CHINESE = re.compile("[\u4e00-\u9fff]")


def messages_of_fields() -> list[str]:
    """Every default message of every field class, with its placeholders filled."""
    found = []
    for module in (fields, webargs_fields):
        for cls in vars(module).values():
            if isinstance(cls, type) and issubclass(cls, fields.Field):
                found += list(getattr(cls, "default_error_messages", {}).values())
    filled = {"input": "x", "obj_type": "datetime", "awareness": "aware"}
    return sorted({re.sub(r"\{(\w+)(?:!r)?\}", lambda match: filled.get(match[1], "x"), message) for message in found})


@pytest.mark.parametrize("message", messages_of_fields())
def test_every_message_of_a_field_has_a_sentence_of_its_own(message: str) -> None:
    assert in_chinese(message) != FALLBACK
    assert CHINESE.search(in_chinese(message))


@pytest.mark.parametrize(
    ("validator", "value", "sentence"),
    [
        (validate.Range(1, 5), 9, "应在 1 到 5 之间。"),
        (validate.Range(min=1), 0, "不能小于 1。"),
        (validate.Range(max=5), 9, "不能大于 5。"),
        (validate.Range(min=1, min_inclusive=False), 1, "应大于 1。"),
        (validate.Range(max=5, max_inclusive=False), 5, "应小于 5。"),
        (validate.Range(1, 5, min_inclusive=False), 9, "应大于 1，不超过 5。"),
        (validate.Range(1, 5, max_inclusive=False), 9, "应不小于 1，小于 5。"),
        (validate.Range(1, 5, min_inclusive=False, max_inclusive=False), 9, "应在 1 和 5 之间（不含两端）。"),
        (validate.Length(1), "", "这一项不能为空。"),
        (validate.Length(3), "a", "太短了，至少要 3 个字（个）。"),
        (validate.Length(max=3), "abcd", "太长了，最多 3 个字（个）。"),
        (validate.Length(1, 3), "abcd", "应为 1 到 3 个字（个）。"),
        (validate.Length(equal=12), "abcd", "应为 12 个。"),
        (validate.OneOf(["甲", "乙"]), "丙", "只能是下面几种之一：甲, 乙。"),
        (validate.ContainsOnly(["甲"]), ["丙"], "只能从这些里选：甲。"),
        (validate.ContainsNoneOf(["丙"]), ["丙"], "不能选这些：丙。"),
        (validate.NoneOf(["丙"]), "丙", "这一项的内容不对。"),
        (validate.Regexp("[0-9]+"), "a", "格式不对，请按示例填写。"),
        (validate.Equal(5), 4, "应为 5。"),
        (validate.Email(), "a", "电子邮箱的格式不对。"),
        (validate.URL(), "a", "网址的格式不对。"),
    ],
)
def test_every_validator_has_a_sentence(validator: Any, value: object, sentence: str) -> None:
    schema = Schema.from_dict({"field": fields.Raw(validate=validator)})()
    assert field_errors({"json": schema.validate({"field": value})}) == {"field": [sentence]}


def test_nested_errors_become_paths() -> None:
    row = Schema.from_dict({"quantity": fields.Integer(required=True)})
    schema = Schema.from_dict({"rows": fields.List(fields.Nested(row)), "tags": fields.List(fields.String())})()
    errors = schema.validate({"rows": [{"quantity": 1}, {}, {"quantity": "x"}], "tags": ["a", 5], "more": 1})
    assert field_errors({"json": errors}) == {
        "rows.1.quantity": ["这一项必须填写。"],
        "rows.2.quantity": ["请填写整数。"],
        "tags.1": ["这一项应为文字。"],
        "more": ["没有这一项，请去掉。"],
    }


def test_a_chinese_sentence_stays_and_an_unknown_english_one_is_replaced() -> None:
    assert in_chinese("身份证号少了最后几位。") == "身份证号少了最后几位。"
    assert in_chinese("Something new in the library.") == FALLBACK
