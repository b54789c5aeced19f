"""Which column of a table is which of ours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from supplynet.connectors.table_kinds import Column, Kind
from supplynet.errors import InvalidInput, Mistake
from supplynet.frames.aliases import match_columns


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mapped:
    """A table whose columns are known.

    Attributes:
        sources: Per column of ours, the table's columns; several make up one id, joined by ``.``.
        labels: Per column of ours, what to call it in a message.
        mistakes: Columns that are missing or named twice; nothing else is worth checking then.
        unique_id: Column that holds location and part as ``location/part``.
    """

    sources: dict[str, tuple[str, ...]] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    mistakes: tuple[Mistake, ...] = ()
    unique_id: str | None = None


def parse_mapping(pairs: Iterable[str], what: str = "column mapping") -> dict[str, str]:
    """``["part_id=product_code", "location_id=store+dept"]`` as a mapping.

    Raises:
        InvalidInput: A pair without ``=``.
    """
    mapping = {}
    for pair in pairs:
        target, equals, source = pair.partition("=")
        if not equals or not source.strip() or not target.strip():
            raise InvalidInput(f"{pair!r} is not a {what}; write part_id=product_code")
        mapping[target.strip()] = source.strip()
    return mapping


def plain_name(name: str) -> str:
    """A column name without case, and ``_`` for whatever is no letter or digit."""
    return re.sub(r"[\W_]+", "_", name.strip().lower()).strip("_")


def map_columns(
    file: str, columns: Sequence[str], mapping: Mapping[str, str], kind: Kind
) -> Mapped:
    """Find each column of ``kind``: as ``mapping`` says, else by its known aliases.

    Raises:
        InvalidInput: A column of ours that the mapping names does not exist.
    """
    unknown = [target for target in mapping if target not in kind.names]
    if unknown:
        raise InvalidInput(
            f"{kind.name} has no column {unknown[0]!r}; it has {', '.join(kind.names)}"
        )
    sources, mistakes = _given(file, columns, mapping)
    mistakes += _twice(file, columns)
    by_alias = [column for column in kind.columns if column.name not in mapping]
    unique_id = _unique_id(columns, {column.name for column in by_alias})
    if unique_id is not None:
        sources |= {"location_id": ("location_id",), "part_id": ("part_id",)}
        by_alias = [column for column in by_alias if column.name not in sources]
    for column in by_alias:
        try:
            found = _by_alias(columns, column)
        except InvalidInput as error:
            mistakes.append(_header(file, column.name, str(error), f"map {column.name}=COLUMN"))
            continue
        if found is not None:
            sources[column.name] = (found,)
        elif not column.optional:
            mistakes.append(_missing(file, columns, column.name))
    if kind.one_of and not any(name in sources for name in kind.one_of):
        mistakes.append(_missing(file, columns, kind.one_of[0]))
    labels = {target: "+".join(names) for target, names in sources.items()}
    if unique_id is not None:
        labels |= {"location_id": unique_id, "part_id": unique_id}
    return Mapped(sources=sources, labels=labels, mistakes=tuple(mistakes), unique_id=unique_id)


def _unique_id(columns: Sequence[str], wanted: set[str]) -> str | None:
    if not {"location_id", "part_id"} <= wanted or "location_id" in columns:
        return None
    return match_columns(columns, ["unique_id"]).get("unique_id")


def _given(
    file: str, columns: Sequence[str], mapping: Mapping[str, str]
) -> tuple[dict[str, tuple[str, ...]], list[Mistake]]:
    sources, mistakes = {}, []
    for target, source in mapping.items():
        names = (source,) if source in columns else tuple(n.strip() for n in source.split("+"))
        sources[target] = names
        mistakes += [_missing(file, columns, name, target) for name in names if name not in columns]
        if len(names) > 1 and not target.endswith("_id"):
            mistakes.append(_header(file, target, "is made of two columns", "name one"))
    return sources, mistakes


def _by_alias(columns: Sequence[str], column: Column) -> str | None:
    exact = [name for name in columns if name.strip().lower() == column.name]
    if len(exact) == 1:
        return exact[0]
    for inside in column.inside or (column.name,):
        found = match_columns(columns, [inside]) if column.inside or exact else {}
        if found:
            return found[inside]
    own = [name for name in columns if plain_name(name) in column.aliases]
    if len(own) > 1:
        raise InvalidInput(
            f"columns {', '.join(own)} can all be {column.name}; say which, or drop the others"
        )
    return own[0] if own else None


def _twice(file: str, columns: Sequence[str]) -> list[Mistake]:
    """Columns with the name of an earlier one, which polars marks when it reads them."""
    marked = [name.rpartition("_duplicated_")[0] for name in columns]
    return [
        _header(file, first, "is there twice", "rename or remove one of them")
        for first in marked
        if first and first in set(columns)
    ]


def _missing(file: str, columns: Sequence[str], wanted: str, target: str | None = None) -> Mistake:
    """Column ``wanted`` is not there; it is ours, or the one that was said to be ``target``."""
    close = get_close_matches(wanted.lower(), [c.lower() for c in columns], n=1, cutoff=0.5)
    near = next((c for c in columns if close and c.lower() == close[0]), None)
    shown = "".join(c if c.isprintable() else "?" for c in ", ".join(columns[:20]))
    shown += f" and {len(columns) - 20} more" * (len(columns) > 20)
    has = f"the file has {shown}; map another with {target or wanted}=COLUMN"
    return _header(file, wanted, "is missing", f"did you mean {near}? {has}" if near else has)


def _header(file: str, column: str, wrong: str, right: str) -> Mistake:
    return Mistake(file=file, row=1, column=column, wrong=wrong, right=right, kind="missing_column")
