"""Which column of a table is which of ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

import polars as pl

from supplynet.connectors.table_file import Table
from supplynet.errors import InvalidInput, Mistake
from supplynet.frames.aliases import match_columns, split_unique_id

KINDS: dict[str, tuple[str, ...]] = {
    "demand": ("location_id", "part_id", "date", "quantity"),
    "stock": ("location_id", "part_id", "on_hand", "counted_at"),
}
"""What can be imported, and the columns that it takes."""

OPTIONAL = frozenset({"counted_at"})
_INSIDE = {"date": ("period_start",), "quantity": ("demand", "consumed")}
"""Names of ``frames.aliases`` whose aliases a column of an import has."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mapped:
    """A table whose columns are known.

    Attributes:
        frame: The table's cells, under the table's names.
        sources: Per column of ours, the table's columns; several make up one id, joined by ``.``.
        labels: Per column of ours, what to call it in a message.
        mistakes: Columns that are missing or named twice; nothing else is worth checking then.
    """

    frame: pl.DataFrame
    sources: dict[str, tuple[str, ...]] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    mistakes: tuple[Mistake, ...] = ()


def parse_mapping(pairs: Iterable[str]) -> dict[str, str]:
    """``["part_id=product_code", "location_id=store+dept"]`` as a mapping.

    Raises:
        InvalidInput: A pair without ``=``.
    """
    mapping = {}
    for pair in pairs:
        target, equals, source = pair.partition("=")
        if not equals or not source.strip():
            raise InvalidInput(f"{pair!r} is not a column mapping; write part_id=product_code")
        mapping[target.strip()] = source.strip()
    return mapping


def map_columns(table: Table, mapping: Mapping[str, str], kind: str) -> Mapped:
    """Find each column of ``kind``: as ``mapping`` says, else by its known aliases.

    Raises:
        InvalidInput: The kind, or a column of ours that the mapping names, does not exist.
    """
    if kind not in KINDS:
        raise InvalidInput(f"{kind!r} cannot be imported; choose from {', '.join(KINDS)}")
    unknown = [target for target in mapping if target not in KINDS[kind]]
    if unknown:
        raise InvalidInput(f"{kind} has no column {unknown[0]!r}; it has {', '.join(KINDS[kind])}")
    frame, labels = table.frame, {}
    by_alias = [target for target in KINDS[kind] if target not in mapping]
    if {"location_id", "part_id"} <= set(by_alias):
        unique_id = match_columns(frame.columns, ["unique_id"]).get("unique_id")
        if unique_id is not None and "location_id" not in frame.columns:
            frame = split_unique_id(frame, unique_id)
            labels = {"location_id": unique_id, "part_id": unique_id}
    sources, mistakes = _given(table, frame.columns, mapping)
    mistakes += _twice(table)
    for target in by_alias:
        try:
            column = _by_alias(frame.columns, target)
        except InvalidInput as error:
            mistakes.append(_header(table.name, target, str(error), f"map {target}"))
            continue
        if column is not None:
            sources[target] = (column,)
        elif target not in OPTIONAL:
            mistakes.append(_missing(table.name, frame.columns, target))
    labels = {**{target: "+".join(names) for target, names in sources.items()}, **labels}
    return Mapped(frame=frame, sources=sources, labels=labels, mistakes=tuple(mistakes))


def _given(
    table: Table, columns: Sequence[str], mapping: Mapping[str, str]
) -> tuple[dict[str, tuple[str, ...]], list[Mistake]]:
    sources, mistakes = {}, []
    for target, source in mapping.items():
        names = (source,) if source in columns else tuple(n.strip() for n in source.split("+"))
        sources[target] = names
        mistakes += [_missing(table.name, columns, name) for name in names if name not in columns]
        if len(names) > 1 and not target.endswith("_id"):
            mistakes.append(_header(table.name, target, "is made of two columns", "name one"))
    return sources, mistakes


def _by_alias(columns: Sequence[str], target: str) -> str | None:
    exact = [column for column in columns if column.strip().lower() == target]
    if len(exact) == 1:
        return exact[0]
    for inside in _INSIDE.get(target, (target,)):
        found = match_columns(columns, [inside])
        if found:
            return found[inside]
    return None


def _twice(table: Table) -> list[Mistake]:
    """Columns with the name of an earlier one, which polars marks when it reads them."""
    names = set(table.frame.columns)
    marked = [(name, name.rpartition("_duplicated_")[0]) for name in table.frame.columns]
    return [
        _header(table.name, first, "is there twice", "rename or remove one of them")
        for _, first in marked
        if first and first in names
    ]


def _missing(file: str, columns: Sequence[str], wanted: str) -> Mistake:
    close = get_close_matches(wanted.lower(), [c.lower() for c in columns], n=1, cutoff=0.5)
    near = next((c for c in columns if close and c.lower() == close[0]), None)
    has = f"the file has {', '.join(columns)}; map another with {wanted}=COLUMN"
    return _header(file, wanted, "is missing", f"did you mean {near}? {has}" if near else has)


def _header(file: str, column: str, wrong: str, right: str) -> Mistake:
    return Mistake(file=file, row=1, column=column, wrong=wrong, right=right)
