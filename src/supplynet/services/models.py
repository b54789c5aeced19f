"""What people do with the versions of a plant's model: list, show, compare, promote, go back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from supplynet.cycle import Check
from supplynet.forecast.onnx_export import export_model
from supplynet.learning.aliases import CHAMPION
from supplynet.services.books import Books
from supplynet.services.forecasting import history_panel
from supplynet.services.model_comparison import compare_versions
from supplynet.services.model_versions import change_row, version_row, versions_of

Json = dict[str, Any]


def list_models(books: Books) -> list[Json]:
    """Every version, the newest first; ``state`` is ``ok`` or ``damaged``."""
    return [version_row(version) for version in versions_of(books).all()]


def show(books: Books, version: str) -> Json:
    """One version, and in ``history`` who made it champion or challenger, when and why.

    Raises:
        NotFound: No such version.
    """
    versions = versions_of(books)
    found = version_row(versions.get(version))
    changes = [change_row(each) for each in versions.aliases.history() if each.version == version]
    return {**found, "history": changes}


def promote(
    books: Books,
    version: str,
    *,
    alias: str = CHAMPION,
    reason: str = "",
    actor: str,
    check: Check | None = None,
) -> Json:
    """Point an alias at a version; plans use the champion from the next one on.

    Args:
        books: The workspace.
        version: Which.
        alias: ``champion`` or ``challenger``.
        reason: Why, for the audit log.
        actor: Who says so.
        check: Refuses in the same transaction when the aliases were moved meanwhile.

    Raises:
        NotFound: No such version.
        InvalidInput: No such alias.
        ModelError: The version is damaged.
    """
    versions = versions_of(books, actor=actor, check=check)
    return version_row(versions.promote(version, alias, reason=reason))


def export(books: Books, version: str, *, int8: bool = False) -> Json:
    """Write a version's ONNX graphs beside it; it is served from them from then on.

    Args:
        books: The workspace.
        version: Which.
        int8: Store weights in 8 bits where that costs at most 1 % of the loss on the end of the
            history.

    Returns:
        ``version, files``, and by part of the model ``precision``, ``bytes`` and, for what was
        tried in 8 bits, ``cost``.

    Raises:
        NotFound: No such version.
        ModelError: It is damaged, or of a kind that has no graph.
        MissingExtra: The extra ``neural`` is not installed.
    """
    versions_of(books).get(version)
    history = history_panel(books) if int8 else None
    made = export_model(books.workspace.folder, version, int8=int8, history=history)
    return {
        "version": version,
        "files": [path.as_posix() for path in made.files],
        "precision": made.precision,
        "bytes": made.sizes,
        "cost": {part: asdict(cost) for part, cost in made.costs.items()},
    }


def rollback(books: Books, *, reason: str = "", actor: str, check: Check | None = None) -> Json:
    """Make the champion before the present one champion again; ``check`` as for ``promote``.

    Raises:
        NotFound: There is none before it that is still there and intact.
    """
    versions = versions_of(books, actor=actor, check=check)
    return version_row(versions.rollback(reason=reason))


def remove(books: Books, version: str) -> None:
    """Delete a version's files.

    Raises:
        NotFound: No such version.
        InvalidInput: It is champion or challenger.
    """
    versions_of(books).remove(version)


def prune(books: Books, keep: int) -> list[str]:
    """Delete all versions but the newest ``keep``, those in use and the champion before."""
    return versions_of(books).prune(keep)


def compare(books: Books, first: str, second: str | None = None) -> Json:
    """A version against another, or against the champion; see ``compare_versions``.

    Raises:
        NotFound: No such version, or no champion.
        InvalidInput: Twice the same version.
        ModelError: One is damaged.
    """
    versions = versions_of(books)
    other = second or versions.champion() or ""
    names = [versions.get(name).version for name in (first, other)]
    return compare_versions(versions.workspace, names[0], names[1], history_panel(books))
