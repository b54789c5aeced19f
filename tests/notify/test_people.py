"""Apprise in its own process, against a receiver on this machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from supplynet.errors import ConfigError, InvalidInput
from supplynet.notify.apprise_process import Watch
from supplynet.notify.apprise_urls import filled
from supplynet.notify.message import Outcome, Outgoing, Tools
from supplynet.notify.people import AppriseSender
from supplynet.notify.settings import AppriseChannel
from supplynet.outbound.hosts import HostGuard

if TYPE_CHECKING:
    from tests.notify.conftest import Receiver

Make = Callable[..., Outgoing]


def send(tools: Tools, url: str, message: Outgoing, now: datetime, *secrets: str) -> Outcome:
    named = ("S",) if secrets else ()
    channel = AppriseChannel(name="push", kind="apprise", url=url, secret_env=named)
    return AppriseSender(channel, secrets, tools).send(message, now)


def test_people_get_the_text_and_the_secret_stays_out_of_what_is_said(
    tools: Tools, receiver: Receiver, alert: Make, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    receiver.says(200, 500)
    url = f"json://{receiver.host}/{{secret}}"
    assert send(tools, url, alert(), now, "hidden/token").ok
    sent = json.loads(receiver.bodies[0])
    assert sent["title"] == "Warning: halt risk, SR1.ST1.A bolt"
    assert "runs out of bolt at 03:10" in sent["message"]
    failed = send(tools, url, alert(), now, "hidden/token")
    assert (failed.ok, failed.retry) == (False, True)
    assert "hidden" not in failed.said


def test_a_redirect_leads_nowhere(
    tools: Tools, receiver: Receiver, alert: Make, now: datetime
) -> None:
    receiver.says(307, Location=f"http://localhost:{receiver.port}/elsewhere")
    assert not send(tools, f"json://{receiver.host}/x", alert(), now).ok
    assert len(receiver.bodies) == 1


def test_a_host_that_is_not_allowed_is_named_with_what_to_do(
    tools: Tools, receiver: Receiver, alert: Make, now: datetime
) -> None:
    outcome = send(tools, f"json://localhost:{receiver.port}/x", alert(), now)
    assert (outcome.ok, outcome.retry) == (False, False)
    assert f"add 'localhost:{receiver.port}' to allow_hosts in notify.toml" in outcome.said
    assert receiver.bodies == []


def test_a_process_that_hangs_is_ended(
    tools: Tools, receiver: Receiver, alert: Make, now: datetime
) -> None:
    receiver.acts = [receiver.stall]
    outcome = send(replace(tools, total_seconds=1.0), f"json://{receiver.host}/x", alert(), now)
    assert (outcome.ok, outcome.retry) == (False, True)


def watch(guard: HostGuard, *, secure: bool = True) -> Watch:
    return Watch(guard, secure=secure)


@pytest.mark.parametrize("host", ["localhost", "2130706433", "::1", "0x7f.1", b"evil.example"])
def test_a_name_that_is_not_allowed_is_not_even_looked_up(
    guard: Callable[..., HostGuard], host: str | bytes
) -> None:
    with pytest.raises(InvalidInput, match="is not allowed"):
        watch(guard("chat.example"))("socket.getaddrinfo", (host, 443, 0, 0, 0))


def test_the_address_behind_an_allowed_name_is_checked_when_it_is_connected_to(
    guard: Callable[..., HostGuard],
) -> None:
    strict = watch(guard("chat.example", private=False))
    strict("socket.getaddrinfo", ("CHAT.example.", 443, 0, 0, 0))
    strict("socket.connect", (None, ("93.184.216.34", 443)))
    for address in ("127.0.0.1", "10.0.0.5", "::1", "169.254.169.254"):
        with pytest.raises(InvalidInput, match="resolves to"):
            strict("socket.connect", (None, (address, 443)))
    assert "private network" in strict.refused
    for path in ("/run/docker.sock", b"\0abstract"):
        with pytest.raises(InvalidInput, match="not to a socket"):
            strict("socket.connect", (None, path))


def test_without_encryption_nothing_leaves_this_machine(guard: Callable[..., HostGuard]) -> None:
    plain = watch(guard("box.example"), secure=False)
    plain("socket.getaddrinfo", ("box.example", 80, 0, 0, 0))
    plain("socket.connect", (None, ("127.0.0.1", 80)))
    with pytest.raises(InvalidInput, match="this machine only"):
        plain("socket.connect", (None, ("10.0.0.5", 80)))


@pytest.mark.parametrize("event", ["subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"])
def test_a_message_starts_no_program(guard: Callable[..., HostGuard], event: str) -> None:
    with pytest.raises(InvalidInput, match="is sent without"):
        watch(guard("chat.example"))(event, ("x",))


def test_a_password_is_quoted_whole_and_a_token_keeps_its_slashes() -> None:
    assert filled("mailtos://a:{secret}@m.example", "p/w@1") == "mailtos://a:p%2Fw%401@m.example"
    assert filled("slack://{secret}/#x", "T1/B2/c3") == "slack://T1/B2/c3/#x"
    assert filled("ntfys://ntfy.sh/x", None) == "ntfys://ntfy.sh/x"


def test_without_an_allowed_host_there_is_nobody_to_reach(
    tools: Tools, guard: Callable[..., HostGuard]
) -> None:
    channel = AppriseChannel(name="push", kind="apprise", url="ntfys://ntfy.sh/x")
    with pytest.raises(ConfigError, match="allow_hosts names no host"):
        AppriseSender(channel, (), replace(tools, guard=guard()))
