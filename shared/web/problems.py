"""Errors as RFC 9457 problems: one table from exception to status, type and Chinese title, for every service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Response, current_app, json, request
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from shared import errors
from shared.logging import get_logger
from shared.request_context import current_request_id, short_number
from shared.web import refusals
from shared.web.words import field_errors

log = get_logger(__name__)
MEDIA_TYPE = "application/problem+json"
_TYPE = "urn:xiangzhi:problem:"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: its status, the last part of its type, its title, and a detail where nobody gives one."""

    status: int
    name: str
    title: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem as it is sent. `errors` maps dotted field paths to sentences."""

    kind: Kind
    detail: str
    errors: Mapping[str, list[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """The members of RFC 9457, and `number`: what a person reads out and the operator finds in the logs."""
        request_id = current_request_id() or ""
        return {
            "type": _TYPE + self.kind.name,
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            "instance": f"urn:xiangzhi:request:{request_id}",
            "number": short_number(request_id),
            **({"errors": dict(self.errors)} if self.errors else {}),
        }


_BROKEN = "服务出了意外，这次填写的内容没有保存。请过几分钟再试；如果还是这样，请把编号 {number} 告诉乡镇管理员。"
INTERNAL = Kind(500, "internal", "服务出了意外", _BROKEN)
INVALID = Kind(422, "invalid", "填写的内容需要修改", "有几处填写得不对，请按提示修改后重新提交。")
UNAVAILABLE = Kind(503, "unavailable", "服务暂时不可用", "数据库现在太忙或连不上，内容没有保存。请过一分钟再试。")
CONFLICT = Kind(409, "conflict", "现在不能这样办", "这条记录与已有的记录重复或有冲突，没有保存。请刷新后再看。")

# The one table: the first class that fits wins.
_EXCEPTIONS: tuple[tuple[type[Exception], Kind], ...] = (
    (errors.Invalid, INVALID),
    (errors.NotFound, Kind(404, "not-found", "没有找到")),
    (errors.Forbidden, Kind(403, "forbidden", "没有这项权限")),
    (errors.Conflict, CONFLICT),
    (errors.Stale, Kind(412, "stale", "内容已被别人改过")),
    (errors.TooMany, Kind(429, "too-many", "尝试次数太多")),
    (errors.Unavailable, UNAVAILABLE),
    (errors.NoRoom, Kind(507, "no-room", "放不下了")),
    (refusals.Unauthenticated, Kind(401, "unauthenticated", "请先登录")),
    (refusals.Malformed, Kind(400, "malformed", "请求无法识别")),
    (refusals.PreconditionRequired, Kind(428, "precondition-required", "请先打开最新内容")),
    (refusals.UnsupportedMedia, Kind(415, "unsupported-media-type", "内容的类型不对")),
    (refusals.TooLarge, Kind(413, "too-large", "内容太大")),
    (refusals.BadUpstream, Kind(502, "bad-upstream", "服务没有正常答复")),
    (refusals.UpstreamTimeout, Kind(504, "upstream-timeout", "服务没有及时答复")),
    (IntegrityError, CONFLICT),
    (StaleDataError, CONFLICT),
    (DataError, INVALID),
    # A whole number of more than 64 bits, which SQLite's driver refuses in its own way.
    (OverflowError, INVALID),
    (OperationalError, UNAVAILABLE),
    (PoolTimeout, UNAVAILABLE),
)
_STATUSES: dict[int, Kind] = {
    kind.status: kind
    for kind in (
        Kind(400, "malformed", "请求无法识别", "提交的内容无法识别，请检查格式后重新提交。"),
        Kind(401, "unauthenticated", "请先登录", "请先登录，再做这件事。"),
        Kind(403, "forbidden", "没有这项权限", "您的职责不包括这项工作。如需办理，请联系乡镇管理员。"),
        Kind(404, "not-found", "没有找到", "没有这个页面或记录，它可能已被移走。请检查地址，或从首页重新进入。"),
        Kind(405, "method-not-allowed", "不能这样操作", "这个地址不支持这种操作，请从页面上的按钮进入。"),
        Kind(406, "not-acceptable", "没有这种格式", "没有您要的格式，请改用 JSON。"),
        Kind(408, "timeout", "提交超时", "内容没有传完，请在网络好一些的地方重新提交。"),
        Kind(
            411,
            "length-required",
            "缺少内容长度",
            "请求没有说明内容有多长，没有接收。请带上 Content-Length 重新提交，最多 {limit} MB。",
        ),
        Kind(413, "too-large", "内容太大", "文件或内容超过了上限 {limit} MB，请压缩或拆成几份后再提交。"),
        Kind(414, "address-too-long", "地址太长", "地址太长，请减少筛选条件后再试。"),
        Kind(415, "unsupported-media-type", "内容的类型不对", "这里不接受这种类型的内容，请使用 JSON。"),
        Kind(416, "range", "范围不对", "要的那一段不存在，请重新下载整个文件。"),
        Kind(422, "invalid", "填写的内容需要修改", INVALID.detail),
        Kind(428, "precondition-required", "请先打开最新内容", "请先打开最新内容，再修改。"),
        Kind(429, "too-many", "尝试次数太多", "尝试次数太多，请过一会儿再试。"),
        Kind(431, "header-too-large", "请求头太大", "请求带的信息太多，请清除浏览器的缓存后再试。"),
        Kind(502, "bad-upstream", "服务没有正常答复", "这项服务没有正常答复，请过一分钟再试。"),
        Kind(503, "unavailable", "服务暂时不可用", UNAVAILABLE.detail),
        Kind(504, "upstream-timeout", "服务没有及时答复", "这项服务没有及时答复，请过一分钟再试。"),
        INTERNAL,
    )
}


def problem_of(error: Exception) -> Problem:
    """The problem that `error` is. What nobody expected is logged with its traceback and told with a number only."""
    for cls, kind in _EXCEPTIONS:
        if isinstance(error, cls):
            return _known(error, kind)
    if isinstance(error, HTTPException) and error.code in _STATUSES:
        return _of_http(error)
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return _known(error, UNAVAILABLE)
    log.exception("request.failed", path=request.path, method=request.method)
    return Problem(INTERNAL, INTERNAL.detail.format(number=short_number(current_request_id() or "")))


def _known(error: Exception, kind: Kind) -> Problem:
    if isinstance(error, errors.DomainError):
        headers = {"Retry-After": str(error.retry_after)} if isinstance(error, errors.TooMany) else {}
        return Problem(kind, error.detail, error.errors, headers)
    log.warning("request.database_refused", path=request.path, error=type(error).__name__, exc_info=error)
    headers = {"Retry-After": "60"} if kind is UNAVAILABLE else {}
    return Problem(kind, kind.detail, headers=headers)


def _of_http(error: HTTPException) -> Problem:
    kind = _STATUSES[error.code or 500]
    if kind is INTERNAL:
        log.error("request.aborted", path=request.path, exc_info=error)
    found = field_errors(getattr(error, "data", {}).get("messages", {}))
    limit = (current_app.config.get("MAX_CONTENT_LENGTH") or 0) // 1024 // 1024
    detail = kind.detail.format(limit=limit, number=short_number(current_request_id() or ""))
    headers = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After", "Content-Range"}}
    return Problem(kind, detail, found, headers)


def problem_response(problem: Problem) -> Response:
    """The JSON answer of a service."""
    return Response(
        json.dumps(problem.body()),
        status=problem.kind.status,
        mimetype=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **problem.headers},
    )
