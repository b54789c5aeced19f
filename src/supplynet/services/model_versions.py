"""The versions of a plant's model, with their aliases in the books.

An alias is a value of the books, ``{"model_version": ...}``; who moved it, when and why stands in
the audit log, which is also what a rollback goes by.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from supplynet.cycle import Check
from supplynet.learning.aliases import ALIASES, AliasChange
from supplynet.learning.versions import Version, Versions
from supplynet.monitor.grid import iso
from supplynet.services.books import Books
from supplynet.storage import ReadTx, WriteTx, audit, values
from supplynet.storage.audit import AuditEntry

PLANT = "plant"
"""Purpose of the models that plan a plant."""
_PAGE = 1000
Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class BooksAliases:
    """Implements ``learning.versions.AliasBook`` over the books.

    Attributes:
        actor: Who moves an alias.
        check: Refuses to move one that was moved by another meanwhile.
    """

    books: Books
    actor: str
    check: Check | None = None

    def holders(self) -> dict[str, str]:
        """Version by alias."""
        with self.books.store.read() as tx:
            return holders_in(tx)

    def history(self) -> list[AliasChange]:
        """Every change, oldest first, from the audit log."""
        with self.books.store.read() as tx:
            found = [entry for alias in ALIASES for entry in _entries(tx, alias)]
        found.sort(key=lambda entry: entry.seq)
        return [
            AliasChange(
                alias=entry.subject,
                version=(entry.after or {}).get("model_version", ""),
                at=entry.at,
                actor=entry.actor,
                reason=entry.reason,
                rolled_back=(entry.after or {}).get("rolled_back", ""),
            )
            for entry in found
        ]

    def in_use(self) -> set[str]:
        """Champion and challenger."""
        return set(self.holders().values())

    def assign(
        self, holders: Mapping[str, str], *, reason: str = "", rolled_back: str = ""
    ) -> None:
        """Point aliases at versions, in one transaction."""
        with self.books.store.write(self.actor, self.books.wall_clock()) as tx:
            if self.check is not None:
                self.check(tx)
            set_aliases(tx, holders, reason=reason, rolled_back=rolled_back)


def holders_in(tx: ReadTx) -> dict[str, str]:
    """Version by alias."""
    told = {alias: values.get_value(tx, alias) for alias in ALIASES}
    return {alias: value["model_version"] for alias, value in told.items() if value}


def set_aliases(
    tx: WriteTx, holders: Mapping[str, str], *, reason: str = "", rolled_back: str = ""
) -> None:
    """Point aliases at versions ("" = none) within a transaction."""
    for alias, version in holders.items():
        told = {"model_version": version} if version else None
        if told and rolled_back:
            told["rolled_back"] = rolled_back
        if told or values.get_value(tx, alias):
            values.set_value(tx, alias, told, reason=reason)


def versions_of(books: Books, *, actor: str = "", check: Check | None = None) -> Versions:
    """The versions of a workspace's plant; ``actor`` is who may move aliases, after ``check``."""
    aliases = BooksAliases(books=books, actor=actor, check=check)
    return Versions(workspace=books.workspace.folder, purpose=PLANT, aliases=aliases)


def version_row(version: Version) -> Json:
    """A version as JSON."""
    row = asdict(version)
    del row["damage"]
    row["trained_at"] = iso(version.trained_at)
    return row | {"state": "damaged" if version.damage else "ok", "damage": version.damage}


def change_row(change: AliasChange) -> Json:
    """A change of an alias as JSON."""
    return asdict(change) | {"at": iso(change.at)}


def _entries(tx: ReadTx, alias: str) -> Iterator[AuditEntry]:
    seen = 0
    while page := audit.entries(tx, subject=alias, after_seq=seen, limit=_PAGE):
        yield from (entry for entry in page if entry.action == "setting_changed")
        seen = page[-1].seq
