"""One HTTP exchange with an allowed host: no proxy, no cookie, no redirect; limits on all of it."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import SplitResult

from supplynet._version import __version__
from supplynet.errors import ConnectorError
from supplynet.outbound.deadline import Deadline
from supplynet.outbound.hosts import HostGuard, authority, port_of

if TYPE_CHECKING:
    import ssl

    import httpcore2

REDIRECTS = frozenset({301, 302, 303, 307, 308})
_JSON_OR_ANY = "application/json, text/csv;q=0.9, */*;q=0.1"


@dataclass(frozen=True, kw_only=True)
class HttpLimits:
    """How much one exchange may take.

    Attributes:
        connect_seconds: To open a connection to one address.
        read_seconds: Between two pieces of an answer.
        maximum_bytes: Of one answer, after decompression.
    """

    connect_seconds: float = 5.0
    read_seconds: float = 10.0
    maximum_bytes: int = 32 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked: ``parts`` of a URL that ``HostGuard.check`` has let through."""

    parts: SplitResult
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = b""


@dataclass(frozen=True)
class Reply:
    """An answer: its status, headers (names in lower case) and decompressed body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


ReadBody = Callable[["httpcore2.Response", Mapping[str, str], int], bytes]
"""Takes the response, its headers and the most bytes; returns the body."""


def whole_body(response: httpcore2.Response, headers: Mapping[str, str], most: int) -> bytes:
    """All of the body.

    Raises:
        ConnectorError: It is too large, cut short or wrongly packed.
    """
    announced = headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced) > most:
        raise ConnectorError(_too_large(most))
    return unpacked(response.iter_stream(), headers.get("content-encoding", ""), most)


def exchange(
    request: Request,
    guard: HostGuard,
    limits: HttpLimits,
    deadline: Deadline,
    read_body: ReadBody = whole_body,
) -> Reply:
    """The answer to one request, whatever its status; a redirect is an answer too.

    Raises:
        InvalidInput: The host's address may not be connected to.
        ConnectorError: No answer, or ``read_body`` does not take its body.
    """
    import httpcore2

    from supplynet.outbound.network import PinnedBackend

    parts = request.parts
    backend = PinnedBackend(guard.addresses(parts), deadline)
    context = _tls() if parts.scheme == "https" else None
    try:
        with (
            httpcore2.ConnectionPool(ssl_context=context, network_backend=backend) as pool,
            pool.stream(
                request.method,
                _core_url(parts),
                headers=_headers(request),
                content=request.body or None,
                extensions={"timeout": _timeouts(limits)},
            ) as response,
        ):
            headers = {
                name.decode("latin-1").lower(): value.decode("latin-1")
                for name, value in response.headers
            }
            body = read_body(response, headers, limits.maximum_bytes)
            return Reply(response.status, headers, body)
    except httpcore2.TimeoutException as error:
        raise ConnectorError(_slow(error, limits)) from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
        raise ConnectorError(f"the connection failed ({error})") from error


def unpacked(chunks: Iterable[bytes], encoding: str, most: int) -> bytes:
    """The body of ``chunks``, at most ``most`` bytes however small it was packed.

    Raises:
        ConnectorError: Larger, cut short, or packed in another way than gzip or deflate.
    """
    kind = encoding.strip().lower()
    if kind in {"", "identity"}:
        return _gathered(chunks, most)
    if kind not in {"gzip", "x-gzip", "deflate"}:
        raise ConnectorError(f"is packed as {kind[:40]!r}, which was not asked for")
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)  # 32: reads the header, gzip or zlib
    body = bytearray()
    try:
        for chunk in chunks:
            body += unpacker.decompress(chunk, most + 1 - len(body))
            if len(body) > most:
                raise ConnectorError(_too_large(most))
    except zlib.error as error:
        raise ConnectorError(f"says it is {kind} and is not ({error})") from error
    whole = unpacker.eof and not unpacker.unused_data
    if body and not whole:
        raise ConnectorError(f"ends in the middle of its {kind} data")
    return bytes(body)


def retry_after_seconds(header: str, now: datetime) -> float:
    """Seconds that a ``Retry-After`` header means (RFC 9110: a number or a date); 0 if neither."""
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def _gathered(chunks: Iterable[bytes], most: int) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > most:
            raise ConnectorError(_too_large(most))
    return bytes(body)


def _too_large(most: int) -> str:
    return f"the answer is larger than {most:,} bytes"


def _timeouts(limits: HttpLimits) -> dict[str, float]:
    read = limits.read_seconds
    return {"connect": limits.connect_seconds, "read": read, "write": read, "pool": read}


def _slow(error: Exception, limits: HttpLimits) -> str:
    import httpcore2

    if isinstance(error, httpcore2.ConnectTimeout):
        return f"no connection within {limits.connect_seconds:g} s"
    return f"nothing came for {limits.read_seconds:g} s, or the time was up"


def _tls() -> ssl.SSLContext:
    import httpx2

    return httpx2.create_ssl_context()


def _core_url(parts: SplitResult) -> httpcore2.URL:
    import httpcore2

    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return httpcore2.URL(
        scheme=parts.scheme.encode(),
        host=(parts.hostname or "").encode("ascii"),
        port=port_of(parts),
        target=target.encode("ascii"),
    )


def _headers(request: Request) -> list[tuple[bytes | str, bytes | str]]:
    length = [("Content-Length", str(len(request.body)))] if request.method != "GET" else []
    return [
        ("Host", authority(request.parts)),
        ("User-Agent", f"supplynet/{__version__}"),
        ("Accept", _JSON_OR_ANY),
        ("Accept-Encoding", "gzip"),
        ("Connection", "close"),
        *length,
        *request.headers.items(),
    ]
