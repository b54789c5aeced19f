"""The outermost layer: every request is counted, timed and written down."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from supplynet.api.request_id import REQUEST_ID
from supplynet.logs import ABOUT, ACCESS

access = logging.getLogger(ACCESS)
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
PAGE = "page"
"""Name of what is no operation of the API: files of the page, and what was refused unread."""


class HttpMetrics:
    """Counts of one application's requests, by operation and class of status (``2xx``)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        labels = ["operation", "status"]
        self.requests = Counter(
            "supplynet_http_requests", "Requests answered.", labels, registry=registry
        )
        self.seconds = Histogram(
            "supplynet_http_request_seconds",
            "Until the last byte was handed over.",
            ["operation"],
            buckets=BUCKETS,
            registry=registry,
        )
        self.running = Gauge(
            "supplynet_http_requests_running", "Being answered now.", registry=registry
        )
        self.streams = Gauge("supplynet_streams_open", "Event streams.", registry=registry)
        ProcessCollector(registry=registry)


@dataclass
class _Seen:
    """One request: what became of it so far."""

    begun: float
    status: int = 0
    size: int = 0
    request_id: str = ""


class ObservedMiddleware:
    """Counts and times requests, and tells the log who is behind its lines.

    The log names the route and never the raw path: what people type into a path is not ours to
    keep.
    """

    def __init__(self, app: ASGIApp, metrics: HttpMetrics) -> None:
        self.app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on and see what becomes of it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        seen = _Seen(begun=time.perf_counter())

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
                seen.request_id = Headers(raw=message["headers"]).get("x-request-id", "")
            else:
                seen.size += len(message.get("body", b""))
            await send(message)

        told = ABOUT.set(lambda: _about(scope))
        self._metrics.running.inc()
        try:
            await self.app(scope, receive, watched)
        finally:
            self._metrics.running.dec()
            self._note(scope, seen)
            ABOUT.reset(told)

    def _note(self, scope: Scope, seen: _Seen) -> None:
        seconds = time.perf_counter() - seen.begun
        route: Any = scope.get("route")
        operation = getattr(route, "name", None) or PAGE
        # No status: the other side went away before there was one.
        kind = f"{seen.status // 100}xx" if seen.status else "none"
        self._metrics.requests.labels(operation, kind).inc()
        self._metrics.seconds.labels(operation).observe(seconds)
        client = scope.get("client")
        access.info(
            "answered",
            extra={
                "method": scope["method"],
                "operation": operation,
                "route": getattr(route, "path", "-"),
                "status": seen.status,
                "ms": round(1000 * seconds, 1),
                "bytes": seen.size,
                "address": client[0] if client else "unknown",
            }
            | ({"request_id": seen.request_id} if seen.request_id else {}),
        )


def _about(scope: Scope) -> Mapping[str, str]:
    """What log lines say of the request; who asks is known once it is admitted."""
    request_id, admitted = REQUEST_ID.get(), scope.get("state", {}).get("access")
    said = {} if request_id is None else {"request_id": request_id}
    return said if admitted is None else said | {"actor": admitted.actor}
