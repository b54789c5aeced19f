"""Who may be asked: an allow-list of hosts, and no way into the private network.

A name on the list says nothing of the address behind it: whoever controls the name's DNS could
point it at a machine inside (DNS rebinding). So the address is looked up once, checked, and that
very address is connected to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from supplynet.errors import ConnectorError, InvalidInput

Address = IPv4Address | IPv6Address
PORTS = {"https": 443, "http": 80}
_NAT64 = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True)
class HostGuard:
    """Decides on URLs and addresses; see ``SignalSetup`` for the lists."""

    hosts: frozenset[str]
    private_hosts: frozenset[str]
    resolve: Callable[[str, int], list[str]]

    def check(self, url: str) -> SplitResult:
        """The parts of ``url`` when it may be asked.

        Raises:
            InvalidInput: It is no HTTP(S) URL, carries a password, or its host is not allowed.
        """
        parts = split(url)
        name = authority(parts)
        if name not in self.hosts:
            raise InvalidInput(
                f"host {name} is not allowed; add {name!r} to signal_hosts in supplynet.toml"
            )
        if parts.scheme == "http" and name not in self.private_hosts:
            raise InvalidInput(f"host {name} must be asked by https, not http")
        return parts

    def addresses(self, parts: SplitResult) -> list[str]:
        """Numeric addresses of a checked URL's host, all of them fit to connect to.

        Raises:
            InvalidInput: One of them is private and the host is not in ``signal_private_hosts``.
            ConnectorError: The name cannot be resolved.
        """
        host, name = parts.hostname or "", authority(parts)
        try:
            found = self.resolve(host, port_of(parts))
        except (OSError, UnicodeError) as error:
            raise ConnectorError(f"host {host} cannot be found ({error})") from error
        if not found:
            raise ConnectorError(f"host {host} has no address")
        for text in found:
            self._check_address(name, _parsed(text), secure=parts.scheme == "https")
        return found

    def _check_address(self, name: str, address: Address, *, secure: bool) -> None:
        inner = _innermost(address)
        local = inner.is_link_local or (inner.version == 6 and inner.is_site_local)
        if inner.is_multicast or inner.is_unspecified or local:
            raise InvalidInput(f"host {name} resolves to {address}, which is no server's address")
        if not secure and not inner.is_loopback:
            raise InvalidInput(
                f"host {name} resolves to {address}: http is for this machine only, use https"
            )
        if not inner.is_global and name not in self.private_hosts:
            raise InvalidInput(
                f"host {name} resolves to {address} in a private network; if that is meant, add "
                f"{name!r} to signal_private_hosts in supplynet.toml"
            )


def split(url: str) -> SplitResult:
    """The parts of an HTTP(S) URL.

    Raises:
        InvalidInput: It is none, or carries a user and password.
    """
    try:
        parts = urlsplit(url)
        port_of(parts)
    except ValueError as error:
        raise InvalidInput(f"this is no URL: {error}") from error
    if parts.scheme not in PORTS or not parts.hostname:
        raise InvalidInput("a URL must begin with https:// and a host")
    if parts.username is not None or parts.password is not None:
        raise InvalidInput(f"the URL of host {parts.hostname} must not carry a user or password")
    return parts


def port_of(parts: SplitResult) -> int:
    """The port that a URL means."""
    return PORTS.get(parts.scheme, 443) if parts.port is None else parts.port


def authority(parts: SplitResult) -> str:
    """``host``, or ``host:port`` where the port is not the scheme's own; as in ``signal_hosts``."""
    host = (parts.hostname or "").rstrip(".")
    host = f"[{host}]" if ":" in host else host
    own = parts.port is None or parts.port == PORTS.get(parts.scheme)
    return host if own else f"{host}:{parts.port}"


def _parsed(text: str) -> Address:
    try:
        return ip_address(text.split("%", 1)[0])
    except ValueError as error:
        raise ConnectorError(f"{text!r} is no address") from error


def _innermost(address: Address) -> Address:
    """The IPv4 address that an IPv6 address carries, if it carries one."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)
