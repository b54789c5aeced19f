"""Who may be asked, and that no name leads into the private network."""

from __future__ import annotations

import pytest

from supplynet.errors import ConnectorError, InvalidInput
from supplynet.outbound.hosts import HostGuard


def guard(*addresses: str, private: bool = False) -> HostGuard:
    names = frozenset({"data.example"})
    return HostGuard(names, names if private else frozenset(), lambda _host, _port: [*addresses])


def test_a_listed_host_at_a_public_address_may_be_asked() -> None:
    public = guard("93.184.216.34", "2606:2800:220:1::1")
    assert len(public.addresses(public.check("https://data.example/x"))) == 2


@pytest.mark.parametrize(
    "url",
    [
        "https://other.example/x",
        "https://data.example.evil.example/x",
        "https://evil.example/data.example",
        "https://data.example:8443/x",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://[::1]/",
    ],
)
def test_a_host_that_is_not_listed_is_refused_with_what_to_do(url: str) -> None:
    with pytest.raises(InvalidInput, match=r"is not allowed; add .* to signal_hosts"):
        guard().check(url)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://data.example/x", "by https"),
        ("ftp://data.example/x", "must begin with https"),
        ("file:///etc/passwd", "must begin with https"),
        ("//data.example/x", "must begin with https"),
        ("https://ann:pw@data.example/x", "user or password"),
        ("https://data.example:99999/x", "no URL"),
        ("https://[data.example/x", "no URL"),
    ],
)
def test_a_url_that_is_not_plain_https_is_refused(url: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        guard().check(url)


def test_upper_case_and_a_last_dot_are_the_same_host() -> None:
    for url in ("https://DATA.Example/x", "https://data.example./x", "https://data.example:443/"):
        guard().check(url)


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.5",
        "172.16.9.9",
        "192.168.1.1",
        "127.0.0.1",
        "100.64.0.1",
        "::1",
        "fc00::1",
        "::ffff:10.0.0.5",
        "64:ff9b::a00:5",
        "2002:0a00:0005::1",
        "::10.0.0.5",
        "::ffff:0:10.0.0.5",
        "64:ff9b:1::10.0.0.5",
        "198.18.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "3fff::1",
    ],
)
def test_a_private_address_behind_a_listed_name_is_refused_unless_it_is_meant(
    address: str,
) -> None:
    for addresses in ([address], ["93.184.216.34", address]):
        rebound = guard(*addresses)
        with pytest.raises(InvalidInput, match="signal_private_hosts"):
            rebound.addresses(rebound.check("https://data.example/x"))
    meant = guard(address, private=True)
    assert meant.addresses(meant.check("https://data.example/x")) == [address]


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "fe80::1%eth0", "fec0::1", "0.0.0.0", "::", "224.0.0.1"]
)
def test_some_addresses_are_never_asked(address: str) -> None:
    inside = guard(address, private=True)
    with pytest.raises(InvalidInput, match="no server's address"):
        inside.addresses(inside.check("https://data.example/x"))


def test_http_reaches_this_machine_only() -> None:
    inside = guard("10.0.0.5", private=True)
    with pytest.raises(InvalidInput, match="http is for this machine only"):
        inside.addresses(inside.check("http://data.example/x"))


def test_a_name_that_cannot_be_resolved_may_be_tried_again() -> None:
    def nobody(_host: str, _port: int) -> list[str]:
        raise OSError("no such name")

    def nowhere(_host: str, _port: int) -> list[str]:
        return []

    for resolve in (nobody, nowhere):
        alone = HostGuard(frozenset({"data.example"}), frozenset(), resolve)
        with pytest.raises(ConnectorError, match=r"data\.example"):
            alone.addresses(alone.check("https://data.example/x"))
