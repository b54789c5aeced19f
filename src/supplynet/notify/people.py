"""People: mail, chat, push and SMS through apprise, in a process of its own.

A process per message costs half a second and buys what a library with over a hundred services
cannot promise: an end after a time, no look at our secrets, and every connection checked
(``apprise_process``).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from supplynet.errors import ConfigError
from supplynet.notify.apprise_urls import filled, is_plain
from supplynet.notify.message import Outcome, Outgoing, Tools
from supplynet.notify.settings import AppriseChannel
from supplynet.notify.text import render

_KEPT = ("PATH", "LANG", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
"""Of the environment: no secret, no proxy."""
_GRACE_SECONDS = 5.0


class AppriseSender:
    """Writes to one apprise URL."""

    def __init__(self, channel: AppriseChannel, secrets: Sequence[str], tools: Tools) -> None:
        self._secret = secrets[0] if secrets else None
        self._url, self._tools = filled(channel.url, self._secret), tools
        if not (tools.guard.hosts or tools.guard.private_hosts):
            raise ConfigError("allow_hosts names no host, so this channel cannot reach any")

    def send(self, message: Outgoing, now: datetime) -> Outcome:  # noqa: ARG002 - of all senders
        """Hand the text over; the process is killed when it takes too long."""
        text = render(message, self._tools.zone)
        job = {
            "url": self._url,
            "title": text.title,
            "body": text.body,
            "plain": is_plain(self._url),
            "hosts": sorted(self._tools.guard.hosts),
            "private_hosts": sorted(self._tools.guard.private_hosts),
            "seconds": self._tools.total_seconds,
        }
        command = [sys.executable, "-I", "-m", "supplynet.notify.apprise_process"]
        try:
            done = subprocess.run(  # noqa: S603 - our own module, nothing of it from outside
                command,
                input=json.dumps(job).encode(),
                capture_output=True,
                check=False,
                env={name: os.environ[name] for name in _KEPT if name in os.environ},
                timeout=self._tools.total_seconds + _GRACE_SECONDS,
            )
        except subprocess.TimeoutExpired:
            return Outcome(ok=False, said=f"took longer than {self._tools.total_seconds:g} s")
        except OSError as error:
            return Outcome(ok=False, said=f"no process could be started ({error.strerror})")
        return self._outcome(done)

    def _outcome(self, done: subprocess.CompletedProcess[bytes]) -> Outcome:
        try:
            answer = json.loads(done.stdout)
            said = self._clean(answer["said"])
            return Outcome(ok=answer["ok"], said=said, retry=answer["retry"])
        except (ValueError, KeyError, TypeError):
            return Outcome(ok=False, said=f"the sending process ended with {done.returncode}")

    def _clean(self, text: str) -> str:
        """Without the secret, as it is and as it stands in a URL."""
        secret = self._secret
        if secret is None:
            return text
        for form in {secret, quote(secret, safe=""), quote(secret, safe="/"), self._url}:
            text = text.replace(form, "***")
        return text
