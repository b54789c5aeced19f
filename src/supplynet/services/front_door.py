"""Where this server listens, with what certificate, and which names it answers to."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass

from supplynet.config import Settings
from supplynet.errors import ConfigError
from supplynet.security.tls import Tls, read_tls
from supplynet.services.books import Books

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
_ANYWHERE = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared with, not bound to


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontDoor:
    """What was asked for, checked.

    Attributes:
        names: What the ``Host`` header may say, without port, lower case.
        tls: None = plain HTTP.
        warnings: What is dangerous about it, in sentences.
    """

    host: str
    port: int
    names: tuple[str, ...]
    tls: Tls | None = None
    warnings: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """To show."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"


def open_door(
    books: Books,
    *,
    host: str | None = None,
    port: int | None = None,
    local: bool = False,
    insecure: bool = False,
) -> FrontDoor:
    """Check where and how to listen; what is not given comes from the settings.

    Args:
        books: The workspace.
        host: Address or name to listen on.
        port: Port to listen on.
        local: Whoever asks without signing in may do everything: on the loopback only.
        insecure: Other machines may be served without TLS.

    Raises:
        ConfigError: The certificate cannot be used, or others could read what is sent, or use
            this server without signing in.
    """
    settings = books.settings
    host, port = host or settings.host, port or settings.port
    tls = tls_of(books)
    if local and (settings.trusted_proxies or settings.allowed_hosts):
        raise ConfigError(
            "--local opens everything to whoever asks from this machine, and a proxy asks for "
            "others; leave it out, or trusted_proxies and allowed_hosts"
        )
    if is_loopback(host):
        names = (*settings.allowed_hosts, *LOOPBACK_NAMES)
        return FrontDoor(host=host, port=port, names=_lower(names), tls=tls)
    if local:
        raise ConfigError(
            f"--local opens everything to whoever asks, and {host} is reached from other machines; "
            "listen on 127.0.0.1, or leave --local out and add users: supplynet user add"
        )
    insecure = insecure or settings.insecure
    if tls is None and not insecure:
        raise ConfigError(
            f"host {host} is reached from other machines and there is no TLS; set tls_certfile and "
            "tls_keyfile, or listen on 127.0.0.1 behind a proxy with TLS (see docs/operation.md), "
            "or say --insecure: then passwords can be read on the way"
        )
    names = settings.allowed_hosts or own_names(host)
    return FrontDoor(
        host=host,
        port=port,
        names=_lower((*names, *LOOPBACK_NAMES)),
        tls=tls,
        warnings=() if tls else (_insecure(host),),
    )


def tls_of(books: Books) -> Tls | None:
    """The certificate of the settings; None where none is named.

    Raises:
        ConfigError: It cannot be used now.
    """
    settings, folder = books.settings, books.workspace.folder
    if bool(settings.tls_certfile) != bool(settings.tls_keyfile):
        raise ConfigError("tls_certfile and tls_keyfile belong together; one of them is missing")
    if not settings.tls_certfile:
        return None
    return read_tls(
        folder / settings.tls_certfile, folder / settings.tls_keyfile, books.wall_clock()
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches ``host``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def own_names(
    host: str,
    machine: Callable[[], str] = socket.gethostname,
    full: Callable[[], str] | None = None,
) -> tuple[str, ...]:
    """What others may call a server on ``host``: its address and the machine's names."""
    names = [machine(), (full or socket.getfqdn)()]
    if host not in _ANYWHERE:
        names.insert(0, f"[{host}]" if ":" in host else host)
    return tuple(name for name in dict.fromkeys(names) if name)


def exposed(settings: Settings) -> str:
    """Why these settings let others read what is sent; "" when they do not."""
    if is_loopback(settings.host) or settings.tls_certfile:
        return ""
    return _insecure(settings.host)


def _insecure(host: str) -> str:
    return (
        f"{host} is served without TLS: passwords, badges and tokens can be read and changed by "
        "anybody on the network"
    )


def _lower(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.lower() for name in names))
