"""Reads of counters, and who tells what a line uses of a part."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, insert, text

from supplynet.core.counters import Read
from supplynet.core.network import CountedBy
from supplynet.storage.column_types import UtcDateTime
from supplynet.storage.tables import consumption_sources as sources
from supplynet.storage.tables import counter_reads as table
from supplynet.storage.transaction import ReadTx, WriteTx

CounterKey = tuple[str, str, str]
"""(location, part, source); the part is ``/product`` for a counter of units built."""
Pair = tuple[str, str]
"""(line, part)."""
_CHUNK = 512
_SOURCES = (
    "SELECT s.line_id, s.part_id, s.counted_by FROM {values} AS w "
    "CROSS JOIN consumption_sources s WHERE s.line_id = {line} AND s.part_id = {part}"
)
_SOURCES_SQLITE = _SOURCES.format(
    values="json_each(?)",
    line="json_extract(w.value, '$[0]')",
    part="json_extract(w.value, '$[1]')",
)
_SOURCES_POSTGRESQL = _SOURCES.format(
    values="json_array_elements(%s)", line="w.value ->> 0", part="w.value ->> 1"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumptionSource:
    """How the use of a part on a line is known, and who said so first."""

    counted_by: CountedBy
    source: str
    since: datetime


def reads_from(tx: ReadTx, moments: Mapping[CounterKey, datetime]) -> dict[CounterKey, list[Read]]:
    """Reads of counters, sorted: of each the last before its moment, and all from then on."""
    found: dict[CounterKey, list[Read]] = {key: [] for key in moments}
    keys = list(moments)
    for start in range(0, len(keys), _CHUNK):
        some = keys[start : start + _CHUNK]
        count = 1 << (len(some) - 1).bit_length()  # few different statements, so they stay compiled
        asked: dict[str, Any] = {}
        for n in range(count):
            key = some[n] if n < len(some) else ("", "", "")
            asked[f"l{n}"], asked[f"p{n}"], asked[f"s{n}"] = key
            asked[f"m{n}"] = moments.get(key, moments[some[0]])
        for row in tx.connection.execute(_from(count), asked):
            read = Read(
                occurred_at=row.occurred_at,
                value=row.value,
                event_id=row.event_id,
                reset=row.data.get("reset", False),
                modulus=row.data.get("modulus"),
            )
            found[row.location_id, row.part_id, row.source].append(read)
    for reads in found.values():
        reads.sort()
    return found


@cache
def _from(count: int) -> Any:
    """One statement for ``count`` counters: each of them has a long past that is not read."""
    wanted = ", ".join(f"(:l{n}, :p{n}, :s{n}, :m{n})" for n in range(count))
    names = ", ".join(f"r.{each.name}" for each in table.c)
    statement = text(
        f"WITH wanted (location, part, sender, moment) AS (VALUES {wanted}) "  # noqa: S608 - no data
        f"SELECT {names} FROM wanted JOIN counter_reads r "
        "ON r.location_id = location AND r.part_id = part AND r.source = sender "
        "AND r.occurred_at >= COALESCE((SELECT MAX(b.occurred_at) FROM counter_reads b "
        "WHERE b.location_id = location AND b.part_id = part AND b.source = sender "
        "AND b.occurred_at < moment), moment)"
    )
    moments = [bindparam(f"m{n}", type_=UtcDateTime()) for n in range(count)]
    return statement.bindparams(*moments).columns(*table.c)


def add_reads(tx: WriteTx, reads: Iterable[tuple[CounterKey, Read]]) -> None:
    """Keep reads, so that late ones find their neighbours."""
    rows = [
        {
            "location_id": key[0],
            "part_id": key[1],
            "source": key[2],
            "occurred_at": read.occurred_at,
            "event_id": read.event_id,
            "value": read.value,
            "data": {
                **({"reset": True} if read.reset else {}),
                **({} if read.modulus is None else {"modulus": read.modulus}),
            },
        }
        for key, read in reads
    ]
    if rows:
        tx.connection.execute(insert(table), rows)


def consumption_sources(tx: ReadTx, pairs: Collection[Pair]) -> dict[Pair, CountedBy]:
    """How the use of each of these (line, part) is known, where it was ever reported."""
    if not pairs:
        return {}
    statement = _SOURCES_SQLITE if tx.is_sqlite else _SOURCES_POSTGRESQL
    rows = tx.connection.exec_driver_sql(statement, (json.dumps(sorted(pairs)),))
    return {(line, part): CountedBy(way) for line, part, way in rows}


def add_consumption_sources(tx: WriteTx, found: Mapping[Pair, ConsumptionSource]) -> None:
    """Keep who told first of the use of a (line, part)."""
    rows = [
        {
            "line_id": line,
            "part_id": part,
            "counted_by": each.counted_by.value,
            "source": each.source,
            "since": each.since,
        }
        for (line, part), each in found.items()
    ]
    if not rows:
        return
    tx.connection.execute(insert(sources), rows)
    for (line, part), each in found.items():
        after = {"counted_by": each.counted_by.value, "source": each.source}
        tx.note("counted_by", f"{line}/{part}", after=after)
