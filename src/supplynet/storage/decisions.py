"""Decision records: every pair of every plan run, immutable until their time is over.

A plan of 2,000 pairs every 15 minutes makes 192,000 decisions a day, and most of them say what the
one before said. So every run keeps the compact numbers of all its pairs in one Parquet table (about
20 bytes a decision), and the full numbers (about 1 kB, deflated) only of decisions that are new: an
order or its size, its departure, what bound it, or the band in which its risk lies.

Within ``keep_until`` the database itself refuses to change or delete them (see ``triggers``).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import polars as pl
from sqlalchemy import Row, delete, insert, select

from supplynet.storage.column_types import encode_json
from supplynet.storage.decision_frame import from_bytes, to_bytes, worth_keeping
from supplynet.storage.tables import decision_runs as runs
from supplynet.storage.tables import decisions as table
from supplynet.storage.transaction import ReadTx, WriteTx

Json = dict[str, Any]
KEPT_FOR = timedelta(days=90)


@dataclass(frozen=True, kw_only=True, eq=False)
class DecisionRun:
    """What one plan decided.

    Attributes:
        paths: Sample paths that it looked at; with ``seed`` and ``snapshot_seq`` they make it
            reproducible.
        parameters: Of the policy.
        compact: One row per pair, columns of ``COMPACT``.
    """

    plan_id: str
    decided_at: datetime
    snapshot_seq: int
    seed: int
    paths: int
    model_version: str
    policy: str
    parameters: Json
    compact: pl.DataFrame


def save_run(
    tx: WriteTx,
    run: DecisionRun,
    record_of: Callable[[int], Json],
    *,
    keep: timedelta = KEPT_FOR,
) -> int:
    """Keep a run, forget those whose time is over, and return how many full records it has.

    Args:
        tx: The transaction that writes the plan.
        run: Compact numbers of all pairs.
        record_of: The full numbers of the pair at a place; asked only where they are kept.
        keep: How long.
    """
    before = latest_run(tx)
    places = worth_keeping(run.compact, None if before is None else before.compact)
    records = [(place, _deflate(record_of(place))) for place in places]
    seq, compact = tx.take_seq(runs), to_bytes(run.compact)
    tx.connection.execute(
        insert(runs).values(
            seq=seq,
            plan_id=run.plan_id,
            decided_at=run.decided_at,
            keep_until=run.decided_at + keep,
            snapshot_seq=run.snapshot_seq,
            seed=run.seed,
            paths=run.paths,
            model_version=run.model_version,
            policy=run.policy,
            parameters=run.parameters,
            pairs=run.compact.height,
            compact=compact,
        )
    )
    names = run.compact.select("location_id", "part_id").rows()
    if records:
        rows = [
            {
                "run_seq": seq,
                "place": place,
                "location_id": names[place][0],
                "part_id": names[place][1],
                "record": record,
            }
            for place, record in records
        ]
        tx.connection.execute(insert(table), rows)
    digest = sha256(compact + b"".join(record for _, record in records)).hexdigest()
    tx.note(
        "decisions_kept",
        run.plan_id,
        after={"pairs": run.compact.height, "full": len(records), "sha256": digest},
    )
    _forget(tx, run.decided_at)
    return len(records)


def latest_run(tx: ReadTx) -> DecisionRun | None:
    """The newest run; None before the first."""
    found = tx.connection.execute(select(runs).order_by(runs.c.seq.desc()).limit(1)).first()
    return None if found is None else run_of(found)


def _forget(tx: WriteTx, now: datetime) -> None:
    """Runs first: a record may go once its run has gone."""
    over = tx.connection.scalars(select(runs.c.seq).where(runs.c.keep_until <= now)).all()
    for seq in over:
        tx.connection.execute(delete(runs).where(runs.c.seq == seq))
        tx.connection.execute(delete(table).where(table.c.run_seq == seq))


def run_of(row: Row[Any]) -> DecisionRun:
    """A row of ``decision_runs``, opened."""
    return DecisionRun(
        plan_id=row.plan_id,
        decided_at=row.decided_at,
        snapshot_seq=row.snapshot_seq,
        seed=row.seed,
        paths=row.paths,
        model_version=row.model_version,
        policy=row.policy,
        parameters=row.parameters,
        compact=from_bytes(row.compact),
    )


def _deflate(record: Json) -> bytes:
    return zlib.compress(encode_json(record).encode(), 6)
