"""How pages call a service: over HTTP like everybody, as the person who looks at the page."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from urllib3 import encode_multipart_formdata
from urllib3.exceptions import HTTPError

from services.gateway.clients.problem import ServiceProblem
from services.gateway.proxy.upstream import READ_SECONDS, ask, refusal_of
from shared.errors import DomainError
from shared.identity import Principal
from shared.topology import Service
from shared.web.problems import problem_of
from shared.web.unit_of_work import holds_write_transaction

Query = Mapping[str, str | int | bool | None]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a form, as it goes to a service."""

    name: str
    content: bytes
    media_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Answer:
    """A service's successful answer. `data` is its JSON, None for other kinds, whose bytes are in `content`."""

    status: int
    data: Any
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def version(self) -> int | None:
        """The record's version from the ETag, to be sent with an edit as `version`."""
        tag = self.headers.get("ETag", "").removeprefix("W/").strip('"')
        return int(tag[1:]) if tag.startswith("v") and tag[1:].isdigit() else None

    @property
    def location(self) -> str | None:
        """Where long work can be followed."""
        return self.headers.get("Location")

    @property
    def media_type(self) -> str:
        """The content's type without parameters."""
        return self.headers.get("Content-Type", "").partition(";")[0]


class ServiceClient:
    """Calls one service. Topics add typed methods in a subclass (`clients/points.py`)."""

    service: Service

    def request(
        self,
        method: str,
        path: str,
        principal: Principal,
        *,
        json: Any = None,
        query: Query | None = None,
        files: Mapping[str, Upload] | None = None,
        fields: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        version: int | None = None,
        read_seconds: float = READ_SECONDS,
    ) -> Answer:
        """Send `json`, or a multipart form of `fields` and `files`, as `principal`.

        `path` begins with `/api/`. Raises ServiceProblem with the service's words, or with ours when it is silent.
        Must not be called while this request holds a write transaction: on SQLite the service would wait for it.
        """
        if holds_write_transaction():
            raise RuntimeError("a write transaction must not wait for another service")
        headers, body = _body(json, files, fields)
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        if version is not None:
            headers["If-Match"] = f'"v{version}"'
        try:
            answer = ask(
                self.service,
                method,
                path,
                principal,
                query=_query(query),
                headers=headers,
                body=body,
                read_seconds=read_seconds,
            )
            try:
                content = answer.read(decode_content=True)
            except HTTPError as error:
                raise refusal_of(error, self.service, method) from error
            finally:
                answer.release_conn()
        except DomainError as error:
            raise ServiceProblem(problem_of(error).body()) from error
        return _answer(answer.status, answer.headers, content)

    def get(self, path: str, principal: Principal, **query: str | int | bool | None) -> Answer:
        """Read; None values are left out of the query."""
        return self.request("GET", path, principal, query=query)

    def post(self, path: str, principal: Principal, json: Any = None, *, idempotency_key: str | None = None) -> Answer:
        """Make or do something."""
        return self.request("POST", path, principal, json={} if json is None else json, idempotency_key=idempotency_key)


def _body(
    json: Any, files: Mapping[str, Upload] | None, fields: Mapping[str, str] | None
) -> tuple[dict[str, str], bytes | None]:
    headers = {"Accept": "application/json"}
    if files or fields:
        parts: dict[str, Any] = dict(fields or {})
        parts |= {name: (file.name, file.content, file.media_type) for name, file in (files or {}).items()}
        content, headers["Content-Type"] = encode_multipart_formdata(parts)
        return headers, content
    if json is None:
        return headers, None
    headers["Content-Type"] = "application/json"
    return headers, jsonlib.dumps(json, ensure_ascii=False, separators=(",", ":")).encode()


def _query(query: Query | None) -> str:
    pairs = [
        (name, str(value).lower() if isinstance(value, bool) else value)
        for name, value in (query or {}).items()
        if value is not None and value != ""
    ]
    return urlencode(pairs)


def _answer(status: int, headers: Mapping[str, str], content: bytes) -> Answer:
    media_type = headers.get("Content-Type", "").partition(";")[0]
    data = jsonlib.loads(content) if content and media_type.endswith(("/json", "+json")) else None
    if status >= 400:
        raise ServiceProblem(data if isinstance(data, dict) else _unreadable(status))
    return Answer(status, data, content, headers)


def _unreadable(status: int) -> dict[str, Any]:
    return {
        "type": "urn:xiangzhi:problem:bad-upstream",
        "title": "服务没有正常答复",
        "status": status,
        "detail": "这项服务没有正常答复，请过一分钟再试；如果还是这样，请告诉乡镇管理员。",
    }
