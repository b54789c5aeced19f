"""Who is at the other end: nobody but a trusted proxy is believed about it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.api.client_address import Proxies, ProxyHeader, network_of
from supplynet.errors import ConfigError

PROXY, CLIENT = "10.0.0.1", "203.0.113.9"


def scope(peer: str | None, scheme: str = "http", **headers: str) -> dict[str, Any]:
    raw = [(name.replace("_", "-").encode(), said.encode()) for name, said in headers.items()]
    client = None if peer is None else (peer, 5000)
    return {"type": "http", "client": client, "scheme": scheme, "headers": raw}


def seen(peer: str | None, header: ProxyHeader = "x-forwarded-for", **headers: str) -> str:
    return Proxies.of(["10.0.0.0/8", "fd00::/8"], header).resolve(scope(peer, **headers)).address


@pytest.mark.parametrize(
    ("peer", "said", "client"),
    [
        (CLIENT, "1.2.3.4", CLIENT),  # no proxy of ours: what it says is its own
        (PROXY, CLIENT, CLIENT),
        (PROXY, f"1.2.3.4, {CLIENT}", CLIENT),  # the left one the client wrote itself
        (PROXY, f"1.2.3.4, {CLIENT}, 10.9.9.9", CLIENT),
        (PROXY, "10.9.9.9, 10.8.8.8", "10.9.9.9"),
        (PROXY, f"{CLIENT}:4711", CLIENT),
        (PROXY, "[2001:db8::7]:443", "2001:db8::7"),
        (PROXY, "nonsense", PROXY),
        (PROXY, f"{CLIENT}, nonsense", PROXY),
        (PROXY, "", PROXY),
        (f"::ffff:{PROXY}", CLIENT, CLIENT),
        ("fd00::1", CLIENT, CLIENT),
        (None, CLIENT, "unknown"),
    ],
)
def test_the_nearest_address_that_is_no_proxy_of_ours_is_the_client(
    peer: str | None, said: str, client: str
) -> None:
    assert seen(peer, x_forwarded_for=said) == client


def test_only_the_header_that_the_proxy_sets_is_read() -> None:
    both = {"x_forwarded_for": CLIENT, "forwarded": "for=198.51.100.1"}
    assert seen(PROXY, "x-forwarded-for", **both) == CLIENT
    assert seen(PROXY, "forwarded", **both) == "198.51.100.1"


@pytest.mark.parametrize(
    ("said", "client"),
    [
        (f"for={CLIENT};proto=https", CLIENT),
        (f"for=1.2.3.4, for={CLIENT}", CLIENT),
        (f'For="{CLIENT}:99"', CLIENT),
        ('for="[2001:db8::7]:99"', "2001:db8::7"),
        ("for=_hidden", PROXY),
        ("by=1.2.3.4", PROXY),
    ],
)
def test_forwarded_is_read_as_rfc_7239_says(said: str, client: str) -> None:
    assert seen(PROXY, "forwarded", forwarded=said) == client


def test_the_scheme_is_the_connections_unless_a_trusted_proxy_says_another() -> None:
    proxies = Proxies.of([PROXY])
    said = {"x_forwarded_proto": "https"}
    assert proxies.resolve(scope(PROXY, **said)).scheme == "https"
    assert proxies.resolve(scope(CLIENT, **said)).scheme == "http"
    assert proxies.resolve(scope(CLIENT, "https")).scheme == "https"
    assert proxies.resolve(scope(PROXY, x_forwarded_proto="https, http")).scheme == "http"
    assert proxies.resolve(scope(PROXY, x_forwarded_proto="javascript")).scheme == "http"
    forwarded = Proxies.of([PROXY], "forwarded")
    assert forwarded.resolve(scope(PROXY, forwarded=f"for={CLIENT};proto=https")).scheme == "https"


def test_without_proxies_nobody_is_believed() -> None:
    assert Proxies().resolve(scope("127.0.0.1", x_forwarded_for=CLIENT)).address == "127.0.0.1"


def test_a_proxy_that_is_no_address_is_refused() -> None:
    with pytest.raises(ConfigError, match="trusted_proxies"):
        Proxies.of(["proxy.example"])


@given(st.text(max_size=80))
def test_no_header_breaks_it(said: str) -> None:
    raw = [(b"x-forwarded-for", said.encode()), (b"forwarded", said.encode())]
    for header in ("x-forwarded-for", "forwarded"):
        proxies = Proxies.of([PROXY], header)
        found = proxies.resolve({**scope(PROXY), "headers": raw})
        assert found.scheme in {"http", "https"}


def test_one_network_of_ipv6_is_one_client() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff") == "2001:db8::/64"
    assert network_of("2001:db8:0:1::1") != network_of("2001:db8::1")
    assert network_of(CLIENT) == CLIENT
    assert network_of("unknown") == "unknown"
