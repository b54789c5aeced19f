"""Ed25519 signatures (RFC 8032) over content with the purpose that it is signed for.

The purpose is part of what is signed: a signed audit head is no signed manifest, whatever its
bytes are.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_DOMAIN = b"supplynet signature 1"
SIGNATURE_BYTES = 64


def signed(secret: bytes, message: bytes) -> bytes:
    """The signature of ``message``, 64 bytes.

    Args:
        secret: The private key, 32 bytes.
        message: Signed as it is; see ``framed``.
    """
    return Ed25519PrivateKey.from_private_bytes(secret).sign(message)


def verified(secret: bytes, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` is that of the key ``secret`` over ``message``."""
    public = Ed25519PrivateKey.from_private_bytes(secret).public_key()
    try:
        public.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def framed(purpose: str, content: bytes) -> bytes:
    """Content with its purpose, so that no other pair of the two gives the same bytes."""
    said = purpose.encode()
    return b"".join((_DOMAIN, len(said).to_bytes(4, "big"), said, content))
