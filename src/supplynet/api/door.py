"""The limits of one server, set up from its settings: one place for admission and guard."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from starlette.requests import Request

from supplynet.api.body_limits import LARGEST_BODY, BodyLimits
from supplynet.api.client_address import UNKNOWN, Proxies
from supplynet.api.rate_limits import Rates
from supplynet.api.turns import STREAMS_IN_ALL, STREAMS_OF_ONE, Streams, Turns
from supplynet.config import Settings
from supplynet.security.principal import Principal

MEBIBYTE = 1024 * 1024
COSTLY_BYTES = 64 * 1024
IMPORTS = "/api/v1/imports"
"""At this path bodies are files, up to the setting ``largest_import_mb``."""


@dataclass(frozen=True)
class Door:
    """What limits requests.

    Attributes:
        rates: How often; None = without limit, for the demo of whoever sits at the machine.
        turns: How many at once.
        streams: Open streams of server-sent events.
        proxies: Whose word about the client is taken.
        bodies: How large and how slow.
    """

    rates: Rates | None
    proxies: Proxies = field(default_factory=Proxies)
    bodies: BodyLimits = field(default_factory=BodyLimits)
    turns: Turns = field(default_factory=Turns)
    streams: Streams = field(default_factory=Streams)

    @classmethod
    def of(cls, settings: Settings, *, local: bool) -> Door:
        """As the settings say.

        Raises:
            ConfigError: A trusted proxy is no address.
        """
        rates = Rates.of(
            address=settings.address_rate_per_minute,
            user=settings.rate_per_minute,
            dear=settings.dear_rate_per_minute,
            sign_in=settings.sign_in_rate_per_minute,
        )
        return cls(
            rates=None if local else rates,
            proxies=Proxies.of(settings.trusted_proxies, settings.proxy_header),
            bodies=BodyLimits({IMPORTS: settings.largest_import_mb * MEBIBYTE}),
            turns=Turns(of_one=(settings.worker_threads, 10_000, 60.0)) if local else Turns(),
            streams=Streams(of_one=STREAMS_IN_ALL if local else STREAMS_OF_ONE),
        )

    def knock(self, operation: str, request: Request) -> None:
        """Count what is asked before anybody knows who asks.

        Raises:
            TooManyRequests: Too many attempts to sign in.
        """
        if self.rates is not None:
            self.rates.to_sign_in(operation, address_of(request))

    @asynccontextmanager
    async def room(
        self, operation: str, who: Principal | None, request: Request
    ) -> AsyncIterator[None]:
        """Count a request by who asks, and wait for its turn.

        Raises:
            TooManyRequests: Too often, or too many at once.
            HTTPException: 503, the server has too much to do.
        """
        if who is not None and self.rates is not None:
            self.rates.by_user(operation, who.actor, cost_of(request))
        async with self.turns.turn(operation, key_of(who, request)):
            yield


def address_of(request: Request) -> str:
    """The client's address, as ``guard`` has settled it."""
    return request.client.host if request.client else UNKNOWN


def cost_of(request: Request) -> int:
    """What a request counts: one, and one more for each 64 KiB of JSON that is to be read."""
    if request.url.path == IMPORTS:
        return 1  # a file goes to the disk unread
    said = request.headers.get("content-length")
    chunked = "transfer-encoding" in request.headers
    return 1 + (LARGEST_BODY if chunked else int(said or 0)) // COSTLY_BYTES


def key_of(who: Principal | None, request: Request) -> str:
    """Whose requests are counted together; no actor begins with a colon."""
    return f":{address_of(request)}" if who is None else who.actor
