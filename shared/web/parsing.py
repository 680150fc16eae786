"""How bodies are read: what can't be stored or understood is refused here, in words, before any schema sees it."""

from __future__ import annotations

from typing import Any

from webargs.flaskparser import FlaskParser

from shared.web.refusals import Malformed, UnsupportedMedia


class BodyParser(FlaskParser):
    """The parser of all routes: a body that is not JSON is said to be so, rather than taken for an empty one."""

    def load_json(self, req: Any, schema: Any) -> Any:
        if not req.is_json and req.content_length:
            raise UnsupportedMedia("这里只接受 JSON 格式的内容（Content-Type: application/json）。")
        try:
            body = super().load_json(req, schema)
            _require_storable(body)
        except RecursionError as error:
            raise Malformed("提交的内容层数太多，无法识别。") from error
        except ValueError as error:
            # A number of thousands of digits; malformed JSON has become a problem already.
            raise Malformed("提交的内容里有无法识别的数字或文字，请检查后重新提交。") from error
        return body


def _require_storable(part: Any) -> None:
    """Raise Malformed for text that no database takes: NUL, and halves of signs (lone surrogates)."""
    if isinstance(part, str):
        if "\0" in part or any("\ud800" <= sign <= "\udfff" for sign in part):
            raise Malformed("文字里有无法保存的字符，请删去后重新提交。")
    elif isinstance(part, dict):
        for name, value in part.items():
            _require_storable(name)
            _require_storable(value)
    elif isinstance(part, list):
        for value in part:
            _require_storable(value)
