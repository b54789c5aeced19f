from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest

from supplynet.errors import ConfigError
from supplynet.notify.signature import headers, read_secret

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_the_published_example_has_the_published_signature() -> None:
    """The example of the specification's reference libraries (standardwebhooks.com)."""
    made = headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
        [read_secret(SECRET)],
    )
    assert made == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_while_a_secret_is_replaced_either_verifies() -> None:
    keys = [b"n" * 32, b"o" * 32]
    at = datetime(2026, 1, 5, tzinfo=UTC)
    signatures = headers("m1", at, b"{}", keys)["webhook-signature"].split(" ")
    for key, signature in zip(keys, signatures, strict=True):
        content = b"m1.%d.{}" % int(at.timestamp())
        digest = hmac.new(key, content, hashlib.sha256).digest()
        assert signature == "v1," + base64.b64encode(digest).decode()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "does not begin with whsec_"),
        ("whsec_not base64!", "not base64"),
        ("whsec_é", "not base64"),
        ("whsec_c2hvcnQ=", "has 5 bytes"),
        ("whsec_" + base64.b64encode(b"x" * 65).decode(), "has 65 bytes"),
    ],
)
def test_what_is_no_secret_is_refused_without_being_shown(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as refused:
        read_secret(text)
    assert text.removeprefix("whsec_") not in str(refused.value)
