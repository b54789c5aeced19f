"""JSON that says which files belong together, with a sum over itself and a signature.

The sum finds what was damaged, the signature what was changed on purpose. What was written before
there were keys has no signature; it is trusted where it is, byte for byte, a file that lay there
when the workspace's first key was made.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from supplynet.errors import ModelError
from supplynet.security.keyring import Keyring

_LARGEST = 16 << 20
_OWN = ("sum", "signature")


def json_bytes(value: object) -> bytes:
    """JSON as it is kept: sorted, so that the same content has the same sum."""
    return (json.dumps(value, sort_keys=True, indent=1) + "\n").encode()


def sha256(content: bytes) -> str:
    """SHA-256, hex."""
    return hashlib.sha256(content).hexdigest()


def signed_bytes(told: Mapping[str, Any], purpose: str, keyring: Keyring) -> bytes:
    """The content of the file that says ``told``."""
    content = json_bytes(told)
    own = {"sum": sha256(content), "signature": keyring.sign(purpose, content)}
    return json_bytes({**told, **own})


def read_told(path: Path) -> tuple[bytes, dict[str, Any]]:
    """Bytes and content of such a file, nothing of it checked yet.

    Raises:
        OSError: It cannot be read.
        ValueError, RecursionError: It is no JSON, too large, or not of this kind.
    """
    with path.open("rb") as file:
        content = file.read(_LARGEST + 1)
    told = json.loads(content) if len(content) <= _LARGEST else None
    if not isinstance(told, dict) or not isinstance(told.get("schema"), int):
        raise ValueError
    return content, told


def is_whole(content: bytes, told: Mapping[str, Any]) -> bool:
    """Whether every byte is as written: its sum is right, and it is spelt as we spell it."""
    return content == json_bytes(told) and told.get("sum") == sha256(_body(told))


def signing_key(told: Mapping[str, Any]) -> str:
    """Id of the key that signed; "" where nobody did."""
    return str(told.get("signature", "")).partition(":")[0]


def check_signature(
    told: Mapping[str, Any], purpose: str, keyring: Keyring, what: str, mend: str
) -> None:
    """Refuse what no key of ours signed for this purpose.

    Args:
        told: What the file says.
        purpose: As for ``signed_bytes``.
        keyring: Of the workspace.
        what: The file, for people.
        mend: What they can do, where it comes from somewhere else.

    Raises:
        ModelError: It is not signed, by another key, or its signature is wrong.
    """
    signature = str(told.get("signature", ""))
    if keyring.verify(purpose, _body(told), signature):
        return
    key_id = signing_key(told)
    if not key_id:
        raise ModelError(f"{what} is not signed; {mend}")
    if not any(key.key_id == key_id for key in keyring.keys):
        raise ModelError(f"{what} is signed by key {key_id}, which this workspace lacks; {mend}")
    raise ModelError(f"{what} was changed after it was signed; restore it from a backup")


def _body(told: Mapping[str, Any]) -> bytes:
    return json_bytes({key: value for key, value in told.items() if key not in _OWN})
