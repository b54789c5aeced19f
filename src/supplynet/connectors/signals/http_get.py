"""One GET, with redirects followed within the allowed hosts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urldefrag, urljoin

from supplynet.errors import ConnectorError
from supplynet.outbound.deadline import Deadline
from supplynet.outbound.hosts import HostGuard, authority
from supplynet.outbound.http import REDIRECTS, HttpLimits, Reply, Request, exchange

MOST_REDIRECTS = 5
_URL_CHARACTERS = "%/:=&?~+!$,;'@()*[]-._"


@dataclass(frozen=True, kw_only=True)
class Getter:
    """Gets URLs of allowed hosts."""

    guard: HostGuard
    limits: HttpLimits

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
            request = Request(parts=parts, headers=secret_headers if same else {})
            reply = exchange(request, self.guard, self.limits, deadline)
            location = reply.headers.get("location")
            if reply.status not in REDIRECTS or not location:
                return reply
            parts = self.guard.check(_next_url(parts, location))
        raise ConnectorError(f"redirects more than {MOST_REDIRECTS} times")


def _next_url(parts: SplitResult, location: str) -> str:
    try:
        url = urldefrag(urljoin(parts.geturl(), location)).url
    except ValueError as error:
        raise ConnectorError(f"redirects to what is no URL ({error})") from error
    return quote(url, _URL_CHARACTERS)
