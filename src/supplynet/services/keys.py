"""Keys of a workspace: list, make, rotate and drop them.

The key file is changed first, in one step; then everything is signed and sealed anew, see
``services.resealing``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

from supplynet.connectors import erp_settings
from supplynet.errors import InvalidInput, NotFound, SealError
from supplynet.notify import settings_file as notify_settings
from supplynet.security import keys_file
from supplynet.security.keyring import keyring_of, make_keyring
from supplynet.security.keys_file import Key, KeysFile, Kind, State
from supplynet.services.books import Books
from supplynet.services.resealing import Resealed, needed_by, reseal

Json = dict[str, Any]


def list_keys(books: Books) -> list[Json]:
    """Every key, the oldest first, with what needs it; never the keys themselves."""
    needed = needed_by(books)
    return [
        {
            "key_id": key.key_id,
            "kind": key.kind.value,
            "state": key.state.value,
            "made_at": key.made_at,
            "needed_by": dict(needed.get(key.key_id, {})),
        }
        for key in keyring_of(books.workspace.folder).keys
    ]


def seal_from_now(books: Books, *, actor: str) -> Resealed:
    """Make the first sealing key, and seal what is there.

    Raises:
        InvalidInput: There is one already.
        ConfigError: The key file cannot be used.
    """
    make_keyring(books.workspace.folder)

    def change(file: KeysFile) -> KeysFile:
        active = file.active(Kind.SEALING)
        if active is not None:
            raise InvalidInput(f"{active.key_id} seals already; replace it: supplynet keys rotate")
        return file.with_new(Kind.SEALING, books.wall_clock().astimezone(UTC))

    _change(books, change, "sealing_begun", actor)
    return reseal(books)


def rotate(books: Books, *, actor: str, reason: str = "") -> Resealed:
    """Make a new key of each kind in use, retire those before, and seal anew what they sealed.

    Raises:
        ConfigError: The key file cannot be used.
    """

    def change(file: KeysFile) -> KeysFile:
        now = books.wall_clock().astimezone(UTC)
        for kind in Kind:
            file = file.with_new(kind, now) if file.active(kind) else file
        return file

    make_keyring(books.workspace.folder)
    _change(books, change, "keys_rotated", actor, reason)
    return reseal(books)


def drop(books: Books, key_id: str, *, backups_too: bool, actor: str, reason: str = "") -> None:
    """Forget a retired key for ever.

    Args:
        books: The workspace.
        key_id: Which.
        backups_too: Says that no backup is needed that it sealed or signed: nobody here can know.
        actor: Who says so.
        reason: Why, for the audit log.

    Raises:
        NotFound: There is no such key.
        InvalidInput: It is active, something still needs it, or backups were not thought of.
    """
    known = {key.key_id: key for key in keyring_of(books.workspace.folder).keys}
    if key_id not in known:
        raise NotFound("key", key_id, "see supplynet keys list")
    if known[key_id].state is State.ACTIVE:
        raise InvalidInput(f"{key_id} is active; rotate the keys first: supplynet keys rotate")
    needed = needed_by(books).get(key_id)
    if needed:
        said = ", ".join(f"{count} {what}" for what, count in needed.items())
        raise InvalidInput(f"{key_id} is still needed by {said}; run supplynet keys reseal")
    if not backups_too:
        raise InvalidInput(
            f"backups made with {key_id} could never be opened or verified again, and which there "
            "are nobody here can know; drop it with --backups-too if there are none that you need"
        )

    def without(file: KeysFile) -> KeysFile:
        return replace(file, keys={k: key for k, key in file.keys.items() if k != key_id})

    _change(books, without, "key_dropped", actor, reason)


def seal_secret(folder: Path, secret: str, *, channel: str | None) -> str:
    """A secret as it may stand in a settings file.

    Args:
        folder: The workspace.
        secret: As the other side knows it.
        channel: Of ``notify.toml``; None = the key of ``erp.toml``.

    Raises:
        SealError: There is no key to seal with.
        InvalidInput: It is no line of printable characters.
    """
    if not secret.strip() or not secret.strip().isprintable():
        raise InvalidInput("a secret is one line of printable characters")
    context = erp_settings.CONTEXT if channel is None else notify_settings.context_of(channel)
    keyring = keyring_of(folder)
    if not keyring.can_seal:
        raise SealError("there is no key to seal with; make one: supplynet keys new")
    return keyring.seal_text(secret.strip(), context)


def _change(
    books: Books,
    change: Callable[[KeysFile], KeysFile],
    action: str,
    actor: str,
    reason: str = "",
) -> None:
    """Change the key file in one step, and say so in the audit log."""
    path = keys_file.keys_path(books.workspace.folder)
    with keys_file.changing(path) as before:
        after = change(before)
        keys_file.write_keys(path, after)
    with books.store.write(actor, books.wall_clock()) as tx:
        tx.note(action, "keys", before=_told(before), after=_told(after), reason=reason)


def _told(file: KeysFile) -> Json:
    """What the audit log may know."""

    def said(key: Key) -> str:
        return f"{key.kind.value} {key.state.value}"

    return {key.key_id: said(key) for key in file.keys.values()}
