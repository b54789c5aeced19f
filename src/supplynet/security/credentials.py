"""Secrets that we make: sessions, tokens, badges. The books keep their SHA-256 only.

A slow hash is for passwords, which people choose; these have 128 bits or more of chance, so
nobody finds them from a fast one (ASVS 5.0, 11.4).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets

TOKEN_MARK, BADGE_MARK = "sn_", "SNB-"
_SECRET_BYTES, _BADGE_BYTES = 32, 16
_TOKEN = re.compile(r"sn_[A-Za-z0-9_-]{43}\Z")
_BADGE = re.compile(r"SNB-[A-Z2-7]{26}\Z")
_SESSION = re.compile(r"[A-Za-z0-9_-]{43}\Z")


def new_session() -> str:
    """What a session's cookie holds: 256 bits, 43 characters that a URL may hold."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def new_token() -> str:
    """A token for a machine; its mark lets scanners of source code find one that was leaked."""
    return TOKEN_MARK + secrets.token_urlsafe(_SECRET_BYTES)


def new_badge() -> str:
    """The code on a badge: 128 bits in characters that every bar code can hold."""
    return BADGE_MARK + base64.b32encode(secrets.token_bytes(_BADGE_BYTES)).decode().rstrip("=")


def new_password() -> str:
    """A password to be told once: five groups of four letters and digits, 100 bits."""
    text = base64.b32encode(secrets.token_bytes(13)).decode().lower()[:20]
    return "-".join(text[i : i + 4] for i in range(0, 20, 4))


def is_session(text: str) -> bool:
    """Whether a text looks like a session."""
    return _SESSION.match(text) is not None


def is_token(text: str) -> bool:
    """Whether a text looks like a token."""
    return _TOKEN.match(text) is not None


def badge_of(scanned: str) -> str | None:
    """The badge that a scanner read, whatever its letter case and ends; None when it is none."""
    code = scanned.strip().upper()
    return code if _BADGE.match(code) else None


def fingerprint(secret: str) -> str:
    """SHA-256, hex: what the books keep and look for."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def csrf_of(session: str) -> str:
    """What a page must say with every write, hex: another site's page cannot know it."""
    return hmac.new(session.encode(), b"csrf", hashlib.sha256).hexdigest()


def is_csrf_of(session: str, said: str | None) -> bool:
    """Whether a page said the right thing; takes the same time wherever it differs."""
    return said is not None and hmac.compare_digest(csrf_of(session).encode(), said.encode())
