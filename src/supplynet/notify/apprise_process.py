"""Sends one message by apprise, in a process that can reach nothing but the allowed hosts.

Run by ``people``: reads a job from standard input, writes the outcome to standard output. Python
tells an audit hook of every name that is looked up and of every connection before it is made, so
each is checked, by number, at the last moment: whatever the library, a redirect or a name server
makes of a URL.
"""

from __future__ import annotations

import json
import logging
import signal
import sys
from typing import Any

from supplynet.errors import ConnectorError, InvalidInput
from supplynet.outbound.hosts import HostGuard

USUAL_PORTS = frozenset({25, 80, 443, 465, 587})
_PROGRAMS = ("subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "pty.")
_MOST_SAID = 10


class Watch:
    """An audit hook: refuses hosts that are not allowed, and every program.

    Args:
        guard: Who may be reached.
        secure: Whether what is sent is encrypted, or may go through the site in the open.
    """

    def __init__(self, guard: HostGuard, *, secure: bool) -> None:
        self._guard, self._secure = guard, secure
        self._name = ""
        self.refused = ""

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Refuse by raising; see the class."""
        try:
            if event == "socket.getaddrinfo":
                self._look_up(arguments[0], arguments[1])
            elif event == "socket.connect":
                self._connect(arguments[1])
            elif event in {"socket.bind", "socket.sendto"} or event.startswith(_PROGRAMS):
                raise InvalidInput(f"a message is sent without {event}")
        except (InvalidInput, ConnectorError) as error:
            self.refused = self.refused or str(error)
            raise

    def _look_up(self, host: Any, port: Any) -> None:
        name = (host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)).lower()
        name = name.rstrip(".")
        name = f"[{name}]" if ":" in name else name
        usual = not str(port).isdigit() or int(port) in USUAL_PORTS
        self._name = name if usual else f"{name}:{port}"
        if self._name not in self._guard.hosts:
            raise InvalidInput(
                f"host {self._name} is not allowed; add {self._name!r} to "
                f"{self._guard.hosts_key} in {self._guard.file}"
            )

    def _connect(self, address: Any) -> None:
        if not isinstance(address, tuple) or len(address) < 2:
            raise InvalidInput("a message goes to a host, not to a socket of this machine")
        if not self._name:
            self._look_up(address[0], address[1])
        self._guard.check_address(self._name, str(address[0]), secure=self._secure)


def main() -> int:
    """Send; the status is 0 whatever came of it."""
    job = json.load(sys.stdin)
    signal.alarm(max(1, int(job["seconds"])))  # also when nobody waits for us any more
    guard = HostGuard(
        frozenset(job["hosts"]) | frozenset(job["private_hosts"]),
        frozenset(job["private_hosts"]),
        lambda _host, _port: [],
        hosts_key="allow_hosts",
        private_key="allow_private_hosts",
        file="notify.toml",
    )
    sys.stdout.write(json.dumps(_send(job, Watch(guard, secure=not job["plain"]))))
    return 0


def _send(job: dict[str, Any], watch: Watch) -> dict[str, Any]:
    import apprise

    heard = _Heard()
    logging.getLogger("apprise").addHandler(heard)
    asset = apprise.AppriseAsset(async_mode=False, plugin_paths=[])
    asset.http_redirects = False  # the watch stops what an older apprise follows all the same
    plugin = apprise.Apprise.instantiate(job["url"], asset=asset, suppress_exceptions=True)
    if plugin is None:
        said = "; ".join(heard.said) or "its parts cannot be understood"
        return {"ok": False, "retry": False, "said": f"apprise cannot use the url: {said}"}
    sys.addaudithook(watch)
    try:
        ok = bool(plugin.notify(body=job["body"], title=job["title"], body_format="text"))
        said = "; ".join(heard.said)
    except Exception as error:  # noqa: BLE001 - a service's code may raise anything
        ok, said = False, f"{type(error).__name__}: {error}"
    if ok:
        return {"ok": True, "retry": False, "said": "taken"}
    return {"ok": False, "retry": not watch.refused, "said": watch.refused or said or "not taken"}


class _Heard(logging.Handler):
    """What apprise says of a failure."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if len(self.said) < _MOST_SAID:
            self.said.append(record.getMessage())


if __name__ == "__main__":
    sys.exit(main())
