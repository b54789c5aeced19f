"""Who may be asked: an allow-list of hosts, and no way into the private network.

A name on the list says nothing of the address behind it: whoever controls the name's DNS could
point it at a machine inside (DNS rebinding). So the address is looked up once, checked, and that
very address is connected to.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from supplynet.errors import ConnectorError, InvalidInput

Address = IPv4Address | IPv6Address
PORTS = {"https": 443, "http": 80}
_NAT64 = IPv6Network("64:ff9b::/96")
_ALSO_PRIVATE = tuple(
    IPv6Network(each)
    for each in ("::/96", "::ffff:0:0:0/96", "64:ff9b:1::/48", "3fff::/20", "5f00::/16")
)
"""Old and local ways to write an IPv4 address in an IPv6 one, and networks of documents: they are
routed nowhere, or inside, but Python calls them global."""


def resolve(host: str, port: int) -> list[str]:
    """Numeric addresses of ``host``; the system's resolver has a time-out of its own."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True)
class HostGuard:
    """Decides on URLs and addresses.

    Attributes:
        hosts: ``name`` or ``name:port`` that may be asked; nothing else is.
        private_hosts: Those of them that may lie in a private network or on this machine.
        resolve: Numeric addresses of a name.
        hosts_key, private_key, file: Where a person lists them, for messages.
    """

    hosts: frozenset[str]
    private_hosts: frozenset[str]
    resolve: Callable[[str, int], list[str]]
    hosts_key: str = "signal_hosts"
    private_key: str = "signal_private_hosts"
    file: str = "supplynet.toml"

    def check(self, url: str) -> SplitResult:
        """The parts of ``url`` when it may be asked.

        Raises:
            InvalidInput: It is no HTTP(S) URL, carries a password, or its host is not allowed.
        """
        parts = split(url)
        name = authority(parts)
        if name not in self.hosts:
            raise InvalidInput(
                f"host {name} is not allowed; add {name!r} to {self.hosts_key} in {self.file}"
            )
        if parts.scheme == "http" and name not in self.private_hosts:
            raise InvalidInput(f"host {name} must be asked by https, not http")
        return parts

    def addresses(self, parts: SplitResult) -> list[str]:
        """Numeric addresses of a checked URL's host, all of them fit to connect to.

        Raises:
            InvalidInput: One of them is private and the host is not in ``private_hosts``.
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
            self.check_address(name, text, secure=parts.scheme == "https")
        return found

    def check_address(self, name: str, text: str, *, secure: bool) -> None:
        """Whether the numeric address ``text`` of the host ``name`` may be connected to.

        Raises:
            InvalidInput: It is no server's, it is private and that is not meant, or what goes
                there is not ``secure`` and would leave this machine.
            ConnectorError: It is no address.
        """
        address = _parsed(text)
        inner = _innermost(address)
        local = inner.is_link_local or (inner.version == 6 and inner.is_site_local)
        if inner.is_multicast or inner.is_unspecified or local:
            raise InvalidInput(f"host {name} resolves to {address}, which is no server's address")
        if not secure and not inner.is_loopback:
            raise InvalidInput(
                f"host {name} resolves to {address}: http is for this machine only, use https"
            )
        if not _is_public(inner) and name not in self.private_hosts:
            raise InvalidInput(
                f"host {name} resolves to {address} in a private network; if that is meant, add "
                f"{name!r} to {self.private_key} in {self.file}"
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
    """``host``, or ``host:port`` where the port is not the scheme's own, as hosts are listed."""
    host = (parts.hostname or "").rstrip(".")
    host = f"[{host}]" if ":" in host else host
    own = parts.port is None or parts.port == PORTS.get(parts.scheme)
    return host if own else f"{host}:{parts.port}"


def _parsed(text: str) -> Address:
    try:
        return ip_address(text.split("%", 1)[0])
    except ValueError as error:
        raise ConnectorError(f"{text!r} is no address") from error


def _is_public(address: Address) -> bool:
    return address.is_global and not any(address in network for network in _ALSO_PRIVATE)


def _innermost(address: Address) -> Address:
    """The IPv4 address that an IPv6 address carries, if it carries one."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)
