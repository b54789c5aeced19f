"""Signing and sealing anew all that a workspace keeps, and what needs which key.

Everything is done piece by piece, and retired keys open what is not yet done: this may be killed
at any moment and run again, beside a server that runs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from supplynet.connectors import erp_settings
from supplynet.errors import ModelError, SealError
from supplynet.files import write_atomically
from supplynet.learning.manifest import saved_names
from supplynet.learning.onnx_files import graph_keys, reseal_graphs
from supplynet.learning.resealing import model_keys, reseal_model
from supplynet.notify import settings_file as notify_settings
from supplynet.security import anchors
from supplynet.security.keyring import Keyring, keyring_of, text_key_id
from supplynet.services.audit import anchor_files
from supplynet.services.books import Books
from supplynet.services.contacts import contact_context
from supplynet.storage import contacts

_SETTINGS: dict[str, Callable[[Path], dict[str, str]]] = {
    notify_settings.NOTIFY_FILE: notify_settings.sealed_values,
    erp_settings.ERP_FILE: erp_settings.sealed_values,
}
"""Files with sealed values, and what finds these and their contexts."""


@dataclass(frozen=True, kw_only=True)
class Resealed:
    """What was signed and sealed anew.

    Attributes:
        models, graphs: Names of saved models.
        contacts: How many.
        files: Settings files.
        left: What could not be, by name, and why: it is damaged, or its key is gone.
    """

    models: tuple[str, ...]
    graphs: tuple[str, ...]
    contacts: int
    files: tuple[str, ...]
    left: Mapping[str, str]


def reseal(books: Books) -> Resealed:
    """Sign and seal with the active keys what was with others; the end of what was killed.

    Raises:
        ConfigError: The key file or a settings file cannot be used.
        StoreError: The books cannot be written.
    """
    folder, left = books.workspace.folder, dict[str, str]()
    models = tuple(_tried(folder, reseal_model, "", left))
    graphs = tuple(_tried(folder, reseal_graphs, " in ONNX", left))
    keyring = keyring_of(folder)
    changed = _reseal_contacts(books, keyring, left)
    files = tuple(name for name in _SETTINGS if _reseal_settings(folder, name))
    return Resealed(models=models, graphs=graphs, contacts=changed, files=files, left=left)


def _tried(
    folder: Path, reseal_one: Callable[[Path, str], bool], kind: str, left: dict[str, str]
) -> Iterator[str]:
    """Names of what was done; what cannot be goes to ``left``."""
    for name in saved_names(folder):
        try:
            if reseal_one(folder, name):
                yield name
        except ModelError as error:
            left[name + kind] = str(error)


def _reseal_contacts(books: Books, keyring: Keyring, left: dict[str, str]) -> int:
    if not keyring.can_seal:
        return 0
    made = {}
    with books.store.write("keys", books.wall_clock()) as tx:
        for user_id, text in contacts.kept(tx).items():
            if text_key_id(text) == keyring.sealing_id:
                continue
            context = contact_context(user_id)
            try:
                made[user_id] = keyring.seal_text(keyring.open_text(text, context), context)
            except SealError as error:
                left[f"contact of user {user_id}"] = str(error)
        contacts.replace(tx, made)
    return len(made)


def _reseal_settings(folder: Path, name: str) -> bool:
    """Seal the values of a settings file anew; all else in it, comments too, stays as it is."""
    keyring, path = keyring_of(folder), folder / name
    old = {
        text: context
        for text, context in _SETTINGS[name](folder).items()
        if text_key_id(text) != keyring.sealing_id
    }
    if not old:
        return False
    content, mode = path.read_text(encoding="utf-8"), path.stat().st_mode
    for text, context in old.items():
        plain = keyring.open_text(text, context)
        content = content.replace(text, keyring.seal_text(plain, context))
    write_atomically(path, content.encode())
    path.chmod(mode & 0o777)
    return True


def needed_by(books: Books) -> dict[str, Counter[str]]:
    """How often each key is needed, by what for: ``models``, ``contacts``, ..."""
    found: dict[str, Counter[str]] = {}
    for key_id, what in (
        *_model_needs(books.workspace.folder),
        *_contact_needs(books),
        *_secret_needs(books.workspace.folder),
        *_anchor_needs(books),
    ):
        found.setdefault(key_id, Counter())[what] += 1
    return found


def _model_needs(folder: Path) -> Iterator[tuple[str, str]]:
    for name in saved_names(folder):
        for keys_of, what in ((model_keys, "models"), (graph_keys, "ONNX exports")):
            try:
                yield from ((key_id, what) for key_id in keys_of(folder, name))
            except ModelError:  # it cannot be opened, whatever keys there are
                continue


def _contact_needs(books: Books) -> Iterator[tuple[str, str]]:
    with books.store.read() as tx:
        yield from ((text_key_id(text), "contacts") for text in contacts.kept(tx).values())


def _secret_needs(folder: Path) -> Iterator[tuple[str, str]]:
    for name, values in _SETTINGS.items():
        yield from ((text_key_id(text), f"secrets in {name}") for text in values(folder))


def _anchor_needs(books: Books) -> Iterator[tuple[str, str]]:
    keyring = keyring_of(books.workspace.folder)
    for file in anchor_files(books):
        for line in anchors.read_lines(file, keyring):
            if line.anchor is not None:
                yield line.anchor.signature.partition(":")[0], "anchors of the audit log"
