"""`/api/{intake,points,petitions}/…`: forwarded as they are, with who asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from flask import Blueprint, Response, request
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError
from werkzeug.exceptions import LengthRequired, NotFound

from services.gateway.proxy.headers import inward, outward
from services.gateway.proxy.upstream import ask
from shared.identity import Role
from shared.logging import get_logger
from shared.topology import Service
from shared.web import allow, current_principal

log = get_logger(__name__)
blueprint = Blueprint("proxy", __name__)
SERVICES = (Service.INTAKE, Service.POINTS, Service.PETITIONS)
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
_CHUNK = 64 * 1024
# Answers up to this size are read at once: their connection is free for the next request sooner.
_SMALL = 256 * 1024


@blueprint.route("/api/<any(intake, points, petitions):service>/<path:rest>", methods=_METHODS)
@allow(Role.PUBLIC)
def forward(service: str, rest: str) -> Response:
    """Send the request on. The service itself decides what this person may do."""
    return forward_to(Service(service))


@blueprint.route("/open311/<path:rest>", methods=["GET", "HEAD", "POST"])
@allow(Role.PUBLIC)
def forward_open311(rest: str) -> Response:
    """Open311 is intake's."""
    return forward_to(Service.INTAKE)


def forward_to(service: Service) -> Response:
    """Send the current request to `service` and give its answer back, both without keeping them in memory."""
    path = request.path
    if any(part in {".", "..", ""} for part in path.split("/")[1:-1]) or path.endswith(("/.", "/..")) or "\\" in path:
        raise NotFound
    answer = ask(
        service,
        request.method,
        path,
        current_principal(),
        query=request.query_string.decode("latin-1"),
        headers=inward(request.headers.items()),
        body=_body(),
    )
    return _give_back(answer, service)


def _body() -> IO[bytes] | None:
    """The request's body as a stream. Its length must be known: the application has held it against the limit."""
    if request.content_length is None:
        if "chunked" in request.headers.get("Transfer-Encoding", "").lower():
            raise LengthRequired
        return None
    return request.stream if request.content_length else None


def _give_back(answer: BaseHTTPResponse, service: Service) -> Response:
    headers = outward(answer.headers)
    length = answer.headers.get("Content-Length", "")
    if request.method == "HEAD" or answer.status in {204, 304}:
        answer.release_conn()
        return Response(status=answer.status, headers=headers)
    if length.isdigit() and int(length) <= _SMALL:
        content = answer.read(decode_content=False)
        answer.release_conn()
        return Response(content, status=answer.status, headers=headers)
    return Response(_stream(answer, service), status=answer.status, headers=headers, direct_passthrough=True)


def _stream(answer: BaseHTTPResponse, service: Service) -> Iterator[bytes]:
    """The answer's body in pieces; a service that breaks off ends the client's download too, never completes it."""
    try:
        yield from answer.stream(_CHUNK, decode_content=False)
    except HTTPError:
        log.warning("upstream.broke_off", service=service.value)
        raise
    finally:
        answer.release_conn()
