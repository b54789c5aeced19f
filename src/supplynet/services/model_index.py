"""Which version serves each series, in one file per family: ``models/sales.index.json``.

Models of sales are one family, detectors of odd sales another: see ``FAMILIES``.

The file carries a sum over itself. When it is damaged it is made anew from the versions that are
whole: the newest then serves. Writers wait for each other.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from supplynet.errors import ModelError
from supplynet.files import one_writer, write_atomically
from supplynet.learning.aliases import CHAMPION, AliasChange
from supplynet.learning.artifacts import check_model, load_metrics
from supplynet.learning.manifest import saved_names
from supplynet.learning.signed_json import json_bytes, sha256
from supplynet.learning.versions import Versions

log = logging.getLogger(__name__)
SALES, ANOMALIES, PLANT_ANOMALIES = "sales", "anomalies", "plant_anomalies"
"""Purpose of the model that serves all series; that of one series is ``sales/`` and its key."""
FAMILIES = {
    SALES: "ForecastingService",
    ANOMALIES: "AnomalyService",
    PLANT_ANOMALIES: "detect",
}
"""First words of purposes, and who moves their aliases. Each has an index of its own."""
INDEX = f"models/{SALES}.index.json"
Stamp = tuple[int, int, int] | None
_SCHEMA = 2
_REBUILT = "the index was damaged and was made anew from the versions that are whole"


@dataclass(frozen=True, kw_only=True)
class Index:
    """What the file says.

    Attributes:
        serves: Version by model key.
        aliases: Version by alias, by purpose.
        history: Changes of aliases by purpose, oldest first.
        warning: Why it is not what was written last; "" when it is.
    """

    serves: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, dict[str, str]] = field(default_factory=dict)
    history: dict[str, list[AliasChange]] = field(default_factory=dict)
    warning: str = ""
    family: str = SALES

    def move(self, purpose: str, change: AliasChange, keys: list[str]) -> None:
        """Point an alias at a version; a champion serves ``keys`` from then on.

        After a rollback it serves those only that the version before it did.
        """
        holders = self.aliases.setdefault(purpose, {})
        if change.version:
            holders[change.alias] = change.version
        else:
            holders.pop(change.alias, None)
        self.history.setdefault(purpose, []).append(change)
        if change.alias == CHAMPION:
            back = change.rolled_back
            moved = [key for key in keys if not back or self.serves.get(key) == back]
            self.serves.update(dict.fromkeys(moved, change.version))

    def purposes_of(self, key: str) -> list[str]:
        """Purposes whose versions can serve a series: that of what serves it now comes first."""
        own, version = own_purpose(key, self.family), self.serves.get(key)
        known = {change.version for change in self.history.get(own, [])}
        return [own, self.family] if version in known else [self.family, own]


def own_purpose(key: str, family: str = SALES) -> str:
    """Purpose of the models of one series."""
    return f"{family}/{key}"


def family_of(purpose: str) -> str:
    """The family of a purpose; see ``FAMILIES``."""
    return purpose.partition("/")[0]


@dataclass(frozen=True, kw_only=True)
class IndexAliases:
    """Implements ``learning.versions.AliasBook`` over the index.

    Attributes:
        clock: For the history.
    """

    workspace: Path
    purpose: str
    clock: Callable[[], datetime]

    def holders(self) -> dict[str, str]:
        """Version by alias."""
        return dict(self._index().aliases.get(self.purpose, {}))

    def history(self) -> list[AliasChange]:
        """Every change, oldest first."""
        return list(self._index().history.get(self.purpose, []))

    def in_use(self) -> set[str]:
        """Champion, challenger, and whatever still serves a series of this purpose."""
        index = self._index()
        known = {change.version for change in index.history.get(self.purpose, [])}
        serving = known & set(index.serves.values())
        return serving | set(index.aliases.get(self.purpose, {}).values())

    def assign(
        self, holders: Mapping[str, str], *, reason: str = "", rolled_back: str = ""
    ) -> None:
        """Point aliases at versions; what a champion was trained for is served by it."""
        keys, family = _keys_of(self.workspace, holders.get(CHAMPION, "")), family_of(self.purpose)
        with _changing(self.workspace, family) as index:
            for alias, version in holders.items():
                change = AliasChange(
                    alias=alias,
                    version=version,
                    at=self.clock().astimezone(UTC),
                    actor=FAMILIES[family],
                    reason=reason,
                    rolled_back=rolled_back if alias == CHAMPION else "",
                )
                if version != index.aliases.get(self.purpose, {}).get(alias, ""):
                    index.move(self.purpose, change, keys)

    def _index(self) -> Index:
        return read_index(self.workspace, family_of(self.purpose))


def versions_for(workspace: Path, purpose: str, clock: Callable[[], datetime]) -> Versions:
    """The versions of one purpose."""
    aliases = IndexAliases(workspace=workspace, purpose=purpose, clock=clock)
    return Versions(workspace=workspace, purpose=purpose, aliases=aliases)


def index_of(family: str) -> str:
    """Where the index of a family lies, below the workspace."""
    return f"models/{family}.index.json"


def stamp_of(workspace: Path, family: str = SALES) -> Stamp:
    """Changes whenever the index is written; None before the first training."""
    try:
        found = (workspace / index_of(family)).stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def read_index(workspace: Path, family: str = SALES) -> Index:
    """The index; empty before the first training.

    Raises:
        ModelError: It is damaged, and no version is whole from which it could be made anew.
    """
    try:
        return _understood(json.loads((workspace / index_of(family)).read_bytes()), family)
    except FileNotFoundError:
        return Index(family=family)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        found = _rebuilt(workspace, family)
        if not found.aliases:
            raise ModelError(f"{index_of(family)} cannot be read: {error}; train again") from error
        log.warning("%s cannot be read (%s): %s", index_of(family), error, _REBUILT)
        return found


@contextmanager
def _changing(workspace: Path, family: str) -> Iterator[Index]:
    (workspace / "models").mkdir(parents=True, exist_ok=True)
    with one_writer(workspace / "models" / f".{family}.lock"):
        try:
            index = read_index(workspace, family)
        except ModelError:  # nothing to keep of it
            index = Index(family=family)
        yield index
        told: dict[str, Any] = {
            "schema": _SCHEMA,
            "serves": index.serves,
            "aliases": index.aliases,
            "history": {
                purpose: [asdict(change) | {"at": change.at.isoformat()} for change in changes]
                for purpose, changes in index.history.items()
            },
        }
        content = json_bytes(told | {"sum": sha256(json_bytes(told))})
        write_atomically(workspace / index_of(family), content)


def _understood(told: dict[str, Any], family: str) -> Index:
    """What a file says.

    Raises:
        ValueError: Its sum is another, or it is of a schema to come.
    """
    if told and all(isinstance(version, str) for version in told.values()):
        return Index(
            serves=told, family=family
        )  # of the time when it was versions by key and nothing else
    given = told.pop("sum")
    if given != sha256(json_bytes(told)) or told["schema"] > _SCHEMA:
        raise ValueError("it was changed, or written by a newer SupplyNet")
    history = {
        purpose: [
            AliasChange(**change | {"at": datetime.fromisoformat(change["at"])})
            for change in changes
        ]
        for purpose, changes in told["history"].items()
    }
    serves, aliases = told["serves"], told["aliases"]
    return Index(serves=serves, aliases=aliases, history=history, family=family)


def _rebuilt(workspace: Path, family: str) -> Index:
    found = []
    for name in saved_names(workspace):
        try:
            manifest = check_model(workspace, name)
        except ModelError:
            continue
        if family_of(manifest.purpose) == family and manifest.trained_at:
            found.append((manifest.trained_at, name, manifest.purpose))
    index = Index(warning=_REBUILT, family=family)
    for at, name, purpose in sorted(found):
        change = AliasChange(
            alias=CHAMPION, version=name, at=at, actor=FAMILIES[family], reason=_REBUILT
        )
        index.move(purpose, change, _keys_of(workspace, name))
    return index


def _keys_of(workspace: Path, version: str) -> list[str]:
    """Model keys of the series that a version was trained for."""
    return list(load_metrics(workspace, version).get("serves", [])) if version else []
