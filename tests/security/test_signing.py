"""Ed25519 as published, and purposes that keep signatures apart."""

from __future__ import annotations

import pytest

from supplynet.security.signing import framed, signed, verified

# RFC 8032, section 7.1, tests 1 and 2: secret key, message, signature.
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555"
            "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da0"
            "85ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
]


@pytest.mark.parametrize(("secret", "message", "signature"), RFC_8032)
def test_signatures_are_those_of_the_rfc(secret: str, message: str, signature: str) -> None:
    key, said = bytes.fromhex(secret), bytes.fromhex(message)
    assert signed(key, said).hex() == signature
    assert verified(key, said, bytes.fromhex(signature))
    assert not verified(key, said + b"!", bytes.fromhex(signature))
    assert not verified(key, said, b"")


def test_no_two_pairs_of_purpose_and_content_are_signed_alike() -> None:
    pairs = [("a", b"bc"), ("ab", b"c"), ("abc", b""), ("", b"abc"), ("a", b"\0bc"), ("a\0", b"bc")]
    assert len({framed(*pair) for pair in pairs}) == len(pairs)
