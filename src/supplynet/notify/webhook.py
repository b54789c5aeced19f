"""Webhooks: a signed POST of JSON; see ``signature``."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from supplynet.errors import ConfigError, ConnectorError, InvalidInput
from supplynet.notify.message import Outcome, Outgoing, Tools
from supplynet.notify.settings import WebhookChannel
from supplynet.notify.signature import headers, read_secret
from supplynet.outbound.deadline import Deadline
from supplynet.outbound.http import HttpLimits, Reply, Request, exchange, retry_after_seconds

if TYPE_CHECKING:
    import httpcore2

TRY_AGAIN = frozenset({408, 409, 425, 429})
"""Refusals of a moment; any other of 400 to 499 stands."""
LONGEST_WAIT_SECONDS = 24 * 3600.0
_LIMITS = HttpLimits(connect_seconds=5.0, read_seconds=15.0, maximum_bytes=2000)


class WebhookSender:
    """Sends to one URL.

    Raises:
        ConfigError: The URL or a secret cannot be used.
    """

    def __init__(self, channel: WebhookChannel, secrets: Sequence[str], tools: Tools) -> None:
        try:
            self._parts = tools.guard.check(channel.url)
            channel.url.encode("ascii")
        except InvalidInput as error:
            raise ConfigError(f"url: {error}") from error
        except UnicodeEncodeError:
            raise ConfigError("url: write other letters than a-z as %xx or punycode") from None
        try:
            self._keys = [read_secret(secret) for secret in secrets]
        except ConfigError as error:
            raise ConfigError(f"secret: {error}") from None
        self._tools = tools

    def send(self, message: Outgoing, now: datetime) -> Outcome:
        """POST once; redirects are not followed, for they could lead anywhere."""
        body = message.body()
        request = Request(
            parts=self._parts,
            method="POST",
            headers={
                "Content-Type": "application/json",
                **headers(message.message_id, now, body, self._keys),
            },
            body=body,
        )
        deadline = Deadline(self._tools.total_seconds, time.monotonic)
        try:
            reply = exchange(request, self._tools.guard, _LIMITS, deadline, _first_bytes)
        except ConnectorError as error:
            return Outcome(ok=False, said=str(error))
        except InvalidInput as error:
            return Outcome(ok=False, said=str(error), retry=False)
        return outcome_of(reply, now)


def outcome_of(reply: Reply, now: datetime) -> Outcome:
    """What an answer means: 2xx is taken, most of 4xx is refused for good, all else may pass."""
    status, text = reply.status, reply.body.decode(errors="replace").strip()
    said = f"answered {status}" + (f": {text[:200]}" if text else "")
    if 200 <= status < 300:
        return Outcome(ok=True, said=said)
    if 300 <= status < 400:
        said = f"redirects ({status}), which is not followed; put the new address into notify.toml"
    retry = not 400 <= status < 500 or status in TRY_AGAIN
    wait = retry_after_seconds(reply.headers.get("retry-after", ""), now)
    return Outcome(ok=False, said=said, retry=retry, wait_seconds=min(wait, LONGEST_WAIT_SECONDS))


def _first_bytes(response: httpcore2.Response, headers: Mapping[str, str], most: int) -> bytes:
    """The beginning of what it says: the status has decided, a broken body changes nothing."""
    import httpcore2

    if headers.get("content-encoding", "identity") != "identity":
        return b""
    body = bytearray()
    try:
        for chunk in response.iter_stream():
            body += chunk
            if len(body) >= most:
                break
    except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException):
        pass
    except ConnectorError:
        pass
    return bytes(body[:most])
