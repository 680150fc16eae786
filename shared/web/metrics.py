"""Numbers for operators: requests and their time by route. Served on inner ports only."""

from __future__ import annotations

import time

from flask import Flask, Response, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.process_collector import ProcessCollector

from shared.topology import Service
from shared.web.access import unguarded

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class RequestMetrics:
    """The counters of one application in a registry of its own, so that two applications never share one."""

    def __init__(self, service: Service) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.service = service.value
        self.requests = Counter(
            "xiangzhi_requests", "Requests answered", ["service", "method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "xiangzhi_request_seconds",
            "Seconds from the request's arrival to its answer",
            ["service", "route"],
            buckets=_BUCKETS,
            registry=self.registry,
        )

    def start(self) -> None:
        """Note when the request came."""
        g.started_at = time.perf_counter()

    def finish(self, response: Response) -> Response:
        """Count the answer by its route, never by its path: paths are endless."""
        route = request.url_rule.rule if request.url_rule else "none"
        self.requests.labels(self.service, request.method, route, response.status_code).inc()
        if (started := g.get("started_at")) is not None:
            self.seconds.labels(self.service, route).observe(time.perf_counter() - started)
        return response

    def render(self) -> str:
        """All numbers in Prometheus' text format."""
        return generate_latest(self.registry).decode()


def register_metrics(app: Flask, service: Service, *, served: bool) -> RequestMetrics:
    """Count requests; add `/metrics` where `served` (the gateway's port is public and does not)."""
    metrics = RequestMetrics(service)
    app.before_request(metrics.start)
    app.after_request(metrics.finish)
    if served:

        @unguarded
        def show_metrics() -> Response:
            return Response(metrics.render(), content_type=CONTENT_TYPE_LATEST)

        app.add_url_rule("/metrics", "metrics", show_metrics)
    return metrics
