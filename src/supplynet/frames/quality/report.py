"""The report: one score, sentences for people, a row per series, a row per finding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Any

import polars as pl

from supplynet.frames.quality.found import FINDINGS_SCHEMA
from supplynet.frames.quality.rules import RULES, Severity

SERIES_SCHEMA = pl.Schema(
    {
        "location_id": pl.String(),
        "part_id": pl.String(),
        "score": pl.Float64(),
        "rows": pl.Int64(),
        "days": pl.Int64(),
        "missing_share": pl.Float64(),
        "findings": pl.Int64(),
        "worst_rule": pl.String(),
    }
)
"""One row per series, the lowest score first. ``missing_share`` counts missing periods and missing
amounts; ``worst_rule`` is the rule that takes most points, null when none does."""
TABLE_HEAD = ("rule", "severity", "found", "of", "unit", "share", "points")
HTML_ISSUES = 12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Check:
    """Outcome of one rule.

    Attributes:
        rule: Key in ``RULES``.
        severity: Of this finding; a rule's warning may have become an error.
        count, total: How many units are wrong, and of how many.
        lost: Points that it takes from the score.
        examples: Up to three places, as shown to people.
        sentence: For people; "" when nothing was found.
        places: Findings, ``PLACE_SCHEMA``.
    """

    rule: str
    severity: Severity
    count: int
    total: int
    lost: float
    examples: tuple[str, ...]
    sentence: str
    places: pl.DataFrame

    @property
    def share(self) -> float:
        """``count / total``; 0 when nothing was looked at."""
        return self.count / self.total if self.total else 0.0


class QualityReport(Mapping[str, Any]):
    """What a frame is worth for training, and why.

    It is also a mapping: ``report["quality_score"]``, ``report["issues"]``; see ``to_dict``.

    Attributes:
        score: 0 (useless) to 100 (nothing found).
        rows: Rows of the table.
        checks: Every rule's outcome, in the order of ``RULES``; empty when nothing could be read.
        series: A row per series, ``SERIES_SCHEMA``.
        problems: Why nothing could be checked, as sentences; usually none.
    """

    def __init__(
        self,
        *,
        rows: int,
        checks: tuple[Check, ...],
        series: pl.DataFrame,
        problems: tuple[str, ...] = (),
    ) -> None:
        lost = sum(check.lost for check in checks)
        self.score = 0.0 if problems else round(max(0.0, 100.0 - lost), 1)
        self.rows, self.checks, self.series, self.problems = rows, checks, series, problems

    @property
    def ok(self) -> bool:
        """Whether there is no error: models may be trained on it as it is."""
        return not self.errors

    @property
    def issues(self) -> tuple[str, ...]:
        """A sentence per rule that found something, the worst first."""
        found = sorted(
            (check for check in self.checks if check.sentence),
            key=lambda check: (list(Severity).index(check.severity), -check.lost),
        )
        return (*self.problems, *(check.sentence for check in found))

    @property
    def errors(self) -> tuple[str, ...]:
        """The issues for which nothing should be trained on this."""
        return (*self.problems, *self._of(Severity.ERROR))

    @property
    def warnings(self) -> tuple[str, ...]:
        """The issues that make a model worse."""
        return self._of(Severity.WARNING)

    def _of(self, severity: Severity) -> tuple[str, ...]:
        wanted = {check.sentence for check in self.checks if check.severity is severity}
        return tuple(issue for issue in self.issues if issue in wanted)

    @cached_property
    def findings(self) -> pl.DataFrame:
        """Every finding with its place, ``FINDINGS_SCHEMA``, rule by rule."""
        parts = [
            check.places.with_columns(rule=pl.lit(check.rule)).select(FINDINGS_SCHEMA.names())
            for check in self.checks
            if check.places.height
        ]
        return pl.concat(parts) if parts else pl.DataFrame(schema=FINDINGS_SCHEMA)

    def check(self, rule: str) -> Check:
        """The outcome of one rule.

        Raises:
            KeyError: No such rule, or nothing could be checked.
        """
        for check in self.checks:
            if check.rule == rule:
                return check
        known = ", ".join(RULES)
        why = "nothing could be checked" if self.problems else f"choose from {known}"
        raise KeyError(f"no outcome of rule {rule!r}: {why}")

    def table(self) -> list[tuple[Any, ...]]:
        """A row per rule that found something, under ``TABLE_HEAD``, the costly first."""
        found = sorted((c for c in self.checks if c.count), key=lambda check: -check.lost)
        return [
            (c.rule, str(c.severity), c.count, c.total, RULES[c.rule].unit, c.share, c.lost)
            for c in found
        ]

    def to_dict(self) -> dict[str, Any]:
        """Everything but the single findings, in JSON types."""
        return dict(self.items())

    def __getitem__(self, key: str) -> Any:
        if key not in _VIEWS:
            raise KeyError(f"a quality report has no {key!r}; it has {', '.join(_VIEWS)}")
        return _VIEWS[key](self)

    def __iter__(self) -> Iterator[str]:
        return iter(_VIEWS)

    def __len__(self) -> int:
        return len(_VIEWS)

    def __repr__(self) -> str:
        state = "ok" if self.ok else f"{len(self.errors)} errors"
        return f"<QualityReport score {self.score:.1f} of 100, {state}, {self.rows:,} rows>"

    def _repr_html_(self) -> str:
        """For notebooks: the score and the issues, without styles of our own."""
        shown = "".join(f"<li>{escape(issue)}</li>" for issue in self.issues[:HTML_ISSUES])
        body = f"<ul>{shown}</ul>" if shown else "<p>Nothing to complain about.</p>"
        return (
            f"<h4>Quality {self.score:.1f} of 100</h4>"
            f"<p>{self.rows:,} rows, {self.series.height:,} series</p>{body}"
        )


_VIEWS: dict[str, Any] = {
    "quality_score": lambda report: report.score,
    "score": lambda report: report.score,
    "ok": lambda report: report.ok,
    "rows": lambda report: report.rows,
    "issues": lambda report: list(report.issues),
    "errors": lambda report: list(report.errors),
    "warnings": lambda report: list(report.warnings),
    "rules": lambda report: [_rule_view(check) for check in report.checks],
    "series": lambda report: report.series.to_dicts(),
}
"""Keys of the mapping; ``score`` is ``quality_score`` under the name of the attribute."""


def _rule_view(check: Check) -> dict[str, Any]:
    rule = RULES[check.rule]
    return {
        "rule": check.rule,
        "severity": str(check.severity),
        "count": check.count,
        "total": check.total,
        "unit": rule.unit,
        "share": round(check.share, 6),
        "weight": rule.weight,
        "tolerance": rule.tolerance,
        "lost": check.lost,
        "examples": list(check.examples),
        "sentence": check.sentence,
    }
