"""Decision records as they are read: listed, found by id, run by run."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import Row, Select, select

from supplynet.errors import NotFound
from supplynet.storage.decision_frame import from_bytes
from supplynet.storage.decisions import DecisionRun, Json, run_of
from supplynet.storage.tables import decision_runs as runs
from supplynet.storage.tables import decisions as table
from supplynet.storage.transaction import ReadTx
from supplynet.storage.within import Within

_SCAN = 64
"""Runs that are opened at once while looking for a pair."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecord:
    """One decision as it is kept.

    Attributes:
        decision_id: The plan's id and the place of the pair in it.
        compact: One row of the run's table.
        record: Full numbers and the sentence; None where only the compact ones were kept.
    """

    decision_id: str
    run_seq: int
    place: int
    plan_id: str
    decided_at: datetime
    snapshot_seq: int
    seed: int
    paths: int
    model_version: str
    policy: str
    parameters: Json
    compact: Json
    record: Json | None


def moments(tx: ReadTx, start: datetime, end: datetime) -> list[tuple[int, datetime]]:
    """Number and moment of the runs decided in ``[start, end)``, oldest first."""
    query = select(runs.c.seq, runs.c.decided_at)
    query = query.where(runs.c.decided_at >= start, runs.c.decided_at < end)
    rows = tx.connection.execute(query.order_by(runs.c.decided_at, runs.c.seq))
    return [(row.seq, row.decided_at) for row in rows]


def runs_of(tx: ReadTx, numbers: Sequence[int]) -> Iterator[DecisionRun]:
    """Runs by their numbers, in the order given."""
    for number in numbers:
        yield run_of(tx.connection.execute(select(runs).where(runs.c.seq == number)).one())


def list_decisions(
    tx: ReadTx,
    *,
    location_id: str | None = None,
    part_id: str | None = None,
    at: datetime | None = None,
    within: Within = None,
    after: tuple[int, int] | None = None,
    limit: int = 200,
) -> list[DecisionRecord]:
    """Decisions, the newest run first and within it in the plan's order.

    ``location_id``, ``part_id`` and ``within`` (places) narrow it down, ``at`` leaves out what was
    decided later, and ``after`` is (run, place) of the last one seen, for the page after it.
    """
    wanted = _wanted(location_id, part_id, within)
    found: list[DecisionRecord] = []
    first, place = (None, -1) if after is None else after
    size = 1  # the newest run mostly has it, and runs are large
    while len(found) < limit:
        batch = tx.connection.execute(_newest(first, at).limit(size)).all()
        for row in batch:
            skip = place if after is not None and row.seq == after[0] else -1
            rest = limit - len(found)
            found += _ofrun_of(tx, row, wanted, skip, rest)
            if len(found) >= limit:
                return found
        if len(batch) < size:
            return found
        first, size = batch[-1].seq - 1, min(4 * size, _SCAN)
    return found


def last_full(tx: ReadTx, location_id: str, part_id: str, upto: int) -> DecisionRecord | None:
    """The newest decision for a pair whose full numbers were kept, of runs up to ``upto``."""
    query = select(table.c.run_seq, table.c.place).where(
        table.c.location_id == location_id,
        table.c.part_id == part_id,
        table.c.run_seq <= upto,
    )
    found = tx.connection.execute(query.order_by(table.c.run_seq.desc()).limit(1)).first()
    if found is None:
        return None
    row = tx.connection.execute(select(runs).where(runs.c.seq == found.run_seq)).one()
    frame = from_bytes(row.compact).slice(found.place, 1)
    return _records(tx, row, frame, [found.place])[0]


def get_decision(tx: ReadTx, decision_id: str, within: Within = None) -> DecisionRecord:
    """One decision; ``within`` some places only, of which it was made for one.

    Raises:
        NotFound: There is none with this id, or it is no longer kept.
    """
    plan_id, _, place = decision_id.rpartition(".")
    row = tx.connection.execute(select(runs).where(runs.c.plan_id == plan_id)).first()
    unknown = NotFound("decision", decision_id, "decisions are kept for a limited time")
    if row is None or not place.isdecimal() or int(place) >= row.pairs:
        raise unknown
    frame = from_bytes(row.compact).slice(int(place), 1)
    if within is not None and frame["location_id"][0] not in within:
        raise unknown
    return _records(tx, row, frame, [int(place)])[0]


def _newest(first: int | None, at: datetime | None) -> Select[Any]:
    query = select(runs).order_by(runs.c.seq.desc())
    if first is not None:
        query = query.where(runs.c.seq <= first)
    return query if at is None else query.where(runs.c.decided_at <= at)


def _wanted(location_id: str | None, part_id: str | None, within: Within) -> pl.Expr:
    one = [
        pl.col(name) == value
        for name, value in (("location_id", location_id), ("part_id", part_id))
        if value is not None
    ]
    if within is not None:
        one.append(pl.col("location_id").is_in(sorted(within)))
    return pl.all_horizontal(pl.lit(True), *one)


def _ofrun_of(
    tx: ReadTx, row: Row[Any], wanted: pl.Expr, skip: int, limit: int
) -> list[DecisionRecord]:
    frame = from_bytes(row.compact).with_row_index("place")
    frame = frame.filter(pl.col("place") > skip).filter(wanted).head(limit)
    return _records(tx, row, frame.drop("place"), frame["place"].to_list())


def _records(
    tx: ReadTx, row: Row[Any], frame: pl.DataFrame, places: Sequence[int]
) -> list[DecisionRecord]:
    full = _full(tx, row.seq, places)
    return [
        DecisionRecord(
            decision_id=f"{row.plan_id}.{place}",
            run_seq=row.seq,
            place=place,
            plan_id=row.plan_id,
            decided_at=row.decided_at,
            snapshot_seq=row.snapshot_seq,
            seed=row.seed,
            paths=row.paths,
            model_version=row.model_version,
            policy=row.policy,
            parameters=row.parameters,
            compact=compact,
            record=full.get(place),
        )
        for place, compact in zip(places, frame.to_dicts(), strict=True)
    ]


def _full(tx: ReadTx, run_seq: int, places: Sequence[int]) -> Mapping[int, Json]:
    if not places:
        return {}
    query = select(table.c.place, table.c.record).where(table.c.run_seq == run_seq)
    query = query.where(table.c.place.between(min(places), max(places)))
    wanted = set(places)
    rows: Iterable[Any] = tx.connection.execute(query)
    return {row.place: _inflate(row.record) for row in rows if row.place in wanted}


def _inflate(record: bytes) -> Json:
    found: Json = json.loads(zlib.decompress(record))
    return found
