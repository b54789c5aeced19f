"""Every kind of feature against a slow, obvious twin."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from supplynet.frames.features import KINDS, FeatureSet, live_table
from supplynet.frames.features.holiday import holidays_of
from supplynet.frames.panel import Period

if TYPE_CHECKING:
    from tests.frames.features.conftest import Row, SmallPlant, World

Answer = float | str | None
UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)
"""A smaller seed is no simpler world, and looking for one takes minutes."""


@dataclass(frozen=True, kw_only=True)
class Slow:
    """One row, answered by walking through lists."""

    plant: SmallPlant
    world: World
    line: str
    part: str
    period: Period
    cutoff: datetime

    def rows(self, line: str, part: str) -> dict[datetime, Row]:
        return self.world.cells[line, part]

    def finished(self, by: str = "period") -> list[Period]:
        mine = self.period

        def counts(other: Period) -> bool:
            shift = other.shift == mine.shift
            weekday = other.local_date.weekday() == mine.local_date.weekday()
            alike = {"period": True, "shift": shift, "weekday": weekday, "slot": shift and weekday}
            return alike[by]

        return [p for p in self.plant.periods if p.end <= self.cutoff and counts(p)]

    def past(self, window: int, by: str = "period", part: str | None = None) -> list[float | None]:
        rows = self.rows(self.line, part or self.part)
        return [rows.get(p.start, {}).get("demand") for p in self.finished(by)][-window:]

    def seen(self, window: int, by: str = "period", part: str | None = None) -> list[float]:
        return [value for value in self.past(window, by, part) if value is not None]

    def parts(self) -> list[str]:
        return [part for line, part in self.plant.series if line == self.line]

    def units(self, when: datetime, known: datetime, product: str | None) -> float | None:
        rows = [
            row
            for row in self.world.plan
            if row["location_id"] == self.line
            and row["period_start"] == when
            and row["recorded_at"] <= known
            and product in (None, row["product"])
        ]
        newest = {r["product"]: r["units"] for r in sorted(rows, key=lambda r: r["recorded_at"])}
        return sum(newest.values()) if newest else None

    def per_unit(self, feature: Any) -> float | None:
        used = built = 0.0
        rows = self.rows(self.line, self.part)
        for period in self.finished()[-feature.window :]:
            parts = rows.get(period.start, {}).get("demand")
            units = self.units(period.start, period.end, feature.product)
            if parts is not None and units is not None:
                used, built = used + parts, built + units
        return divided(used, built)

    def driver(self, feature: Any, at: datetime, fill: str) -> tuple[datetime, float] | None:
        scopes = [(self.line, self.part), (self.line, None), (None, self.part), (None, None)]
        for scope in scopes:
            known = [
                (row["at"], row["known_at"], row["value"])
                for row in self.world.drivers
                if row["driver"] == feature.driver
                and (row["location_id"], row["part_id"]) == scope
                and row["at"] <= at
                and row["known_at"] <= self.cutoff
            ]
            if known and (fill == "last" or max(known)[0] == at):
                return max(known)[0], max(known)[2]
        return None

    def stock(self, figure: str) -> float | None:
        known = [
            (row["period_start"], row[figure])
            for row in self.world.stock
            if (row["location_id"], row["part_id"]) == (self.line, self.part)
            and row["period_start"] <= self.cutoff
        ]
        return max(known)[1] if known else None

    def daily(self, days: int) -> float | None:
        rows, totals = self.rows(self.line, self.part), []
        for day in sorted({p.local_date for p in self.plant.periods}):
            shifts = [p for p in self.plant.periods if p.local_date == day]
            if all(p.end <= self.cutoff for p in shifts):
                values = [rows.get(p.start, {}).get("demand") for p in shifts]
                observed = [v for v in values if v is not None]
                totals.append(average(observed, scale=len(shifts)))
        return average([total for total in totals[-days:] if total is not None])


def average(values: list[float], scale: float = 1) -> float | None:
    return scale * sum(values) / len(values) if values else None


def divided(above: float | None, below: float | None) -> float | None:
    return None if above is None or not below else above / below


def holiday_distance(row: Slow, feature: Any, direction: int) -> float:
    for days in range(feature.most):
        day = row.period.local_date + timedelta(days=direction * days)
        if day in holidays_of(feature.country, None, day.year):
            return days
    return float(feature.most)


def cycle(number: Callable[[date], int], position: Callable[[date], float]) -> Any:
    def answer(feature: Any, row: Slow) -> list[Answer]:
        day = row.period.local_date
        angle = 2 * math.pi * position(day)
        return [number(day)] if feature.form == "number" else [math.sin(angle), math.cos(angle)]

    return answer


def spread(values: list[float]) -> float | None:
    return statistics.stdev(values) if len(values) > 1 else None


def slope(values: list[float | None]) -> float | None:
    seen = [(float(i), v) for i, v in enumerate(values) if v is not None]
    if len(seen) < 2:
        return None
    return statistics.linear_regression([i for i, _ in seen], [v for _, v in seen]).slope


def faded(feature: Any, row: Slow) -> float | None:
    past = row.past(8 * feature.half_life, feature.by)[::-1]
    weights = [0.5 ** (age / feature.half_life) for age in range(len(past))]
    pairs = [(w, v) for w, v in zip(weights, past, strict=True) if v is not None]
    return divided(sum(w * v for w, v in pairs), sum(w for w, _ in pairs))


def rate(feature: Any, row: Slow) -> float | None:
    rows, used, hours = row.rows(row.line, row.part), 0.0, 0.0
    for period in row.finished(feature.by)[-feature.window :]:
        if cell := rows.get(period.start):
            lost = cell["starved_minutes"] + cell["stopped_minutes"]
            used, hours = used + cell["consumed"], hours + (period.minutes - lost) / 60
    return divided(used, hours)


def since(feature: Any, row: Slow) -> float | None:
    newest_first = row.past(feature.window, feature.by)[::-1]
    return next((float(age) for age, v in enumerate(newest_first, start=1) if v), None)


def interval(values: list[float]) -> float | None:
    return divided(len(values), sum(v > 0 for v in values))


def demand_class(feature: Any, row: Slow) -> str | None:
    seen = row.seen(feature.window)
    adi, sizes = interval(seen), [v for v in seen if v > 0]
    if adi is None:
        return None
    erratic = ((spread(sizes) or 0.0) / statistics.mean(sizes)) ** 2 >= 0.49
    names = ("smooth", "erratic") if adi < 1.32 else ("intermittent", "lumpy")
    return names[erratic]


def xyz_class(feature: Any, row: Slow) -> str | None:
    seen = row.seen(feature.window)
    cv = divided(spread(seen), average(seen))
    return None if cv is None else "X" if cv <= 0.5 else "Y" if cv <= 1 else "Z"


def abc_class(feature: Any, row: Slow) -> str | None:
    worth = (
        {"bolt": 10.0, "nut": 25.0}
        if feature.worth
        else dict.fromkeys([part for _, part in row.plant.series], 1.0)
    )
    moved = []
    for line, part in row.plant.series:
        other = replace(row, line=line, part=part)
        moved.append(((line, part), sum(other.seen(feature.window)) * worth.get(part, 0.0)))
    everything, before = sum(amount for _, amount in moved), 0.0
    for series, amount in sorted(moved, key=lambda item: -item[1]):
        if series == (row.line, row.part):
            if everything == 0:
                return None
            share = before / everything
            return "C" if amount == 0 else "A" if share < 0.8 else "B" if share < 0.95 else "C"
        before += amount
    raise AssertionError


def line_pace(feature: Any, row: Slow) -> float | None:
    ratios = [
        divided(average(row.seen(feature.recent, part=p)), average(row.seen(feature.usual, part=p)))
        for p in row.parts()
    ]
    return average([ratio for ratio in ratios if ratio is not None])


def line_share(feature: Any, row: Slow) -> float | None:
    means = [average(row.seen(feature.window, part=part)) for part in row.parts()]
    return divided(average(row.seen(feature.window)), sum(mean for mean in means if mean))


def driver(feature: Any, row: Slow) -> float | None:
    found = row.driver(feature, row.period.start, feature.fill)
    if found is None or feature.measure == "value":
        return found and found[1]
    if feature.measure == "age_days":
        return (row.period.start - found[0]) / timedelta(days=1)
    now = row.driver(feature, row.cutoff, "last")
    return divided(found[1], now and now[1])


def cover(feature: Any, row: Slow) -> float | None:
    on_hand, daily = row.stock("on_hand"), row.daily(feature.days)
    if on_hand is None or daily is None:
        return None
    return float(feature.most) if daily == 0 else min(max(on_hand, 0) / daily, feature.most)


def month_end(day: date) -> bool:
    return (day + timedelta(days=1)).day == 1


def quantile(values: list[float], level: float) -> float | None:
    return float(np.quantile(values, level)) if values else None


def one(answer: Callable[[Any, Slow], Answer]) -> Callable[[Any, Slow], list[Answer]]:
    return lambda feature, row: [answer(feature, row)]


def of_window(figure: Callable[[list[float]], Answer]) -> Callable[[Any, Slow], list[Answer]]:
    return lambda feature, row: [figure(row.seen(feature.window, feature.by))]


def gap(f: Any, row: Slow) -> float:
    before = max(p.end for p in row.plant.periods if p.start < row.period.start)
    return float(min((row.period.start - before) / timedelta(hours=1), f.most))


def lag(f: Any, row: Slow) -> float | None:
    past = row.past(f.count, f.by)
    return past[0] if len(past) == f.count else None


SLOW: dict[str, Callable[[Any, Slow], list[Answer]]] = {
    "day_of_week": cycle(date.weekday, lambda d: d.weekday() / 7),
    "day_of_month": cycle(lambda d: d.day, lambda d: (d.day - 1) / (31 if d.month == 3 else 30)),
    "week_of_year": cycle(
        lambda d: int(d.strftime("%V")), lambda d: (int(d.strftime("%V")) - 1) / 53
    ),
    "month": cycle(lambda d: d.month, lambda d: (d.month - 1) / 12),
    "quarter": cycle(lambda d: 1 if d.month <= 3 else 2, lambda d: 0 if d.month <= 3 else 1 / 4),
    "year_day": cycle(
        lambda d: (d - date(2025, 12, 31)).days, lambda d: (d - date(2026, 1, 1)).days / 365
    ),
    "is_weekend": one(lambda f, row: float(row.period.local_date.weekday() in f.days)),
    "is_month_end": one(lambda _f, row: float(month_end(row.period.local_date))),
    "is_holiday": one(
        lambda f, row: float(
            row.period.local_date in holidays_of("DE", None, 2026)
            if f.country
            else row.plant.calendar.is_closed(row.period.local_date)
        )
    ),
    "days_to_holiday": one(lambda f, row: holiday_distance(row, f, 1)),
    "days_after_holiday": one(lambda f, row: holiday_distance(row, f, -1)),
    "shift_name": one(lambda _f, row: row.period.shift),
    "shift_hours": one(lambda _f, row: row.period.minutes / 60),
    "start_hour": one(lambda f, row: row.period.start.astimezone(ZoneInfo(f.time_zone)).hour),
    "gap_hours": one(gap),
    "steps_ahead": one(
        lambda _f, row: float(
            sum(row.cutoff <= p.start <= row.period.start for p in row.plant.periods)
        )
    ),
    "hours_ahead": one(lambda _f, row: (row.period.start - row.cutoff).total_seconds() / 3600),
    "lag": one(lag),
    "rolling_mean": of_window(average),
    "rolling_std": of_window(spread),
    "rolling_min": of_window(lambda values: min(values, default=None)),
    "rolling_max": of_window(lambda values: max(values, default=None)),
    "rolling_median": of_window(lambda values: statistics.median(values) if values else None),
    "rolling_quantile": one(lambda f, row: quantile(row.seen(f.window, f.by), f.level)),
    "ewm_mean": one(faded),
    "daily_average": one(lambda f, row: row.daily(f.days)),
    "consumption_rate": one(rate),
    "trend": one(lambda f, row: slope(row.past(f.window, f.by))),
    "variation": of_window(lambda values: divided(spread(values), average(values))),
    "observed_share": one(lambda f, row: len(row.seen(f.window, f.by)) / f.window),
    "zero_share": of_window(lambda values: average([float(v == 0) for v in values])),
    "periods_since_demand": one(since),
    "mean_interval": of_window(interval),
    "demand_class": one(demand_class),
    "xyz_class": one(xyz_class),
    "abc_class": one(abc_class),
    "line_pace": one(line_pace),
    "line_share": one(line_share),
    "planned_units": one(lambda f, row: row.units(row.period.start, row.cutoff, f.product)),
    "units_built_rate": one(lambda f, row: row.per_unit(f)),
    "planned_demand": one(
        lambda f, row: (
            None
            if (units := row.units(row.period.start, row.cutoff, f.product)) is None
            or (each := row.per_unit(f)) is None
            else units * each
        )
    ),
    "driver": one(driver),
    "stock": one(lambda f, row: row.stock(f.figure)),
    "cover_days": one(cover),
    "threshold_distance": one(
        lambda _f, row: None if (held := row.stock("on_hand")) is None else held - 20.0
    ),
    "static": one(
        lambda f, row: (
            None
            if (size := {"bolt": 10, "nut": 25}.get(row.part)) is None
            else str(size)
            if f.form == "category"
            else float(size)
        )
    ),
    "identity": one(lambda f, row: row.line if f.of == "location" else row.part),
}

EVERY_KIND = pytest.mark.parametrize("kind", list(KINDS))


def test_every_kind_has_a_slow_twin() -> None:
    assert set(SLOW) == set(KINDS)


def check_against_twin(plant: SmallPlant, world: World, spec: FeatureSet, row: Row) -> None:
    slow = Slow(
        plant=plant,
        world=world,
        line=row["location_id"],
        part=row["part_id"],
        period=next(p for p in plant.periods if p.start == row["period_start"]),
        cutoff=row["cutoff"],
    )
    for feature in spec.features:
        for column, answer in zip(feature.columns, SLOW[feature.kind](feature, slow), strict=True):
            close = isinstance(answer, float | int)
            wanted = pytest.approx(answer, rel=1e-5, abs=1e-6) if close else answer
            assert row[column] == wanted, (column, row)


@EVERY_KIND
@settings(max_examples=3, phases=UNSHRUNK)
@given(seed=st.integers(0, 30), place=st.integers(0, 99), hours=st.sampled_from([0, 4]))
def test_every_kind_says_what_its_slow_twin_says(
    small_plant: SmallPlant, kind: str, seed: int, place: int, hours: int
) -> None:
    world, cutoff = small_plant.make_world(seed), small_plant.cutoff(place, hours)
    for spec in small_plant.sets_of(kind):
        table = live_table(
            spec,
            world.demand,
            cutoff,
            periods=small_plant.periods,
            steps=(0, 1, 2, 5),
            inputs=world.inputs,
        )
        assert table.frame.height
        for row in table.frame.iter_rows(named=True):
            check_against_twin(small_plant, world, spec, row)
