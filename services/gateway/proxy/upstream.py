"""The way to a service: one pool of connections per service, with the gateway's word for who asks."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import IO, Any, Self
from urllib.parse import quote, urlsplit

from urllib3 import BaseHTTPResponse, HTTPConnectionPool, Retry, Timeout
from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError, NewConnectionError, ReadTimeoutError
from urllib3.exceptions import TimeoutError as Urllib3Timeout

from shared import tracing
from shared.identity import Principal
from shared.identity.tokens import sign
from shared.logging import get_logger
from shared.request_context import current_request_id
from shared.settings import settings
from shared.topology import Service
from shared.web.refusals import BadUpstream, UpstreamTimeout

log = get_logger(__name__)
CONNECT_SECONDS = 2.0
READ_SECONDS = 60.0
POOL_SIZE = 32
_READ_ONLY = frozenset({"GET", "HEAD", "OPTIONS"})
# Servers close idle connections after half a minute; one that may be closing just now carries no write.
_IDLE_SECONDS = 15.0

_NAMES = {Service.INTAKE: "台账与诉求", Service.POINTS: "积分", Service.PETITIONS: "信访", Service.GATEWAY: "入口"}


class _OnceMore(Retry):
    """A read whose connection broke is asked once more; one that was too slow is not, nor is any write."""

    def increment(self, method: str | None = None, *arguments: Any, **options: Any) -> Self:
        error = options.get("error")
        if isinstance(error, ReadTimeoutError):
            raise error
        return super().increment(method, *arguments, **options)


_READS = _OnceMore(total=1, redirect=0, status=0, backoff_factor=0, raise_on_redirect=False)
_WRITES = Retry(total=0, redirect=0, status=0, raise_on_redirect=False)


class _FreshPool(HTTPConnectionPool):
    """Connections that were idle for long are opened anew."""

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection: Any = super()._get_conn(timeout)
        if time.monotonic() - getattr(connection, "idle_since", 0.0) > _IDLE_SECONDS:
            connection.close()
        return connection

    def _put_conn(self, conn: Any) -> None:
        if conn is not None:
            conn.idle_since = time.monotonic()
        super()._put_conn(conn)


@lru_cache(maxsize=8)
def _pool(url: str) -> HTTPConnectionPool:
    parts = urlsplit(url)
    return _FreshPool(parts.hostname or "127.0.0.1", parts.port or 80, maxsize=POOL_SIZE, block=False)


def ask(
    service: Service,
    method: str,
    path: str,
    principal: Principal,
    *,
    query: str = "",
    headers: dict[str, str] | None = None,
    body: bytes | IO[bytes] | None = None,
    read_seconds: float = READ_SECONDS,
) -> BaseHTTPResponse:
    """Send a request to `service` and return its answer, whose body is still to be read and released.

    `path` is decoded, as it stands in the token. Raises UpstreamTimeout and BadUpstream with words for people.
    """
    current = settings()
    token = sign(principal, service, method, path, key_dir=current.key_dir)
    sent = {
        **(headers or {}),
        "Authorization": f"Bearer {token}",
        "X-Request-ID": current_request_id() or principal.request_id,
    }
    target = quote(path, safe="/:@!$&'()*+,;=~-._") + (f"?{query}" if query else "")
    try:
        with tracing.calling(service, method) as traced:
            return _pool(current.service_urls[service]).urlopen(
                method,
                target,
                body=body,
                headers={**sent, **traced},
                retries=_READS if method in _READ_ONLY else _WRITES,
                redirect=False,
                timeout=Timeout(connect=CONNECT_SECONDS, read=read_seconds),
                preload_content=False,
                decode_content=False,
            )
    except HTTPError as error:
        raise refusal_of(error, service, method) from error


def refusal_of(error: Exception, service: Service, method: str) -> BadUpstream | UpstreamTimeout:
    """What a failed way to a service means to whoever waits."""
    cause: Any = error.reason if isinstance(error, MaxRetryError) else error
    log.warning("upstream.failed", service=service.value, method=method, error=type(cause).__name__)
    name = _NAMES[service]
    doubt = (
        ""
        if method in _READ_ONLY
        else "这次提交可能已经办成，也可能没有：请先刷新看一看，没有的话再提交一次，不会重复。"
    )
    if isinstance(cause, NewConnectionError | ConnectTimeoutError):
        undone = "" if method in _READ_ONLY else "，没有提交"
        return BadUpstream(f"“{name}”这项服务现在没有运行{undone}。请过一分钟再试，或告诉乡镇管理员。")
    if isinstance(cause, ReadTimeoutError | Urllib3Timeout):
        return UpstreamTimeout(f"“{name}”这项服务没有及时答复。{doubt or '请过一分钟再试。'}")
    return BadUpstream(f"“{name}”这项服务没有正常答复。{doubt or '请过一分钟再试。'}")
