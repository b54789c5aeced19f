"""How far a demand frame can be trusted: ten checks, a sentence for each finding, one score.

The score is ``100 - sum(weight * min(1, share / tolerance))`` over ``CHECKS``: a check takes its
whole weight when the share of wrong rows (or series) reaches its tolerance, and less below it in
proportion. The weights sum to 100, so the score is between 0 and 100.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from supplynet.frames.aliases import rename_aliases, to_polars
from supplynet.frames.demand import KEY, cast_demand
from supplynet.frames.quality_checks import FINDERS, Found

EXAMPLES = 3


class _Rule(NamedTuple):
    weight: float
    tolerance: float
    of: str
    sentence: str


CHECKS: dict[str, _Rule] = {
    "missing_periods": _Rule(20, 0.10, "periods", "have no row, nothing says whether demand was 0"),
    "duplicates": _Rule(15, 0.01, "rows", "have a key that is there before; sum or drop them"),
    "negatives": _Rule(15, 0.01, "rows", "are below 0; post returns as such, not as demand"),
    "nulls": _Rule(10, 0.05, "rows", "lack a key or an amount although the line was not starved"),
    "future": _Rule(10, 0.01, "rows", "start after now; check the clock or the date format"),
    "censored": _Rule(10, 0.20, "rows", "hide their demand because the line was starved"),
    "outliers": _Rule(8, 0.02, "rows", "are far from what the series usually shows"),
    "constant": _Rule(5, 0.50, "series", "never change (or are always 0); nothing can be learned"),
    "short": _Rule(4, 0.50, "series", "cover less than half of the time that the others cover"),
    "stale": _Rule(2, 0.25, "series", "ended before the last tenth of the time; still in use?"),
    "shift_names": _Rule(
        1, 0.05, "rows", "have a shift name that differs only in spelling or is missing"
    ),
}
"""Per check: weight in the score, share at which all of it is lost, what is counted, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Outcome of one check.

    Attributes:
        name: Key in ``CHECKS``.
        count: How many rows, periods or series are wrong.
        total: Of how many.
        lost: Points that it takes from the score.
        examples: Up to three, ``location/part at time`` or ``location/part``.
        sentence: The finding for a person; empty when ``count`` is 0.
    """

    name: str
    count: int
    total: int
    lost: float
    examples: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReport:
    """All checks of one frame.

    Attributes:
        score: 0 (useless) to 100 (nothing found), see the module.
        issues: One sentence per check that found something, the most costly first.
        checks: Every check, in the order of ``CHECKS``.
    """

    score: float
    issues: tuple[str, ...]
    checks: tuple[Check, ...]


def check_quality(data: object, *, now: datetime | None = None) -> QualityReport:
    """Check a table of demand, by shift or by day, under any known names.

    Nothing is refused: what ``frames.demand.conform`` would raise is counted here.

    Args:
        data: Any table that ``ensure_demand`` takes.
        now: Aware moment after which a period is in the future; None leaves that check out.

    Raises:
        InvalidInput: It is no table, or the key or the amount is missing as a column.
    """
    frame = cast_demand(rename_aliases(to_polars(data)), strict=False).with_row_index("_row")
    checks = tuple(_check(name, FINDERS[name](frame, now)) for name in CHECKS)
    found = sorted((c for c in checks if c.count), key=lambda check: -check.lost)
    score = 0.0 if frame.is_empty() else max(0.0, 100.0 - sum(check.lost for check in checks))
    issues = tuple(check.sentence for check in found)
    if frame.is_empty():
        issues = ("There are no rows.",)
    return QualityReport(score=round(score, 1), issues=issues, checks=checks)


def _check(name: str, found: Found) -> Check:
    rule = CHECKS[name]
    share = found.count / found.total if found.total else 0.0
    examples = tuple(_example(row) for row in found.examples.head(EXAMPLES).iter_rows(named=True))
    sentence = ""
    if found.count:
        sentence = f"{found.count:,} of {found.total:,} {rule.of} ({share:.1%}) {rule.sentence}"
        sentence += f": {', '.join(examples)}." if examples else "."
    return Check(
        name=name,
        count=found.count,
        total=found.total,
        lost=round(rule.weight * min(1.0, share / rule.tolerance), 2),
        examples=examples,
        sentence=sentence,
    )


def _example(row: dict[str, object]) -> str:
    location, part, start = (row.get(name) for name in KEY)
    series = f"{location or '?'}/{part or '?'}"
    return f"{series} at {start:%Y-%m-%d %H:%M}" if isinstance(start, datetime) else series
