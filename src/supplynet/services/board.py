"""The scoreboard of a proof: as data and as a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from supplynet.simulate.scorecard import Score
from supplynet.study.proof import Proof

Row = dict[str, Any]
Table = Callable[[Sequence[str], Sequence[Sequence[Any]]], list[str]]
_POLICY = (
    ("policy", "policy"),
    ("halts_per_line_month", "halts/line-month"),
    ("interval", "95 % interval"),
    ("lost_minutes", "lost min"),
    ("cover_days", "cover days"),
    ("orders", "orders"),
    ("trips", "trips"),
    ("fill_rate", "fill rate"),
    ("parameters", "tuned to"),
)
_MODEL = (
    ("model", "model"),
    ("mase", "MASE"),
    ("wape", "WAPE"),
    ("pinball", "pinball"),
    ("bias", "bias"),
    ("coverage_80", "80 % covers"),
)


@dataclass(frozen=True, kw_only=True)
class Board:
    """What was proven on the unseen days, ready to be shown.

    Attributes:
        about: Plant, days, seed: what it was run on.
        policies: One row per policy, perfect foresight last.
        differences: Each policy minus the first, with 95 % intervals.
        forecast: One row per model, seasonal naive among them.
        promises: What each policy was tuned to, and what came of it on the unseen days.
        bound: What no policy can beat there; None = not asked for.
        timing: Seconds; the only part that differs from run to run.
    """

    about: Row
    champion: str
    policies: list[Row]
    differences: list[Row]
    forecast: list[Row]
    promises: list[Row] = field(default_factory=list)
    bound: Row | None = None
    timing: dict[str, float] = field(default_factory=dict)

    def as_dict(self) -> Row:
        """For programs."""
        return {
            **self.about,
            "champion": self.champion,
            "policies": self.policies,
            "differences": self.differences,
            "forecast": self.forecast,
            "promises": self.promises,
            "bound": self.bound,
            "timing": self.timing,
        }

    def lines(self, table: Table) -> list[str]:
        """For people."""
        about = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in self.about.items())
        policies = [{**row, "interval": _interval(row)} for row in self.policies]
        policies = [{**row, "parameters": _words(row["parameters"])} for row in policies]
        return [
            about,
            "",
            "policies on days that none of them has seen:",
            *table([head for _, head in _POLICY], [[r[k] for k, _ in _POLICY] for r in policies]),
            *(_sentence(row) for row in self.differences),
            *self._promised(),
            "",
            f"forecast error on the same days (champion: {self.champion}):",
            *table([h for _, h in _MODEL], [[r[k] for k, _ in _MODEL] for r in self.forecast]),
        ]

    def _promised(self) -> list[str]:
        said = []
        if self.bound is not None:
            said.append(
                f"no policy can have less than {self.bound['cover_days']:.3f} days of cover on "
                "these days (linear program, packs relaxed, nothing lost that can be served)"
            )
        broken = [row for row in self.promises if not row["kept"]]
        said += [
            f"{row['policy']} was to halt at most {row['promised']:g} times per line-month and "
            f"halted {row['observed']:.3f} times"
            for row in broken
        ]
        return said


def board_of(
    proof: Proof,
    about: Row,
    timing: Mapping[str, float] | None = None,
    *,
    target: float | None = None,
) -> Board:
    """The scoreboard of ``proof``; figures are rounded as they are shown.

    Args:
        proof: What was found.
        about: What it was run on.
        timing: Seconds.
        target: Halts per line-month that policies were tuned to; None = say nothing of it.
    """
    bound = proof.scoreboard.bound
    return Board(
        about=about,
        champion=proof.champion,
        policies=[_policy(score) for score in proof.scoreboard.scores],
        differences=[
            {
                "policy": d.policy,
                "against": d.against,
                "halts_per_line_month": round(d.halts, 4),
                "low": round(d.halts_low, 4),
                "high": round(d.halts_high, 4),
                "lost_minutes_per_line_month": round(d.lost_minutes, 1),
                "lost_minutes_low": round(d.lost_minutes_low, 1),
                "lost_minutes_high": round(d.lost_minutes_high, 1),
                "cover_days": round(d.cover_days, 3),
            }
            for d in proof.scoreboard.differences
        ],
        forecast=[
            {key: _rounded(row[key]) for key, _ in _MODEL}
            for row in proof.forecast.fill_nan(None).to_dicts()
        ],
        promises=[] if target is None else _promises(proof, target),
        bound=None
        if bound is None
        else {"cover_days": round(bound.cover_days, 3), "fill_rate": round(bound.fill_rate, 5)},
        timing=dict(timing or {}),
    )


def _promises(proof: Proof, target: float) -> list[Row]:
    """Promised against kept: halts where a policy was tuned, and on the unseen days."""
    scores = {score.policy: score for score in proof.scoreboard.scores}
    return [
        {
            "policy": name,
            "promised": target,
            "tuned_to": round(tuned.score.halts_per_line_month, 4),
            "observed": round(scores[name].halts_per_line_month, 4),
            "low": round(scores[name].low, 4),
            "high": round(scores[name].high, 4),
            "kept": scores[name].low <= target,
        }
        for name, tuned in proof.tuned.items()
    ]


def _policy(score: Score) -> Row:
    return {
        "policy": score.policy,
        "parameters": dict(score.parameters),
        "halts": round(score.halts, 2),
        "halts_per_line_month": round(score.halts_per_line_month, 4),
        "low": round(score.low, 4),
        "high": round(score.high, 4),
        "lost_minutes": round(score.lost_minutes, 1),
        "cover_days": round(score.cover_days, 3),
        "in_transit_days": round(score.in_transit_days, 3),
        "warehouse_days": round(score.warehouse_days, 3),
        "orders": round(score.orders),
        "trips": round(score.trips),
        "fill_rate": round(score.fill_rate, 5),
    }


def _rounded(value: Any) -> Any:
    """Names stay, and so does what could not be measured."""
    return round(value, 4) if isinstance(value, float) else value


def _interval(row: Row) -> str:
    return f"{row['low']:.3f} to {row['high']:.3f}"


def _words(parameters: Mapping[str, float]) -> str:
    return ", ".join(f"{key} {value:g}" for key, value in parameters.items())


def _sentence(row: Row) -> str:
    return (
        f"{row['policy']} against {row['against']}: {row['halts_per_line_month']:+.3f} halts per "
        f"line-month ({row['low']:+.3f} to {row['high']:+.3f}), {row['cover_days']:+.2f} days of "
        "cover"
    )
