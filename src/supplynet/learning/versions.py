"""Versions of a model: which one serves, which one waits, and what takes over from a damaged one.

Every training saves a version under a name of its own. An alias points at one: the ``champion``
serves, the ``challenger`` waits to be promoted. Aliases are kept in an ``AliasBook``, which notes
who moved them, when and why; versions are files, whose sums are checked before any is opened.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from supplynet.errors import InvalidInput, ModelError, NotFound
from supplynet.learning.aliases import ALIASES, CHALLENGER, CHAMPION, AliasBook
from supplynet.learning.artifacts import check_model, load_metrics, remove_model
from supplynet.learning.manifest import Manifest, read_manifest, saved_names

log = logging.getLogger(__name__)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Version:
    """One saved model as people see it.

    Attributes:
        series: How many it learnt from; None when it is damaged or was not noted.
        backtest: Its figures before it was fitted on everything; empty when they are not readable.
        size: Bytes of its files.
        damage: Why it cannot be opened; "" = every byte of it is as it was saved.
    """

    version: str
    model: str = ""
    trained_at: datetime | None = None
    series: int | None = None
    data_hash: str = ""
    parent: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)
    backtest: Mapping[str, Any] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    size: int = 0
    damage: str = ""


@dataclass(frozen=True, kw_only=True)
class Versions:
    """The versions of one purpose in a workspace.

    Attributes:
        purpose: See ``manifest.Origin``.
        aliases: Where champion and challenger are kept.
    """

    workspace: Path
    purpose: str
    aliases: AliasBook

    def all(self) -> list[Version]:
        """Every version, the newest first; each is checked byte by byte."""
        holders = self.aliases.holders()
        return [self._look(name, holders) for name in self._names()]

    def get(self, version: str) -> Version:
        """One version.

        Raises:
            NotFound: There is none of that name.
        """
        if version not in self._names():
            raise NotFound("model version", version, "see supplynet models list")
        return self._look(version, self.aliases.holders())

    def champion(self) -> str | None:
        """The version that serves; None before the first promotion."""
        return self.aliases.holders().get(CHAMPION)

    def promote(self, version: str, alias: str = CHAMPION, *, reason: str = "") -> Version:
        """Point an alias at a version; a challenger that becomes champion leaves its place empty.

        Raises:
            NotFound: No such version.
            InvalidInput: No such alias, or the champion is to be its own challenger.
            ModelError: The version is damaged.
        """
        found = self._intact(version)
        if alias not in ALIASES:
            raise InvalidInput(f"no alias {alias!r}; choose one of {', '.join(ALIASES)}")
        if alias == CHALLENGER and CHAMPION in found.aliases:
            raise InvalidInput(f"{version} is the champion and cannot be its own challenger")
        moved = {alias: version}
        if alias == CHAMPION and CHALLENGER in found.aliases:
            moved[CHALLENGER] = ""
        self.aliases.assign(moved, reason=reason)
        return self.get(version)

    def rollback(self, *, reason: str = "") -> Version:
        """Make the champion before the present one champion again; twice goes back two.

        Raises:
            NotFound: There is none before it that is still there and intact.
        """
        before, present = self._before(), self.champion() or ""
        for name in before:
            try:
                found = self._intact(name)
            except (ModelError, NotFound) as error:
                log.warning("rollback goes past %s: %s", name, error)
                continue
            moved = {CHAMPION: name} | ({CHALLENGER: ""} if CHALLENGER in found.aliases else {})
            self.aliases.assign(moved, reason=reason, rolled_back=present)
            return self.get(name)
        raise NotFound("champion before", present, "see supplynet models list")

    def remove(self, version: str) -> None:
        """Delete the files of a version.

        Raises:
            NotFound: No such version.
            InvalidInput: It is champion or challenger, or still serves.
        """
        found = self.get(version)
        if version in self.aliases.in_use():
            held = " and ".join(found.aliases) or "still in use"
            raise InvalidInput(f"{version} is {held}; promote another version first")
        remove_model(self.workspace, version)

    def prune(self, keep: int) -> list[str]:
        """Delete all but the newest ``keep``, what is in use, and the champion before.

        Returns:
            The names of what was deleted.

        Raises:
            InvalidInput: ``keep`` is below 0.
        """
        if keep < 0:
            raise InvalidInput(f"keep is {keep}; keep 0 or more versions")
        spared = {*self.aliases.in_use(), *self._before()[:1]}
        there = set(saved_names(self.workspace))
        others = [name for name in self._names() if name in there and name not in spared]
        for name in others[keep:]:
            remove_model(self.workspace, name)
        return others[keep:]

    def to_serve(self) -> Iterator[str]:
        """What may serve, the best first: the champion, those before it, the challenger, the rest.

        The newest of the rest comes first, and what was rolled back from comes last. Nothing but
        the champion is looked for until it is asked for.
        """
        holders = self.aliases.holders()
        champion = holders.get(CHAMPION, "")
        if champion:
            yield champion
        left = self._rolled_back()
        rest = sorted(self._names(), key=lambda name: name in left)  # keeps the newest first
        after = dict.fromkeys([*self._before(), holders.get(CHALLENGER, ""), *rest])
        yield from (name for name in after if name not in {champion, ""})

    def _before(self) -> list[str]:
        """Champions before the present one, the newest first, without those rolled back from."""
        past = [each.version for each in self.aliases.history() if each.alias == CHAMPION]
        away = {self.champion(), "", *self._rolled_back()}
        return [name for name in dict.fromkeys(reversed(past)) if name not in away]

    def _rolled_back(self) -> set[str]:
        left: set[str] = set()
        for change in self.aliases.history():
            if change.alias == CHAMPION:
                left |= {change.rolled_back} - {""}
                left.discard(change.version)
        return left

    def _names(self) -> list[str]:
        """Versions of this purpose and those that the book knows, the newest first."""
        told = {each.version for each in self.aliases.history()} | {*self.aliases.in_use()}
        moments: dict[str, datetime] = dict.fromkeys(self.aliases.in_use(), _LONG_AGO)
        for name in saved_names(self.workspace):
            manifest = _manifest_or_none(self.workspace, name)
            if name in told or (manifest and manifest.purpose == self.purpose):
                moments[name] = (manifest.trained_at if manifest else None) or _LONG_AGO
        return sorted(moments, key=lambda name: (moments[name], name), reverse=True)

    def _look(self, name: str, holders: Mapping[str, str]) -> Version:
        aliases = tuple(alias for alias in ALIASES if holders.get(alias) == name)
        try:
            manifest = read_manifest(self.workspace, name)
        except ModelError as error:
            return Version(version=name, aliases=aliases, damage=str(error))
        damage, backtest = "", {}
        model, settings = manifest.uncalibrated
        try:
            check_model(self.workspace, name)
            backtest = load_metrics(self.workspace, name).get("backtest", {})
        except ModelError as error:
            damage = str(error)
        return Version(
            version=name,
            model=model,
            trained_at=manifest.trained_at,
            series=manifest.series or None,
            data_hash=manifest.data_hash,
            parent=manifest.parent,
            settings=settings,
            packages=manifest.packages,
            backtest=backtest,
            aliases=aliases,
            size=manifest.size,
            damage=damage,
        )

    def _intact(self, version: str) -> Version:
        found = self.get(version)
        if found.damage:
            raise ModelError(f"{version} cannot serve: {found.damage}")
        return found


def _manifest_or_none(workspace: Path, name: str) -> Manifest | None:
    try:
        return read_manifest(workspace, name)
    except (ModelError, InvalidInput):
        return None
