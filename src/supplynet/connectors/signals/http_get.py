"""One GET: no proxy, no cookie, no surprise; limits on time, size and redirects."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, quote, urldefrag, urljoin

from supplynet._version import __version__
from supplynet.connectors.signals.deadline import Deadline
from supplynet.connectors.signals.hosts import HostGuard, authority, port_of
from supplynet.connectors.signals.provider import Limits
from supplynet.errors import ConnectorError

if TYPE_CHECKING:
    import ssl

    import httpcore2

REDIRECTS = frozenset({301, 302, 303, 307, 308})
MOST_REDIRECTS = 5
_URL_CHARACTERS = "%/:=&?~+!$,;'@()*[]-._"


@dataclass(frozen=True)
class Reply:
    """An answer: its status, headers (names in lower case) and decompressed body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Getter:
    """Gets URLs of allowed hosts."""

    guard: HostGuard
    limits: Limits

    def get(self, url: str, secret_headers: Mapping[str, str], deadline: Deadline) -> Reply:
        """The answer to a GET of ``url``, redirects within the allowed hosts followed.

        The ``secret_headers`` go to the first host only.

        Raises:
            InvalidInput: A host or address that may not be asked, also by a redirect.
            ConnectorError: No answer, an answer cut short, too large, or wrongly encoded.
        """
        first = self.guard.check(url)
        parts = first
        for _ in range(MOST_REDIRECTS + 1):
            same = (parts.scheme, authority(parts)) == (first.scheme, authority(first))
            reply = self._once(parts, secret_headers if same else {}, deadline)
            location = reply.headers.get("location")
            if reply.status not in REDIRECTS or not location:
                return reply
            parts = self.guard.check(_next_url(parts, location))
        raise ConnectorError(f"redirects more than {MOST_REDIRECTS} times")

    def _once(self, parts: SplitResult, headers: Mapping[str, str], deadline: Deadline) -> Reply:
        import httpcore2

        from supplynet.connectors.signals.network import PinnedBackend

        backend = PinnedBackend(self.guard.addresses(parts), deadline)
        context = _tls() if parts.scheme == "https" else None
        try:
            with (
                httpcore2.ConnectionPool(ssl_context=context, network_backend=backend) as pool,
                pool.stream(
                    "GET",
                    _core_url(parts),
                    headers=_headers(parts, headers),
                    extensions={"timeout": self._timeouts},
                ) as response,
            ):
                return self._read(response)
        except httpcore2.TimeoutException as error:
            raise ConnectorError(_slow(error, self.limits)) from error
        except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
            raise ConnectorError(f"the connection failed ({error})") from error

    @property
    def _timeouts(self) -> dict[str, float]:
        read = self.limits.read_seconds
        return {"connect": self.limits.connect_seconds, "read": read, "write": read, "pool": read}

    def _read(self, response: httpcore2.Response) -> Reply:
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in response.headers
        }
        most = self.limits.maximum_bytes
        announced = headers.get("content-length", "")
        if announced.isascii() and announced.isdigit() and int(announced) > most:
            raise ConnectorError(_too_large(most))
        body = unpacked(response.iter_stream(), headers.get("content-encoding", ""), most)
        return Reply(response.status, headers, body)


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


def _gathered(chunks: Iterable[bytes], most: int) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > most:
            raise ConnectorError(_too_large(most))
    return bytes(body)


def _too_large(most: int) -> str:
    return f"the answer is larger than {most:,} bytes"


def _slow(error: Exception, limits: Limits) -> str:
    import httpcore2

    if isinstance(error, httpcore2.ConnectTimeout):
        return f"no connection within {limits.connect_seconds:g} s"
    return f"nothing came for {limits.read_seconds:g} s, or the time was up"


def _next_url(parts: SplitResult, location: str) -> str:
    try:
        url = urldefrag(urljoin(parts.geturl(), location)).url
    except ValueError as error:
        raise ConnectorError(f"redirects to what is no URL ({error})") from error
    return quote(url, _URL_CHARACTERS)


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


def _headers(
    parts: SplitResult, secret: Mapping[str, str]
) -> list[tuple[bytes | str, bytes | str]]:
    return [
        ("Host", authority(parts)),
        ("User-Agent", f"supplynet/{__version__}"),
        ("Accept", "application/json, text/csv;q=0.9, */*;q=0.1"),
        ("Accept-Encoding", "gzip"),
        ("Connection", "close"),
        *secret.items(),
    ]
