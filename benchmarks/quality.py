"""How many of the mistakes in a made-up history the quality rules find, and how many they make up.

The history is the scenario ``nasty``: holidays, campaigns, level shifts, new and fading parts, slow
and lumpy parts, halts; and in its records every kind of mistake, each written down. The rules were
tuned on seeds 1 to 3. What is reported here comes from seeds that were not looked at: ``--seed`` is
the first after 1,000 of them.

- A mistake of one row is found when the rule names its series and period; a stretch when a finding
  overlaps it; a constant or dead series when the series is named. A miscount is two rows: either
  will do. Precision counts findings in the same way.
- ``visible``: mistakes that changed something. A pack counted as a piece while the part was not
  used at all left no trace. Recall is of these.
- A row under a misspelt id is missing under the right one, so such gaps count as truth.
- ``fades``: findings of ``dead_series`` that are parts which were phased out on purpose. They are
  counted as wrong.

The peers are what is usually done for outliers, on each series and shift: fences at three
interquartile ranges beyond the quartiles of the amounts' logarithms (Tukey, Exploratory Data
Analysis, 1977; series whose quartiles are equal left out), and three standard deviations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from time import perf_counter, process_time
from typing import Any

import polars as pl

from supplynet.cli.benchmarking import Result, Setup
from supplynet.core.network import Plant
from supplynet.frames.quality import QualityReport, check_quality
from supplynet.frames.synthetic import generate_shards, read_scenario, scenario_plant

UNSEEN = 1_000
KEY = ["location_id", "part_id", "period_start"]
SERIES = KEY[:2]
OPEN = datetime(2200, 1, 1, tzinfo=UTC), datetime(1900, 1, 1, tzinfo=UTC)
BY_ROW = {
    "nulls": "missing_values",
    "duplicate": "duplicates",
    "negative": "negatives_and_returns",
    "future": "future_dates",
    "unknown_id": "unknown_ids",
    "shift_name": "shift_names",
    "outlier": "outliers",
    "miscount": "miscounts",
}
BY_STRETCH = {
    "missing_rows": "missing_periods",
    "time_shift": "mixed_time_zones",
    "unit_jump": "unit_jumps",
}
BY_SERIES = {"constant": "constant_series", "dead": "dead_series"}
SLOT = [*SERIES, "shift"]
CALM = (pl.col("consumed") >= 0) & (pl.col("starved_minutes") == 0)
SPELLED = {"unknown_id": "id_spelling"}
"""Without a plant, unknown ids can only be told by their spelling."""


@dataclass(frozen=True, kw_only=True, eq=False)
class World:
    """A history with mistakes.

    Attributes:
        plant, raw, effects: The plant, its export with mistakes, and the truth about them.
        clean: The same history without mistakes.
        faded: Series that were phased out on purpose.
        now: The end of the history.
    """

    plant: Plant
    raw: pl.DataFrame
    effects: pl.DataFrame
    clean: pl.DataFrame
    faded: pl.DataFrame
    now: datetime


@dataclass
class Tally:
    """Counts of one rule, over all seeds."""

    mistakes: int = 0
    visible: int = 0
    found: int = 0
    findings: int = 0
    right: int = 0
    fades: int = 0

    def row(self, title: str, rule: str) -> dict[str, Any]:
        return {
            "table": title,
            "rule": rule,
            "mistakes": self.mistakes,
            "visible": self.visible,
            "found": self.found,
            "findings": self.findings,
            "right": self.right,
            "fades": self.fades,
            "recall": _share(self.found, self.visible),
            "precision": _share(self.right, self.findings),
        }


def run(setup: Setup) -> Result:
    tables: dict[str, dict[str, Tally]] = {"with the plant": {}, "without a plant": {}}
    peers = {peer: Tally() for peer in PEERS}
    rows: list[dict[str, Any]] = []
    seeds = [UNSEEN + setup.seed + n for n in range(1 if setup.quick else setup.seeds)]
    for place, seed in enumerate(seeds):
        setup.report(place / len(seeds), f"seed {seed}")
        world = _world(seed, setup.quick)
        for title, tallies in tables.items():
            plant = world.plant if title == "with the plant" else None
            report, seconds, busy = _timed(world.raw, world.now, plant)
            _count(tallies, report.findings, world, with_plant=plant is not None)
            speed = {"seconds": seconds, "processor_seconds": busy}
            rows.append(_outcome(f"{title}, seed {seed}", report, world.raw.height, speed))
        clean, *_ = _timed(world.clean, world.now, world.plant)
        rows += _false_alarms(clean, seed)
        for name, tally in peers.items():
            _tally(tally, "outlier", PEERS[name](world.raw), world)
    measured = [
        tally.row(f"recall and precision, {title}", rule)
        for title, tallies in tables.items()
        for rule, tally in (tallies | {"all rules": _sum(tallies)}).items()
    ]
    measured += [tally.row("peers, for outliers", name) for name, tally in peers.items()]
    return Result(
        params={"scenario": "nasty, smaller" if setup.quick else "nasty", "seeds": seeds},
        rows=[*measured, *rows],
    )


def _world(seed: int, quick: bool) -> World:
    scenario = read_scenario("nasty")
    if quick:
        scenario = replace(scenario, plant=replace(scenario.plant, showrooms=1), days=200)
    plant = scenario_plant(scenario, seed)
    shards = list(generate_shards(scenario, seed, plant))
    raws = [shard.raw for shard in shards if shard.raw is not None]
    clean = pl.concat([shard.history.demand for shard in shards])
    effects = pl.concat([shard.history.effects for shard in shards])
    end = clean["period_start"].max()
    assert isinstance(end, datetime)
    return World(
        plant=plant,
        raw=pl.concat([raw.frame for raw in raws]),
        effects=pl.concat([raw.effects for raw in raws]),
        clean=clean,
        faded=effects.filter(pl.col("kind") == "run_out").select(SERIES).unique(),
        now=end + timedelta(days=1),
    )


def _timed(
    frame: pl.DataFrame, now: datetime, plant: Plant | None
) -> tuple[QualityReport, float, float]:
    wall, busy = perf_counter(), process_time()
    report = check_quality(frame, now=now, plant=plant)
    return report, perf_counter() - wall, process_time() - busy


def _count(
    tallies: dict[str, Tally], findings: pl.DataFrame, world: World, *, with_plant: bool
) -> None:
    """Add one report to the tallies of its rules."""
    rules = BY_ROW | BY_STRETCH | BY_SERIES | ({} if with_plant else SPELLED)
    for kind, rule in rules.items():
        tally = tallies.setdefault(rule, Tally())
        _tally(tally, kind, findings.filter(pl.col("rule") == rule), world)


def _tally(tally: Tally, kind: str, named: pl.DataFrame, world: World) -> None:
    """Add the findings of one rule about one kind of mistake."""
    every = _truth(kind, world.effects)
    truth = every.filter(_changed(kind)).with_row_index("mistake")
    named = named.with_row_index("finding")
    pairs = _matches(kind, truth, named)
    tally.mistakes += every.height
    tally.visible += truth.height
    tally.found += pairs["mistake"].n_unique()
    tally.findings += named.height
    tally.right += pairs["finding"].n_unique()
    if kind == "dead":
        wrong = named.join(pairs, on="finding", how="anti")
        tally.fades += wrong.join(world.faded, on=SERIES, how="semi").height


def _truth(kind: str, effects: pl.DataFrame) -> pl.DataFrame:
    truth = effects.filter(pl.col("kind") == kind)
    if kind != "missing_rows":
        return truth
    parts = pl.col("detail").str.splitn("/", 2).struct
    misspelt = effects.filter(pl.col("kind") == "unknown_id").with_columns(
        location_id=parts.field("field_0"),
        part_id=parts.field("field_1"),
        period_end=pl.col("period_start") + pl.duration(minutes=1),
    )
    return pl.concat([truth, misspelt])


def _changed(kind: str) -> pl.Expr:
    """Whether a stretch changed anything: its detail lists the true amounts."""
    amounts = pl.col("detail").str.split(" ").list.eval(pl.element().cast(pl.Int64, strict=False))
    return amounts.list.max() > 0 if kind in {"unit_jump", "dead"} else pl.lit(True)


def _matches(kind: str, truth: pl.DataFrame, named: pl.DataFrame) -> pl.DataFrame:
    """Pairs of ``mistake`` and ``finding`` that belong together."""
    if kind in BY_SERIES:
        return truth.join(named, on=SERIES).select("mistake", "finding")
    if kind in BY_STRETCH:
        late, early = OPEN
        starts = pl.col("period_start").fill_null(early) < pl.col("period_end_right").fill_null(
            late
        )
        ends = pl.col("period_start_right") < pl.col("period_end").fill_null(late)
        pairs = truth.join(named, on=SERIES).filter(starts & ends)
        return pairs.select("mistake", "finding")
    if kind == "miscount":
        following = pl.col("detail").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_zone="UTC")
        second = truth.with_columns(period_start=following.dt.cast_time_unit("us"))
        truth = pl.concat([truth, second])
    return truth.join(named, on=KEY).select("mistake", "finding")


def _fences(raw: pl.DataFrame) -> pl.DataFrame:
    """Rows beyond three interquartile ranges of their series and shift, on logarithms."""
    size = (pl.col("consumed").clip(lower_bound=0) + 1).log()
    low, high = (size.quantile(share).over(SLOT) for share in (0.25, 0.75))
    reach = 3 * (high - low)
    outside = (size < low - reach) | (size > high + reach)
    return raw.filter(CALM & outside & (reach > 0))


def _three_deviations(raw: pl.DataFrame) -> pl.DataFrame:
    """Rows more than three standard deviations from the mean of their series and shift."""
    amount = pl.col("consumed")
    far = (amount - amount.mean().over(SLOT)).abs() > 3 * amount.std().over(SLOT)
    return raw.filter(CALM & far)


PEERS = {"fences": _fences, "three deviations": _three_deviations}


def _false_alarms(report: QualityReport, seed: int) -> list[dict[str, Any]]:
    """What is said of the history without mistakes."""
    title = "findings in the same histories without mistakes"
    return [
        {
            "table": title,
            "seed": seed,
            "rule": check.rule,
            "severity": str(check.severity),
            "findings": check.places.height,
            "of": check.total,
        }
        for check in report.checks
        if check.places.height
    ]


def _outcome(
    title: str, report: QualityReport, rows: int, speed: Mapping[str, float]
) -> dict[str, Any]:
    return {
        "table": "reports",
        "report": title,
        "score": report.score,
        "errors": len(report.errors),
        "rows": rows,
        **{name: round(seconds, 2) for name, seconds in speed.items()},
        "rows_per_second": round(rows / speed["seconds"]),
    }


def _sum(tallies: Mapping[str, Tally]) -> Tally:
    total = Tally()
    for tally in tallies.values():
        for name, value in vars(tally).items():
            setattr(total, name, getattr(total, name) + value)
    return total


def _share(count: int, total: int) -> float | None:
    return round(count / total, 3) if total else None
