"""How each policy is set and searched: its parameters, from the most careful value to the least.

The one list of policies that can be tuned; whatever offers, tunes or compares policies reads it.
Parameters are numbers by name, so that they can be kept and printed. A parameter that ends in
``_a`` or ``_c`` is the value of another for parts of criticality class A or C.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from supplynet.core.protocols import Policy
from supplynet.core.sample_paths import FloatArray, IntArray
from supplynet.errors import InvalidInput
from supplynet.replenish.capped_order_up_to import CappedOrderUpTo
from supplynet.replenish.ddmrp import Ddmrp, ddmrp_buffers
from supplynet.replenish.kanban import Kanban, kanban_cards
from supplynet.replenish.min_max import MinMax, static_levels
from supplynet.replenish.no_stockout import NoStockout
from supplynet.replenish.order_up_to import OrderUpTo

Parameters = Mapping[str, float]
ALPHAS = (0.9999, 0.9995, 0.999, 0.998, 0.995, 0.99, 0.98, 0.95)
SPREADS = (1.5, 1.25, 1.0)
CAPS = (3.0, 2.0, 1.5)
SAFETY_FACTORS = (7.0, 6.0, 5.0, 4.0, 3.0, 2.5, 2.0, 1.5)
EXTRA_COVERS = (0.5, 0.25, 0.0)
SAFETY_SHARES = (
    *(4.0, 3.5, 3.0, 2.5, 2.0, 1.75, 1.5, 1.25, 1.0, 0.9, 0.8, 0.7),
    *(0.6, 0.5, 0.4, 0.35, 0.3, 0.25, 0.2, 0.15, 0.1, 0.05, 0.0, -0.1),
)
LEAD_TIME_FACTORS = (1.2, 1.0, 0.8, 0.6, 0.4, 0.3, 0.2, 0.1)
VARIABILITY_FACTORS = (1.0, 0.5, 0.0)
CLASSES = {"_a": "A", "_c": "C"}
GRID = 24
"""Settings of the common grid, the same number for every policy."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Past:
    """What static policies are set from. Policies on forecasts need none of it.

    Attributes:
        pairs: ``(stock_point_id, part_id)``.
        criticality: Class of each pair; empty = all B.
        container_size: Parts, shape (pair,).
        window_sums: Demand in past windows of lead time plus review period, (window, pair).
    """

    pairs: tuple[tuple[str, str], ...] = ()
    criticality: tuple[str, ...] = ()
    container_size: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    window_sums: FloatArray = field(default_factory=lambda: np.zeros((0, 0)))

    def by_class(self, parameters: Parameters, name: str) -> FloatArray:
        """A parameter of each pair, with the values of classes where they are given, (pair,)."""
        others = _classes(parameters, name)
        classes = self.criticality or ("B",) * len(self.pairs)
        return np.array([others.get(each, parameters[name]) for each in classes])


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One setting of a policy."""

    policy: Policy
    parameters: Parameters


@dataclass(frozen=True, kw_only=True)
class Family:
    """One policy and its search space.

    Attributes:
        make: The policy with these parameters.
        defaults: Used until a search has found better ones.
        grid: Values of the two parameters of the common grid, the most careful first.
        further: Values of parameters that the search tries afterwards, one after the other;
            of ``alpha_a`` and the like they are those of ``alpha``.
        foresees: Whether it looks at sample paths.
        from_past: Whether it is set from past windows.
    """

    make: Callable[[Parameters, Past], Policy]
    defaults: Parameters
    grid: Mapping[str, Sequence[float]]
    further: Mapping[str, Sequence[float]] = field(default_factory=dict)
    foresees: bool = True
    from_past: bool = False

    def candidate(self, parameters: Parameters, past: Past) -> Candidate:
        """The policy with these parameters.

        Raises:
            InvalidInput: A parameter is unknown, missing or out of range.
        """
        known = {*self.grid, *self.further}
        unknown = set(parameters) - known
        lacking = set(self.grid) - set(parameters) - set(self.defaults)
        if unknown or lacking:
            raise InvalidInput(
                f"parameters {', '.join(sorted(parameters))}: give {', '.join(self.grid)}"
                + (f" and of {', '.join(self.further)} what you need" if self.further else "")
            )
        whole = {**{name: self.defaults[name] for name in self.grid}, **parameters}
        return Candidate(policy=self.make(whole, past), parameters=whole)

    def candidates(self, past: Past) -> tuple[Candidate, ...]:
        """The common grid, the most careful first."""
        settings = product(*(sorted(each, reverse=True) for each in self.grid.values()))
        return tuple(
            self.candidate(dict(zip(self.grid, values, strict=True)), past) for values in settings
        )


def family(name: str) -> Family:
    """The search space of a policy.

    Raises:
        InvalidInput: No such policy.
    """
    if name not in FAMILIES:
        raise InvalidInput(f"no policy {name!r}; choose from {', '.join(FAMILIES)}")
    return FAMILIES[name]


def _classes(parameters: Parameters, name: str) -> dict[str, float]:
    return {
        letter: parameters[name + end]
        for end, letter in CLASSES.items()
        if name + end in parameters
    }


def _min_max(parameters: Parameters, past: Past) -> MinMax:
    low, high = static_levels(
        past.window_sums, past.by_class(parameters, "z"), parameters["extra_cover"]
    )
    rows = zip(past.pairs, low.tolist(), high.tolist(), strict=True)
    return MinMax(thresholds={pair: (point, level) for pair, point, level in rows})


def _order_up_to(parameters: Parameters, past: Past) -> OrderUpTo:  # noqa: ARG001 - one shape
    return OrderUpTo(
        alpha=parameters["alpha"],
        spread=parameters["spread"],
        by_class=_classes(parameters, "alpha"),
    )


def _capped(parameters: Parameters, past: Past) -> CappedOrderUpTo:  # noqa: ARG001 - one shape
    return CappedOrderUpTo(
        alpha=parameters["alpha"],
        spread=parameters.get("spread", 1.0),
        by_class=_classes(parameters, "alpha"),
        cap=parameters["cap"],
        cap_by_class=_classes(parameters, "cap"),
    )


def _no_stockout(parameters: Parameters, past: Past) -> NoStockout:  # noqa: ARG001 - one shape
    return NoStockout(
        alpha=parameters["alpha"],
        spread=parameters["spread"],
        by_class=_classes(parameters, "alpha"),
    )


def _kanban(parameters: Parameters, past: Past) -> Kanban:
    safety = past.by_class(parameters, "safety")
    return Kanban(cards=kanban_cards(past.pairs, past.window_sums, past.container_size, safety))


def _ddmrp(parameters: Parameters, past: Past) -> Ddmrp:
    return Ddmrp(
        buffers=ddmrp_buffers(
            past.pairs,
            past.window_sums,
            lead_time_factor=past.by_class(parameters, "lead_time_factor"),
            variability_factor=parameters["variability_factor"],
        )
    )


FAMILIES: dict[str, Family] = {
    "min_max": Family(
        make=_min_max,
        defaults={"z": 3.0, "extra_cover": 0.5},
        grid={"z": SAFETY_FACTORS, "extra_cover": EXTRA_COVERS},
        further={"z_a": SAFETY_FACTORS, "z_c": SAFETY_FACTORS},
        foresees=False,
        from_past=True,
    ),
    "order_up_to": Family(
        make=_order_up_to,
        defaults={"alpha": 0.995, "spread": 1.0},
        grid={"alpha": ALPHAS, "spread": SPREADS},
        further={"alpha_a": ALPHAS, "alpha_c": ALPHAS},
    ),
    "capped_order_up_to": Family(
        make=_capped,
        defaults={"alpha": 0.995, "cap": 2.0},
        grid={"alpha": ALPHAS, "cap": CAPS},
        further={
            "spread": SPREADS,
            "alpha_a": ALPHAS,
            "alpha_c": ALPHAS,
            "cap_a": CAPS,
            "cap_c": CAPS,
        },
    ),
    "no_stockout": Family(
        make=_no_stockout,
        defaults={"alpha": 0.995, "spread": 1.0},
        grid={"alpha": ALPHAS, "spread": SPREADS},
        further={"alpha_a": ALPHAS, "alpha_c": ALPHAS},
    ),
    "kanban": Family(
        make=_kanban,
        defaults={"safety": 0.5},
        grid={"safety": SAFETY_SHARES},
        further={"safety_a": SAFETY_SHARES, "safety_c": SAFETY_SHARES},
        foresees=False,
        from_past=True,
    ),
    "ddmrp": Family(
        make=_ddmrp,
        defaults={"lead_time_factor": 0.5, "variability_factor": 0.5},
        grid={"lead_time_factor": LEAD_TIME_FACTORS, "variability_factor": VARIABILITY_FACTORS},
        further={"lead_time_factor_a": LEAD_TIME_FACTORS, "lead_time_factor_c": LEAD_TIME_FACTORS},
        from_past=True,
    ),
}
"""By name, from what plants have today to the default."""
