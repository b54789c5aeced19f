"""Signatures of Standard Webhooks (https://www.standardwebhooks.com), version 1.

``v1`` is HMAC-SHA256 over ``id.timestamp.body`` under a shared secret, in base64. While a secret
is being replaced a message carries a signature by each, and a receiver takes either.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

from supplynet.errors import ConfigError

PREFIX = "whsec_"
_SHORTEST, _LONGEST = 24, 64


def read_secret(text: str) -> bytes:
    """The key in ``whsec_`` and base64, of 24 to 64 bytes as the specification has it.

    Raises:
        ConfigError: It is not such a secret; the message does not show it.
    """
    right = (
        f"a secret of a webhook is {PREFIX} and {_SHORTEST} to {_LONGEST} random bytes in base64; "
        "make one: python -c \"import base64, secrets; print('whsec_' + "
        'base64.b64encode(secrets.token_bytes(32)).decode())"'
    )
    if not text.startswith(PREFIX):
        raise ConfigError(f"it does not begin with {PREFIX}; {right}")
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ConfigError(f"it is not base64 after {PREFIX}; {right}") from None
    if not _SHORTEST <= len(key) <= _LONGEST:
        raise ConfigError(f"it has {len(key)} bytes; {right}")
    return key


def headers(message_id: str, at: datetime, body: bytes, keys: Sequence[bytes]) -> dict[str, str]:
    """The three headers of one try at the moment ``at``, signed by each of ``keys``."""
    stamp = str(int(at.timestamp()))
    signed = b".".join([message_id.encode(), stamp.encode(), body])
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(f"v1,{_sign(key, signed)}" for key in keys),
    }


def _sign(key: bytes, signed: bytes) -> str:
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
