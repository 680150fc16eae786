"""Requests and their time by route, counted for `shared.metrics`, and shown on inner ports."""

from __future__ import annotations

import time
from collections.abc import Callable

from flask import Flask, Response, g, request

from shared.metrics import REQUEST_SECONDS, REQUESTS, render_metrics
from shared.topology import Service
from shared.web.access import unguarded


def register_metrics(app: Flask, service: Service, *, served: bool) -> None:
    """Count requests; add `/metrics` where `served` (the gateway's port is public and does not)."""
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


def _counter(service: Service) -> Callable[[Response], Response]:
    def count(response: Response) -> Response:
        # By route, never by path: paths are endless, and hold names and codes.
        route = request.url_rule.rule if request.url_rule else "none"
        REQUESTS.labels(service.value, route, request.method, str(response.status_code)).inc()
        if (started := g.get("started_at")) is not None:
            REQUEST_SECONDS.labels(service.value, route, request.method).observe(time.perf_counter() - started)
        return response

    return count
