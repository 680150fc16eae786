"""Requests and their time by route, counted for `shared.metrics`, and shown on inner ports."""

from __future__ import annotations

import time
from collections.abc import Callable

from flask import Flask, Response, g, request

from shared import tracing
from shared.logging import get_logger
from shared.metrics import REQUEST_SECONDS, REQUESTS, look_up_when_asked, render_metrics
from shared.place_metrics import PlaceCollector
from shared.topology import Service
from shared.web.access import unguarded

log = get_logger(__name__)
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_SLOW_SECONDS = 1.0
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def register_metrics(app: Flask, service: Service, *, served: bool) -> None:
    """Count requests; add `/metrics` where `served` (the gateway's port is public and does not)."""
    look_up_when_asked(PlaceCollector(service))
    app.before_request(_start)
    app.after_request(_counter(service))
    if served:
        app.add_url_rule("/metrics", "metrics", show_metrics)


@unguarded
def show_metrics() -> Response:
    """All numbers of this process in Prometheus' text format."""
    text, content_type = render_metrics()
    return Response(text, content_type=content_type)


def _start() -> None:
    g.started_at = time.perf_counter()


def _tell(service: Service, method: str, route: str, status: int) -> None:
    """A line for what changed something, failed or took long; reads that went well are numbers only."""
    seconds = time.perf_counter() - g.get("started_at", time.perf_counter())
    if method not in _READS or status >= 500 or seconds > _SLOW_SECONDS:
        said = {"service": service.value, "method": method, "route": route, "status": status}
        log.info("request_answered", **said, seconds=round(seconds, 3))


def _counter(service: Service) -> Callable[[Response], Response]:
    def count(response: Response) -> Response:
        # By route, never by path: paths are endless, and hold names and codes. Methods are whatever a client writes.
        route = request.url_rule.rule if request.url_rule else "none"
        method = request.method if request.method in _METHODS else "other"
        REQUESTS.labels(service.value, route, method, f"{response.status_code // 100}xx").inc()
        if (started := g.get("started_at")) is not None:
            REQUEST_SECONDS.labels(service.value, route, method).observe(time.perf_counter() - started)
        tracing.name_request(method, route, response.status_code)
        _tell(service, method, route, response.status_code)
        return response

    return count
