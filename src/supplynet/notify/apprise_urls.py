"""Which apprise URLs a channel may have.

Apprise knows well over a hundred ways to speak, among them desktop pop-ups, files and programs on
this machine. Only those named here are used, and only where the allowed hosts let them go.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, urlsplit

from supplynet.core.spelling import nearest

MAIL = frozenset({"mailto", "mailtos"})
OWN_SERVER = {"json": "jsons", "gotify": "gotifys", "mmost": "mmosts", "ntfy": "ntfys"}
"""Without TLS: its twin with TLS. They leave this machine only in the twin's form."""
CHAT = frozenset({"msteams", "workflow", "workflows", "slack", "discord", "tgram", "gchat"})
CHAT |= {"wxteams"}
PUSH = frozenset({"pover", "pagerduty", "opsgenie"})
SMS = frozenset({"twilio", "vonage", "nexmo", "msgbird", "sinch", "clicksend", "d7sms"})
ALLOWED = MAIL | CHAT | PUSH | SMS | OWN_SERVER.keys() | set(OWN_SERVER.values())
_SECRET = "{secret}"  # noqa: S105 - a placeholder
_REFUSED = re.compile(r"verify|redirect|pgp.*|attach.*|rto|cto|emojis|store", re.IGNORECASE)


def check_template(url: str) -> None:
    """Whether a channel may have this URL, its ``{secret}`` not yet filled in.

    Raises:
        ValueError: It may not; says what is right.
    """
    scheme = _scheme(url)
    if scheme not in ALLOWED:
        near = nearest(scheme, ALLOWED)
        hint = f"did you mean {near}://?" if near else "allowed are " + ", ".join(sorted(ALLOWED))
        raise ValueError(f"apprise may not use {scheme or 'this'}://; {hint}")
    if not url.isprintable() or " " in url:
        raise ValueError("the url has spaces or characters that cannot be printed")
    parts = urlsplit(url)
    if parts.password is not None and _SECRET not in parts.password:
        raise ValueError("the url carries a password; write {secret} there and name secret_env")
    for name, _ in parse_qsl(parts.query, keep_blank_values=True):
        if _REFUSED.fullmatch(name.lstrip("+-:")):
            raise ValueError(f"the url may not set {name!r}")


def filled(url: str, secret: str | None) -> str:
    """The URL with its secret; a password is quoted whole, a token keeps its slashes."""
    if secret is None:
        return url
    _, _, rest = url.partition(_SECRET)
    is_password = rest.startswith("@") or "?" in url.partition(_SECRET)[0]
    return url.replace(_SECRET, quote(secret, safe="" if is_password else "/"))


def is_plain(url: str) -> bool:
    """Whether it speaks without TLS. Mail is left to its relay, which may be on the site."""
    return _scheme(url) in OWN_SERVER


def _scheme(url: str) -> str:
    return url.partition("://")[0].lower() if "://" in url else ""
