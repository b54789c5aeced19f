"""Who is at the other end of a connection: the peer, or whom a trusted proxy names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Literal

from starlette.datastructures import Headers
from starlette.types import Scope

from supplynet.errors import ConfigError

UNKNOWN = "unknown"
ProxyHeader = Literal["x-forwarded-for", "forwarded"]
FORWARDING = frozenset({"forwarded", "x-real-ip", "via"})
_FORWARDED = "x-forwarded-"
_PAIR = re.compile(r'(for|proto)=("[^"]*"|[^;,"\s]+)', re.IGNORECASE)
_BRACKETED = re.compile(r"^\[([^\]]+)\](?::\d+)?$")
_WITH_PORT = re.compile(r"^([\d.]+):\d+$")
_Address = IPv4Address | IPv6Address


@dataclass(frozen=True)
class Client:
    """The other end.

    Attributes:
        address: Numeric, or the name of what is no address.
        scheme: ``http`` or ``https``.
        by_proxy: Whether a proxy of ours hands it on.
    """

    address: str
    scheme: str
    by_proxy: bool = False


@dataclass(frozen=True)
class Proxies:
    """Whose word about the client is taken.

    A proxy appends the address that it sees, so the list is read from the right, past the
    addresses that are proxies of ours; all that stands further left anybody may have written.

    Attributes:
        networks: Addresses of the proxies.
        header: The one header that they set. The other is left alone: a proxy that does not set
            it hands on what the client wrote.
    """

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    header: ProxyHeader = "x-forwarded-for"

    @classmethod
    def of(cls, trusted: Iterable[str], header: ProxyHeader = "x-forwarded-for") -> Proxies:
        """From addresses and networks as a person writes them.

        Raises:
            ConfigError: One is no address and no network.
        """
        try:
            return cls(tuple(ip_network(each) for each in trusted), header)
        except ValueError as error:
            raise ConfigError(f"setting 'trusted_proxies': {error}") from error

    def resolve(self, scope: Scope) -> Client:
        """Who is behind a connection."""
        name = (scope.get("client") or (UNKNOWN,))[0]
        peer = _parsed(name)
        scheme = "https" if scope.get("scheme") == "https" else "http"
        if peer is None:
            return Client(name, scheme)  # a socket of this machine has a name
        if not self.trusts(peer):
            return Client(str(peer), scheme)
        addresses, said = self._said(Headers(scope=scope))
        said = said if said in {"http", "https"} else scheme
        return Client(str(self._nearest(peer, addresses)), said, by_proxy=True)

    def trusts(self, address: _Address) -> bool:
        """Whether the address is a proxy of ours."""
        return any(address in network for network in self.networks)

    def _nearest(self, peer: _Address, addresses: Sequence[str]) -> _Address:
        """The first address from the right that is no proxy of ours."""
        nearest = peer
        for text in reversed(addresses):
            found = _parsed(text)
            if found is None:
                return nearest
            nearest = found
            if not self.trusts(found):
                return nearest
        return nearest

    def _said(self, headers: Headers) -> tuple[list[str], str]:
        """Addresses from left to right, and the scheme that the last proxy saw."""
        if self.header == "x-forwarded-for":
            addresses = ",".join(headers.getlist("x-forwarded-for")).split(",")
            schemes = ",".join(headers.getlist("x-forwarded-proto")).split(",")
            return addresses, schemes[-1].strip().lower()
        pairs = _PAIR.findall(",".join(headers.getlist("forwarded")))
        said = {"for": [""], "proto": [""]}
        for name, value in pairs:
            said[name.lower()].append(value.strip('"'))
        return said["for"], said["proto"][-1].lower()


def is_forwarding(name: str) -> bool:
    """Whether a header (lower case) is a proxy's word about the client."""
    return name in FORWARDING or name.startswith(_FORWARDED)


def network_of(address: str) -> str:
    """What counts as one client: an IPv4 address, or an IPv6 network of 64 bits.

    Whoever has one address of IPv6 has all 2**64 of the network.
    """
    found = _parsed(address)
    if isinstance(found, IPv6Address):
        return str(IPv6Network((int(found) >> 64 << 64, 64)))
    return address


def _parsed(text: str) -> _Address | None:
    text = text.strip()
    inner = _BRACKETED.match(text) or _WITH_PORT.match(text)
    try:
        found = ip_address((inner[1] if inner else text).split("%", 1)[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
