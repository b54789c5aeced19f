"""One item under lost sales: average cost of any policy, exact or simulated, beside the optimum.

Without options the instances of Zipkin (2008) whose figures are known, and one with a fixed order
cost (Bijvank et al. 2015), beside ours. With options any parameters: ``--policy optimal`` is the
exact optimum; other rules get their best parameters, found on the exact chain, unless they are
given. With ``--paths N`` the product's own policy decides from N sampled paths, tuned on other
random numbers than it is scored on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from time import perf_counter
from typing import Any

from supplynet.cli.bench_options import Option, number, whole
from supplynet.cli.benchmarking import Result, Setup
from supplynet.errors import InvalidInput
from supplynet.study.exact import solve
from supplynet.study.lost_sales import Run, measure, sampled
from supplynet.study.lost_sales_given import given_rule
from supplynet.study.lost_sales_model import DEMANDS, LostSales, demand_of, given_demand
from supplynet.study.lost_sales_search import RULES, Found, Search
from supplynet.study.lost_sales_tuning import TUNING, product_policy, tune

Row = dict[str, Any]
ALIASES = {
    "order_up_to": "base_stock",
    "capped_order_up_to": "capped_base_stock",
    "min_max": "reorder_up_to",
}
PRODUCT = {rule: name for name, rule in ALIASES.items()} | {"no_stockout": "no_stockout"}
POLICIES = ("optimal", "all", *RULES, *ALIASES)
GIVEN = ("alpha", "level", "cap", "point", "lot")
COMPARED = ("no_stockout", "capped_base_stock", "base_stock", "newsvendor")


def _demand(text: str) -> str | tuple[float, ...]:
    if text in DEMANDS:
        return text
    try:
        return tuple(float(each) for each in text.split(","))
    except ValueError:
        raise ValueError(
            f"use {', '.join(DEMANDS)}, or the probabilities of 0, 1, 2, ... parts: 0.2,0.5,0.3"
        ) from None


OPTIONS = (
    Option(name="demand", default="poisson", read=_demand, help="Of a period: poisson, geometric "
           "(failures), or the probabilities of 0, 1, 2, ... parts."),
    Option(name="mean", default=5.0, read=number(), help="Mean demand, parts per period."),
    Option(name="lead-time", default=2, read=whole(0, 50), help="Periods from order to use."),
    Option(name="holding", default=1.0, read=number(), help="Cost of a part left."),
    Option(name="penalty", default=19.0, read=number(), help="Cost of a part lost."),
    Option(name="fixed-cost", default=0.0, read=number(), help="Cost of an order."),
    Option(name="policy", default="all", choices=POLICIES, help="What orders."),
    Option(name="paths", default=0, read=whole(0, 1_000_000), help="Sampled paths that the "
           "product's policy decides from; 0 = the exact distribution."),
    Option(name="alpha", read=number(1e-9, 1 - 1e-9), help="No-stock-out probability."),
    Option(name="level", read=number(0, 1e6), help="Base-stock, order-up-to or projected level."),
    Option(name="cap", read=number(0, 1e6), help="Most in one order: parts; with --paths in mean "
           "demands, as the product has it."),
    Option(name="point", read=whole(0, 10**6), help="Reorder point."),
    Option(name="lot", read=whole(1, 10**6), help="Lot size, or the most in one order."),
    Option(name="simulate", default=False, help="Simulate what could be computed exactly."),
    Option(name="replications", default=1000, read=whole(2, 10**6), help="Side by side."),
    Option(name="periods", default=500, read=whole(1, 10**6), help="Of each that count."),
    Option(name="sets", default=8, read=whole(2, 1000), help="Independent sets of paths."),
)  # fmt: skip
# Optimal costs with mean 5 and holding cost 1: Zipkin (2008), to more digits by our own reference.
KNOWN: dict[tuple[str, int, float, float], Mapping[str, float]] = {
    ("poisson", 1, 4.0, 0.0): {"optimal": 4.04071, "newsvendor": 4.390, "base_stock": 4.163,
                               "capped_base_stock": 4.065, "no_stockout": 4.041},
    ("poisson", 1, 9.0, 0.0): {"optimal": 5.43822},
    ("poisson", 1, 19.0, 0.0): {"optimal": 6.67574, "newsvendor": 6.728, "base_stock": 6.728,
                                "capped_base_stock": 6.688, "no_stockout": 6.676},
    ("poisson", 1, 39.0, 0.0): {"optimal": 7.83595},
    ("poisson", 2, 4.0, 0.0): {"optimal": 4.39530, "newsvendor": 4.943, "base_stock": 4.639,
                               "capped_base_stock": 4.406, "no_stockout": 4.395},
    ("poisson", 2, 9.0, 0.0): {"optimal": 6.09364, "newsvendor": 6.554, "base_stock": 6.316,
                               "capped_base_stock": 6.119, "no_stockout": 6.094},
    ("poisson", 2, 19.0, 0.0): {"optimal": 7.66442, "newsvendor": 8.147, "base_stock": 7.842,
                                "capped_base_stock": 7.721, "no_stockout": 7.664},
    ("poisson", 2, 39.0, 0.0): {"optimal": 9.10638, "newsvendor": 9.314, "base_stock": 9.190,
                                "capped_base_stock": 9.133, "no_stockout": 9.107},
    ("geometric", 2, 4.0, 0.0): {"optimal": 10.24021, "newsvendor": 12.243, "base_stock": 10.705,
                                 "capped_base_stock": 10.322, "no_stockout": 10.241},
    ("poisson", 2, 14.0, 5.0): {"optimal": 11.46, "reorder_up_to": 11.62, "reorder_lots": 11.56,
                                "modified_reorder": 11.50},
}  # fmt: skip


def run(setup: Setup) -> Result:
    return _asked(setup) if setup.asked else _usual(setup)


def _usual(setup: Setup) -> Result:
    rows: list[Row] = []
    instances = list(KNOWN.items())[: 1 if setup.quick else None]
    paths = 200 if setup.quick else 1000
    for index, ((demand, lead_time, penalty, fixed_cost), known) in enumerate(instances):
        setup.report(index / len(instances), f"{demand}, lead time {lead_time}")
        model = LostSales(
            demand=demand_of(demand, 5.0),
            lead_time=lead_time,
            penalty=penalty,
            fixed_cost=fixed_cost,
        )
        bench = _Bench(model, _run(setup), setup.seed)
        # Without a fixed cost a rule of the table is no use without those it is compared with.
        names = ("optimal", *(COMPARED if fixed_cost == 0.0 else tuple(known)[1:]))
        title = f"{demand}, lead time {lead_time}, penalty {penalty:g}, fixed cost {fixed_cost:g}"
        rows += [{"table": title, **bench.row(name), "known": known.get(name)} for name in names]
        if fixed_cost == 0.0:
            rows.append({"table": title, **bench.row("no_stockout", paths), "known": None})
    return Result(params={"mean": 5.0, "holding": 1.0, "interval": "one standard error"}, rows=rows)


def _asked(setup: Setup) -> Result:
    chosen = setup.options
    given = chosen["demand"]
    model = LostSales(
        demand=demand_of(given, chosen["mean"]) if isinstance(given, str) else given_demand(given),
        lead_time=chosen["lead-time"],
        holding=chosen["holding"],
        penalty=chosen["penalty"],
        fixed_cost=chosen["fixed-cost"],
    )
    parameters = {key: chosen[key] for key in GIVEN if chosen[key] is not None}
    policy = chosen["policy"]
    if policy in {"optimal", "all"} and (parameters or (chosen["paths"] and policy == "optimal")):
        raise InvalidInput(f"bench lost-sales: parameters belong to one policy, not to {policy}")
    bench = _Bench(model, _run(setup), setup.seed, simulate=chosen["simulate"])
    names = ("optimal", *COMPARED) if policy == "all" else (ALIASES.get(policy, policy),)
    rows = [
        {"table": "average cost per period", **bench.row(name, paths, parameters)}
        for name in names
        for paths in [chosen["paths"] if name in PRODUCT or policy != "all" else 0]
    ]
    shown = {key: value for key, value in chosen.items() if value is not None}
    return Result(params=shown | {"mean": round(model.demand.mean, 9)}, rows=rows)


def _run(setup: Setup) -> Run:
    if setup.quick:
        return Run(replications=100, periods=100, warm_up=50, sets=2)
    chosen = setup.options
    return Run(
        replications=chosen["replications"],
        periods=chosen["periods"],
        warm_up=100,
        sets=chosen["sets"],
    )


class _Bench:
    """Rows of one model."""

    def __init__(self, model: LostSales, run: Run, seed: int, *, simulate: bool = False) -> None:
        self._model, self._run, self._seed, self._simulate = model, run, seed, simulate
        # Without sampled paths all replications are independent.
        self._pooled = replace(run, replications=run.replications * run.sets, sets=1)
        self._optimum = cache(self._solved)

    def row(self, name: str, paths: int = 0, given: Mapping[str, float] | None = None) -> Row:
        started = perf_counter()
        if name == "optimal":
            found: Row = self._optimal()
        elif paths:
            found = self._sampled(name, paths, given or {})
        else:
            found = self._exact(name, given or {})
        optimal = self._optimum()
        cost = found["mean_cost"]
        return {
            **found,
            "optimal": optimal,
            "gap": None if optimal is None else cost / optimal - 1.0 if optimal else 0.0,
            "seconds": round(perf_counter() - started, 3),
        }

    def _solved(self) -> float | None:
        try:
            return solve(self._model).cost
        except InvalidInput:
            return None

    def _optimal(self) -> Row:
        solution = solve(self._model)
        states = {"states": solution.states.size, "iterations": solution.iterations}
        return _cells("optimal", states, solution.cost, 0.0, "exact")

    def _exact(self, name: str, given: Mapping[str, float]) -> Row:
        # Only a chain that is too large is searched by simulation, and then on less of it.
        less = Run(replications=300, periods=200, warm_up=50, sets=1)
        search = Search(model=self._model, run=less, seed=self._seed + 1_000_003)
        found: Found = given_rule(search, name, given) if given else RULES[name](search)
        if found.exact and not self._simulate:
            return _cells(name, found.parameters, found.cost.mean_cost, 0.0, "exact")
        cost = measure(self._model, lambda _rng: found.rule, self._pooled, self._seed)
        return _cells(name, found.parameters, cost.mean_cost, cost.standard_error, "simulated")

    def _sampled(self, name: str, paths: int, given: Mapping[str, float]) -> Row:
        product = PRODUCT.get(name, name)
        run = self._run
        tuning = replace(
            TUNING,
            replications=min(TUNING.replications, run.replications),
            periods=min(TUNING.periods, run.periods),
            sets=min(TUNING.sets, run.sets),
        )
        chosen = given or tune(product, self._model, paths, self._seed + 1_000_003, tuning)
        if "alpha" not in chosen or set(chosen) - {"alpha", "cap"}:
            raise InvalidInput(
                "bench lost-sales: with --paths give --alpha (and --cap), or nothing"
            )
        policy = product_policy(product, **chosen)
        cost = measure(
            self._model,
            lambda rng: sampled(self._model, policy, paths, rng),
            run,
            self._seed,
        )
        shown = {**chosen, "paths": paths}
        return _cells(product, shown, cost.mean_cost, cost.standard_error, "simulated")


def _cells(
    policy: str, parameters: Mapping[str, float], cost: float, error: float, method: str
) -> Row:
    return {
        "policy": policy,
        "parameters": dict(parameters),
        "mean_cost": cost,
        "standard_error": error,
        "method": method,
    }
