"""Why a pair gets an order, or none: the numbers as JSON, and one sentence a planner can check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from supplynet.core.announcements import Announcements
from supplynet.core.protocols import Policy
from supplynet.core.sample_paths import FloatArray
from supplynet.monitor.announced import said_of
from supplynet.monitor.grid import PlanRisk, SafeDepartures, iso
from supplynet.monitor.why import Moments, sentence
from supplynet.replenish.explain import Explanation
from supplynet.replenish.min_max import Levels
from supplynet.simulate.departures import Batch, SlotDeparture
from supplynet.simulate.due import Due
from supplynet.simulate.model import PlantModel
from supplynet.simulate.risk import saved_minutes

Pair = tuple[str, str]
Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Background:
    """What a decision rests on beside stock and forecast.

    Attributes:
        thresholds: Static min/max by (stock point, part): what the simple rule would order.
        quality: How good the forecast was lately, by (stock point, part); see
            ``monitor.exceedance``.
        risk_factor: On the risk that the policy allows, below 1 while past stock-outs demand it;
            the policy has it in it already.
        fallbacks: What stands in for what, in sentences; empty = all is as it should be.
    """

    thresholds: Levels = field(default_factory=dict)
    quality: Mapping[Pair, Json] = field(default_factory=dict)
    risk_factor: float = 1.0
    fallbacks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Reasons:
    """The numbers behind every decision of a plan; the record of a pair is made when asked for.

    Attributes:
        model: Names of pairs and lines.
        risk: Of the plan.
        batch: The departures that were decided.
        rows: One per pair of the batch, in its order.
        due: What is under way to the pairs of the batch.
        policy: That decided.
        model_version: Of the forecast.
        background: What else is known.
        outcomes: Pairs of the batch that a person decided before the plan did, see ``why``.
        announced: What people said of the rates of lines; it is in the forecast already.
    """

    model: PlantModel
    risk: PlanRisk
    batch: Batch
    rows: tuple[Explanation, ...]
    due: Due
    policy: Policy
    model_version: str
    background: Background = field(default_factory=Background)
    outcomes: Mapping[int, str] = field(default_factory=dict)
    announced: Announcements | None = None

    def of(self, index: int) -> Json:
        """The record of the ``index``-th pair of the batch: full numbers and ``why``.

        ``risk_before`` and ``risk_after`` are those of the line and shift that the part endangers
        most in the shifts that end before the goods of the departure after this one can arrive:
        with released orders only, and with this plan's proposals. ``expected_lost_minutes`` is
        what the proposals save of this part's lost minutes in the same shifts. ``stockout_...``
        are chances of this part alone, until the order after this one can be used.
        """
        row, pair = self.rows[index], int(self.batch.pairs[index])
        departure = self._departure(index)
        near = _shifts_at_stake(self.model, departure)
        before, after, worst = _worst_cell(self.model, self.risk, pair, near)
        moments = self._moments(index)
        said = said_of(self.announced, self._lines(pair), moments)
        return {
            **asdict(row),
            "claims": [asdict(claim) for claim in row.claims],
            **self._times(index, moments),
            "lines": self._lines(pair),
            "worst_line": worst,
            "risk_before": round(before, 4),
            "risk_after": round(after, 4),
            "expected_lost_minutes": round(float(self._saved[pair, near].sum()), 1),
            "policy": self.policy.name,
            "parameters": parameters(self.policy, self.background.risk_factor),
            "model_version": self.model_version,
            "fallbacks": list(self.background.fallbacks),
            "forecast_quality": self.background.quality.get(self.model.pairs[pair]),
            "outcome": self.outcome(index),
            "why": " ".join((sentence(row, moments, self.outcomes.get(index, "")), *said)),
        }

    def outcome(self, index: int) -> str:
        """``proposed``, ``none``, or what a person decided before the plan did."""
        return self.outcomes.get(index, "proposed" if self.rows[index].granted > 0 else "none")

    def window_end(self, index: int) -> datetime:
        """When the order after this one can usually be used."""
        departure = self._departure(index)
        return departure.next_departure_at + timedelta(minutes=round(departure.lane.transit.mean))

    def arrives_at(self, index: int) -> datetime:
        """When this order can usually be used."""
        departure = self._departure(index)
        return departure.departure_at + timedelta(minutes=round(departure.lane.transit.mean))

    def departure_at(self, index: int) -> datetime:
        """Of the vehicle that was decided."""
        return self._departure(index).departure_at

    @cached_property
    def _saved(self) -> FloatArray:
        return saved_minutes(self.risk.committed, self.risk.with_proposals)

    @cached_property
    def _safe(self) -> SafeDepartures:
        return SafeDepartures(self.model)

    def _departure(self, index: int) -> SlotDeparture:
        return self.batch.departures[int(self.batch.departure_of_pair[index])]

    def _lines(self, pair: int) -> list[str]:
        series = np.flatnonzero(self.model.pair_of_series == pair)
        lines = sorted(set(self.model.line_of_series[series].tolist()))
        return [self.model.lines[line] for line in lines]

    def _moments(self, index: int) -> Moments:
        now = self.model.slots.start
        vehicles = self.due.vehicles[int(self.due.place_of_pair[index])]
        return Moments(
            now=now,
            arrival=self.arrives_at(index),
            next_arrival=self.window_end(index),
            due=[
                max(departs + timedelta(minutes=round(lane.transit.mean)), now)
                for lane, departs in vehicles
            ],
            runs_out=self.risk.committed.runs_out[int(self.batch.pairs[index])].likely,
            zone=ZoneInfo(self.model.plant.time_zone),
        )

    def _times(self, index: int, moments: Moments) -> Json:
        departure, pair = self._departure(index), int(self.batch.pairs[index])
        runs_out = self.risk.committed.runs_out[pair]
        coming = zip(self.rows[index].due, moments.due, strict=False)
        return {
            "departure_at": iso(departure.departure_at),
            "arrives_at": iso(moments.arrival),
            "next_arrives_at": iso(moments.next_arrival),
            "due": [
                {"quantity": quantity, "arrives_at": iso(moment)}
                for quantity, moment in coming
                if quantity > 0
            ],
            "runs_out_at": iso(runs_out.likely),
            "runs_out_early": iso(runs_out.early),
            "runs_out_late": iso(runs_out.late),
            "last_departure_at": iso(self._safe.last(pair, runs_out)),
        }


def parameters(policy: Policy, risk_factor: float = 1.0) -> Json:
    """The settings of a policy that are plain numbers or names; thresholds are no setting.

    With ``risk_factor`` where past stock-outs have made the policy more careful.
    """
    policy = getattr(policy, "policy", policy)  # it may stand behind another
    extra: Json = {} if risk_factor == 1.0 else {"risk_factor": risk_factor}
    if not hasattr(policy, "__dataclass_fields__"):
        return extra
    found = {each.name: getattr(policy, each.name) for each in fields(policy)}  # type: ignore[arg-type]  # checked above
    plain = {name: value for name, value in found.items() if isinstance(value, int | float | str)}
    by_class = found.get("by_class")
    return plain | extra | ({"by_class": dict(by_class)} if by_class else {})


def _shifts_at_stake(model: PlantModel, departure: SlotDeparture) -> npt.NDArray[np.bool_]:
    """Shifts that end before the next departure's goods can arrive, and always the running one.

    What comes later is that departure's business: without any order every part runs out some day.
    """
    until = departure.next_departure_at + timedelta(minutes=departure.lane.transit.high)
    near = np.array([shift.end <= until for shift in model.shifts])
    near[0] = True
    return near


def _worst_cell(
    model: PlantModel, risk: PlanRisk, pair: int, near: npt.NDArray[np.bool_]
) -> tuple[float, float, str | None]:
    """Risk without and with the proposals, and the line, where this pair is to blame."""
    blamed = (risk.committed.culprit == pair) & near
    if not blamed.any():
        return 0.0, 0.0, None
    chances = np.where(blamed, risk.committed.risk, -1.0)
    line, shift = np.unravel_index(int(chances.argmax()), chances.shape)
    after = float(risk.with_proposals.risk[line, shift])
    return float(chances[line, shift]), after, model.lines[int(line)]
