"""ETags from `version` columns: an edit names the version that it was made on, and never overwrites another's."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Response, g, request

from shared.errors import Stale
from shared.web.refusals import PreconditionRequired

View = TypeVar("View", bound=Callable[..., Any])
_VERSION = re.compile(r'(?:W/)?"v(\d{1,18})"')


def etag_of(version: int) -> str:
    """`"v3"` for version 3."""
    return f'"v{version}"'


def set_version(version: int) -> None:
    """Let the answer of this request carry the record's version as its ETag."""
    g.record_version = version


def conditional(*, required: bool = True) -> Callable[[View], View]:
    """Mark a view that edits what someone has looked at: it takes `If-Match`, and the description says so.

    Stands below `allow`. Where `required`, a request without one is refused before anything of it is parsed; else
    the view heeds what is given. The view passes `expected_version()` (or `given_version()`) to the domain.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(*args: Any, **kwargs: Any) -> Any:
            if required:
                expected_version()
            return view(*args, **kwargs)

        checked._apidoc = {**getattr(view, "_apidoc", {}), "conditional": required}  # type: ignore[attr-defined]
        return cast(View, checked)

    return decorate


def given_version() -> int | None:
    """The version in `If-Match`; None without one. Pages send what they showed, who only knows the act need not."""
    return expected_version() if request.headers.get("If-Match") else None


def expected_version() -> int:
    """The version in `If-Match`, for the domain function that edits.

    Raises PreconditionRequired where the header is missing, Stale where it is none of ours.
    """
    header = request.headers.get("If-Match", "").strip()
    if not header:
        raise PreconditionRequired("修改前请先打开这条记录的最新内容（请求要带上 If-Match）。")
    match = _VERSION.fullmatch(header)
    if match is None:
        raise Stale("您打开的不是这条记录的最新内容，请刷新后再改。")
    return int(match[1])


def require_version(current: int, expected: int) -> None:
    """Raise Stale unless the record is still at the version that the edit was made on."""
    if current != expected:
        raise Stale("您打开之后，这条记录已被别人改过。请刷新，看过最新内容后再改，您填的内容请先留底。")


def send_version(response: Response) -> Response:
    """Put the ETag on a successful answer; a reader who has this version gets 304."""
    if response.status_code >= 400:
        return response
    if (version := g.get("record_version")) is not None:
        response.headers["ETag"] = etag_of(version)
        response.headers.setdefault("Cache-Control", "no-cache")
        if request.method in {"GET", "HEAD"}:
            response.make_conditional(request)
    return response
