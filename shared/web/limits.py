"""How much a request may bring, on every route of every service alike.

A body that says that it is too large is refused before its first byte is read, as is one without a file that does not
say how large it is: whoever reads it would cut it off at the limit, and what was left would be stored as the whole.
"""

from __future__ import annotations

from typing import IO, Any
from urllib.parse import quote

from flask import Request, current_app, request
from werkzeug.exceptions import LengthRequired, RequestEntityTooLarge, RequestHeaderFieldsTooLarge, RequestURITooLarge
from werkzeug.formparser import FormDataParser

from shared.disk import require_room
from shared.web.refusals import TooLarge

_MB = 1024 * 1024
MOST_WORDS = 4 * _MB
"""Bytes of a body that is no file: it is held in memory, as text and again as what was read from it."""
MOST_FILES = 10
"""Of one form. Views read one; a browser sends an empty part for each field that was left empty too."""
LONGEST_ADDRESS = 8 * 1024
MOST_IN_HEADERS = 32 * 1024


class FewFiles(FormDataParser):
    """Reads forms with a handful of files."""

    def parse(self, stream: IO[bytes], mimetype: str, content_length: int | None, options: Any = None) -> Any:
        """Raises TooLarge for more files."""
        rest, form, files = super().parse(stream, mimetype, content_length, options)
        if sum(1 for _ in files.items(multi=True)) > MOST_FILES:
            raise TooLarge("一次带来的文件太多，没有接收。请一个一个上传。")
        return rest, form, files


class LimitedRequest(Request):
    """Flask's request with these limits on its forms."""

    form_data_parser_class = FewFiles


def refuse_too_much() -> None:
    """A body that says that it is beyond the limit, one with a file when the disk is nearly full, an endless address.

    A form with files that does not say how long it is gets cut off at the limit, and can then not be read as one.
    """
    if len(quote(request.path)) + len(request.query_string) > LONGEST_ADDRESS:
        raise RequestURITooLarge
    if sum(len(name) + len(value) for name, value in request.headers.items()) > MOST_IN_HEADERS:
        raise RequestHeaderFieldsTooLarge
    length, most = request.content_length or 0, current_app.config["MAX_CONTENT_LENGTH"]
    if most is not None and length > most:
        raise RequestEntityTooLarge
    if request.mimetype == "multipart/form-data":
        require_room(current_app.database.service, length)  # type: ignore[attr-defined]
    elif request.content_length is None and "chunked" in request.headers.get("Transfer-Encoding", "").lower():
        raise LengthRequired
    elif length > MOST_WORDS:
        raise TooLarge(f"提交的内容有 {-(-length // _MB)} MB，最多 {MOST_WORDS // _MB} MB，没有接收。请分成几次提交。")
