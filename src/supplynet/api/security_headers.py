"""What every answer carries, so that a browser does with it what we mean and no more."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders

HEADERS = {
    "content-security-policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        "object-src 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": (
        "accelerometer=(), autoplay=(), camera=(self), display-capture=(), geolocation=(), "
        "gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()"
    ),
}
"""On every answer."""
API_POLICY = "default-src 'none'; frame-ancestors 'none'"
"""An answer of the API is data: a browser that is led to show it loads and runs nothing."""
HSTS = "max-age=31536000"


def secure(headers: MutableHeaders, *, path: str, https: bool, request_id: str) -> None:
    """Add what an answer lacks; a route may have stricter ones of its own."""
    headers["x-request-id"] = request_id
    if path.startswith("/api/"):
        headers.setdefault("cache-control", "no-store")
        headers.setdefault("content-security-policy", API_POLICY)
        headers.add_vary_header("Authorization, Cookie")
    if https:
        headers.setdefault("strict-transport-security", HSTS)
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
