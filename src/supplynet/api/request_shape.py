"""Requests that are refused by their first lines: paths, headers and origins that cannot be meant.

What two programs may read differently (where a body ends, which path is meant, which host is
asked) is refused rather than read in one way: a proxy before us might have read the other.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

LONGEST_PATH, LONGEST_QUERY, MOST_PARAMETERS = 2048, 8192, 100
MOST_HEADERS, MOST_HEADER_BYTES = 100, 32 * 1024
Refusal = tuple[HTTPStatus, str]
_VERSIONS = frozenset({"1.0", "1.1", "2", "3"})
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_BODILESS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_OWN_SITES = frozenset({None, "same-origin", "none"})
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]|%(?:[01][0-9a-f]|7f)", re.IGNORECASE)
_TRICKS = re.compile(rb"//|\\|%2f|%5c|(?:^|/)(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)
_SINGLE = (
    "host",
    "content-length",
    "content-type",
    "content-encoding",
    "transfer-encoding",
    "authorization",
    "origin",
    "cookie",
    "idempotency-key",
    "if-match",
)


def refusal(scope: Scope, headers: Headers, hosts: Collection[str]) -> Refusal | None:
    """Why a request is refused unread; None when it is not."""
    return (
        _wrong_version(scope)
        or _wrong_size(scope, headers)
        or _wrong_path(scope)
        or _wrong_host(headers, hosts)
        or _wrong_body(scope["method"], headers)
        or _wrong_origin(scope["method"], headers)
    )


def _wrong_version(scope: Scope) -> Refusal | None:
    if scope.get("http_version", "1.1") not in _VERSIONS:
        return HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "HTTP/1.1 is spoken here"
    return None


def _wrong_size(scope: Scope, headers: Headers) -> Refusal | None:
    if len(scope.get("raw_path") or b"") > LONGEST_PATH:
        return HTTPStatus.REQUEST_URI_TOO_LONG, f"a path has at most {LONGEST_PATH} bytes"
    query: bytes = scope["query_string"]
    if len(query) > LONGEST_QUERY:
        return HTTPStatus.REQUEST_URI_TOO_LONG, f"a query has at most {LONGEST_QUERY} bytes"
    if query.count(b"&") >= MOST_PARAMETERS:
        return HTTPStatus.REQUEST_URI_TOO_LONG, f"a query has at most {MOST_PARAMETERS} parameters"
    size = sum(len(name) + len(value) for name, value in headers.raw)
    if len(headers.raw) > MOST_HEADERS or size > MOST_HEADER_BYTES:
        return (
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
            f"a request has at most {MOST_HEADERS} headers of {MOST_HEADER_BYTES} bytes together",
        )
    return None


def _wrong_path(scope: Scope) -> Refusal | None:
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    if _CONTROL.search(raw) or _CONTROL.search(scope["query_string"]):
        return HTTPStatus.BAD_REQUEST, "the address has control characters in it"
    if "\ufffd" in scope["path"]:
        return HTTPStatus.BAD_REQUEST, "the path is not UTF-8"
    if _TRICKS.search(raw):
        return HTTPStatus.NOT_FOUND, "no path here has //, .., a backslash or an encoded slash"
    return None


def _wrong_host(headers: Headers, hosts: Collection[str]) -> Refusal | None:
    for name in _SINGLE:
        if len(headers.getlist(name)) > 1:
            return HTTPStatus.BAD_REQUEST, f"the header {name} is there more than once"
    host = headers.get("host", "")
    if _name_of(host) not in hosts:
        return HTTPStatus.BAD_REQUEST, f"this server is not {host[:255] or 'nameless'}"
    return None


def _wrong_body(method: str, headers: Headers) -> Refusal | None:
    length, transfer = headers.get("content-length"), headers.get("transfer-encoding")
    if length is not None and transfer is not None:
        return HTTPStatus.BAD_REQUEST, "a body has a length or comes in chunks, not both"
    if length is not None and not (length.isascii() and length.isdigit()):
        return HTTPStatus.BAD_REQUEST, "Content-Length is a whole number"
    if transfer is not None and transfer.strip().lower() != "chunked":
        return HTTPStatus.BAD_REQUEST, "of transfer encodings only chunked is taken"
    if method in _BODILESS and (transfer is not None or length not in {None, "0"}):
        return HTTPStatus.BAD_REQUEST, f"a {method} has no body"
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        return HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "bodies are taken as they are, not compressed"
    return None


def _wrong_origin(method: str, headers: Headers) -> Refusal | None:
    """A page of another site may not write in the name of whoever looks at it.

    It cannot send a token either: a browser asks us before it sends ``Authorization`` across
    sites, and we never allow it.
    """
    if method in _SAFE_METHODS or headers.get("authorization", "").lower().startswith("bearer "):
        return None
    origin = headers.get("origin")
    foreign = origin is not None and _authority(origin) != headers.get("host", "").lower()
    if foreign or headers.get("sec-fetch-site") not in _OWN_SITES:
        return HTTPStatus.FORBIDDEN, "writes are taken from SupplyNet's own page only"
    return None


def _authority(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _name_of(host: str) -> str:
    """``Host`` without its port: ``[::1]:8321`` -> ``[::1]``."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdecimal() and not host.endswith("]") else host).lower()
