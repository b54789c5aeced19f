from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from supplynet.errors import ConfigError
from supplynet.notify import signature
from supplynet.notify.message import Outgoing, Tools
from supplynet.notify.settings import WebhookChannel
from supplynet.notify.webhook import WebhookSender
from supplynet.outbound.hosts import HostGuard

if TYPE_CHECKING:
    from tests.notify.conftest import Receiver

Make = Callable[..., Outgoing]
KEYS = [b"n" * 32, b"o" * 32]
SECRETS = ["whsec_" + base64.b64encode(key).decode() for key in KEYS]


def sender(tools: Tools, receiver: Receiver, url: str = "") -> WebhookSender:
    channel = WebhookChannel(
        name="erp",
        kind="webhook",
        url=url or f"http://{receiver.host}/hook?a=1",
        secret_env=("ERP",),
    )
    return WebhookSender(channel, SECRETS, tools)


def test_what_arrives_is_signed_and_the_same_at_every_try(
    tools: Tools, receiver: Receiver, order: Make, now: datetime
) -> None:
    hook = sender(tools, receiver)
    for minutes in (0, 5):
        at = now + timedelta(minutes=minutes)
        assert hook.send(order(), at).ok
        heard = receiver.headers[-1]
        signed = signature.headers("m1", at, receiver.bodies[-1], KEYS)
        assert {name: heard[name] for name in signed} == signed
    assert receiver.bodies[0] == receiver.bodies[1]
    assert heard["content-type"] == "application/json"
    body = json.loads(receiver.bodies[0])
    assert (body["type"], body["timestamp"]) == ("order.approved", "2026-01-05T22:00:00.000Z")
    assert body["data"]["quantity"] == 240


@pytest.mark.parametrize(
    ("status", "ok", "retry"),
    [
        (200, True, True),
        (204, True, True),
        (500, False, True),
        (503, False, True),
        (408, False, True),
        (409, False, True),
        (425, False, True),
        (429, False, True),
        (400, False, False),
        (401, False, False),
        (404, False, False),
        (410, False, False),
        (422, False, False),
        (301, False, True),
        (307, False, True),
    ],
)
def test_a_refusal_for_good_is_told_from_one_of_a_moment(
    tools: Tools,
    receiver: Receiver,
    order: Make,
    now: datetime,
    status: int,
    ok: bool,
    retry: bool,
) -> None:
    receiver.acts = [receiver.answer(status, b"" if status == 204 else b"because")]
    outcome = sender(tools, receiver).send(order(), now)
    assert (outcome.ok, outcome.retry or ok) == (ok, retry)
    assert str(status) in outcome.said


def test_a_redirect_is_not_followed(
    tools: Tools, receiver: Receiver, order: Make, now: datetime
) -> None:
    receiver.says(302, Location=f"http://{receiver.host}/elsewhere")
    outcome = sender(tools, receiver).send(order(), now)
    assert "redirects (302), which is not followed" in outcome.said
    assert len(receiver.bodies) == 1


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("7", 7.0),
        ("Mon, 05 Jan 2026 22:02:00 GMT", 120.0),
        ("999999999", 86_400.0),
        ("soon", 0.0),
        ("-5", 0.0),
    ],
)
def test_a_receiver_may_ask_to_be_left_alone_for_a_while(
    tools: Tools, receiver: Receiver, order: Make, now: datetime, header: str, wait: float
) -> None:
    receiver.says(429, Retry_After=header)
    assert sender(tools, receiver).send(order(), now).wait_seconds == wait


def test_no_answer_and_half_an_answer_are_tried_again(
    tools: Tools, receiver: Receiver, order: Make, now: datetime
) -> None:
    hurried = replace(tools, total_seconds=0.3)
    receiver.acts = [receiver.stall]
    slow = sender(hurried, receiver).send(order(), now)
    receiver.acts = [receiver.drop]
    dropped = sender(tools, receiver).send(order(), now)
    for outcome in (slow, dropped):
        assert (outcome.ok, outcome.retry) == (False, True)
    assert "time was up" in slow.said
    assert "connection failed" in dropped.said


def test_a_taken_message_is_taken_whatever_the_rest_of_the_answer(
    tools: Tools, receiver: Receiver, order: Make, now: datetime
) -> None:
    endless = receiver.answer(200, b"x" * 1_000_000, Content_Encoding="identity")
    cut_short = receiver.answer(200, b"x", Content_Length="1000", Connection="close")
    for act in (endless, cut_short, receiver.answer(200, b"x", Content_Encoding="br")):
        receiver.acts = [act]
        outcome = sender(tools, receiver).send(order(), now)
        assert outcome.ok
        assert len(outcome.said) < 300
        receiver.over.set()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("https://other.example/x", "host other.example is not allowed; add"),
        ("https://erp.example@other.example/x", "must not carry a user"),
        ("https://erp.example%00.other.example/", "is not allowed"),
        ("https://2130706433/", "host 2130706433 is not allowed"),
        ("https://0x7f.1/", "not allowed"),
        ("https://[::1]/", "not allowed"),
        ("https://[::ffff:127.0.0.1]/", "not allowed"),
        ("https://erp.example:22/", "host erp.example:22 is not allowed"),
        ("http://erp.example/", "by https, not http"),
        ("gopher://erp.example/", "must begin with https"),
        ("https://erp.example/ä", "punycode"),
    ],
)
def test_a_host_that_is_not_allowed_is_refused_when_the_file_is_read(
    tools: Tools, receiver: Receiver, guard: Callable[..., HostGuard], url: str, says: str
) -> None:
    strict = replace(tools, guard=guard("erp.example", private=False))
    with pytest.raises(ConfigError, match=says):
        sender(strict, receiver, url)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.5", "::1", "::ffff:10.0.0.5", "169.254.169.254", "0.0.0.0"]
)
def test_an_allowed_name_that_points_inside_is_refused_for_good(
    tools: Tools,
    receiver: Receiver,
    guard: Callable[..., HostGuard],
    order: Make,
    now: datetime,
    address: str,
) -> None:
    rebound = guard("erp.example", private=False, addresses=["93.184.216.34", address])
    hook = sender(replace(tools, guard=rebound), receiver, "https://erp.example/x")
    outcome = hook.send(order(), now)
    assert (outcome.ok, outcome.retry) == (False, False)
    assert "erp.example resolves to" in outcome.said


def test_a_name_that_is_looked_up_again_still_leads_to_the_checked_address(
    tools: Tools, receiver: Receiver, order: Make, now: datetime
) -> None:
    name, asked = f"erp.example:{receiver.port}", list[str]()

    def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.5"]

    once = HostGuard(frozenset({name}), frozenset({name}), resolve)
    hook = sender(replace(tools, guard=once), receiver, f"http://{name}/x")
    assert hook.send(order(), now).ok
    assert asked == ["erp.example"]


def test_a_secret_that_is_none_is_refused_with_its_key(tools: Tools, receiver: Receiver) -> None:
    channel: Any = WebhookChannel(
        name="erp", kind="webhook", url=f"http://{receiver.host}/", secret_env=("ERP",)
    )
    with pytest.raises(ConfigError, match="secret: it does not begin with whsec_"):
        WebhookSender(channel, ["hidden"], tools)
