"""One warehouse and several retailers: total cost of echelon base-stock levels by rationing rule.

Without options instances of Kaynov et al. (2024), Table A.3, beside ours: what an instance cost
there with the same heuristic is in the column ``published``, and ``gap`` is against it. With
options any parameters. Levels are searched on other random futures than they are scored on.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np

from supplynet.cli.bench_options import Option, number, whole
from supplynet.cli.benchmarking import Result, Setup
from supplynet.errors import InvalidInput
from supplynet.study.lost_sales_model import Demand, demand_of
from supplynet.study.multi_retailer import REGIMES, Levels, MultiRetailer
from supplynet.study.multi_retailer_rationing import RULES, rationing_of
from supplynet.study.multi_retailer_search import best_levels, score

Row = dict[str, Any]
SEARCHED = 200
"""Replications that levels are chosen on."""
POLICIES = ("echelon_base_stock", "base_stock", "order_up_to")
"""Names of the same policy: what the literature calls it, and we."""


def _demands(text: str) -> tuple[Demand, ...]:
    found = []
    for each in text.split(","):
        name, _, mean = each.partition(":")
        try:
            found.append(demand_of(name, float(mean)))
        except (ValueError, InvalidInput):
            raise ValueError(
                "use poisson:MEAN or geometric:MEAN, one or one per retailer"
            ) from None
    return tuple(found)


def _wholes(least: int) -> Any:
    def read(text: str) -> tuple[int, ...]:
        return tuple(whole(least, 10**6)(each) for each in text.split(","))

    return read


OPTIONS = (
    Option(name="retailers", default=3, read=whole(1, 100), help="How many."),
    Option(name="warehouse-lead-time", default=2, read=whole(1, 50), help="Periods."),
    Option(name="retailer-lead-times", default=(1,), read=_wholes(1), help="Periods from shipment "
           "to use, one or one per retailer: 1,1,2."),
    Option(name="demand", default="poisson:3", help="Of a retailer in a period: poisson:3 or "
           "geometric:3, one or one per retailer."),
    Option(name="policy", default=POLICIES[0], choices=POLICIES, help="What orders."),
    Option(name="rationing", default="all", choices=("all", *RULES), help="Who gets how much."),
    Option(name="regime", default="lost", choices=REGIMES, help="What becomes of unmet demand."),
    Option(name="emergency", default=0.8, read=number(0, 1), help="Regime partial: chance that "
           "the warehouse serves what a retailer is short of."),
    Option(name="warehouse-holding", default=0.5, read=number(), help="Cost of a part left there."),
    Option(name="holding", default=1.0, read=number(), help="Cost of a part left at a retailer."),
    Option(name="penalty", default=9.0, read=number(), help="Cost of a part short."),
    Option(name="periods", default=100, read=whole(1, 100_000), help="Of a replication."),
    Option(name="replications", default=3000, read=whole(2, 10**6), help="To score on."),
    Option(name="warehouse-level", read=whole(0, 10**6), help="Echelon level; else searched."),
    Option(name="retailer-levels", read=_wholes(0), help="One or one per retailer; else searched."),
)  # fmt: skip
# Instance: (regime, warehouse lead time), then proportional and min-shortage as published.
PUBLISHED = {
    1: ("backorder", 2, 1655.51, 1609.47),
    6: ("lost", 1, 1373.91, 1366.51),
    7: ("lost", 2, 1406.27, 1408.08),
    11: ("partial", 2, 1111.76, 1109.96),
}


def run(setup: Setup) -> Result:
    return _asked(setup) if setup.asked else _usual(setup)


def _usual(setup: Setup) -> Result:
    rows = []
    instances = {6: PUBLISHED[6]} if setup.quick else PUBLISHED
    for index, (number_of, (regime, lead_time, *costs)) in enumerate(instances.items()):
        setup.report(index / len(instances), f"instance {number_of}")
        model = MultiRetailer(
            demands=(demand_of("poisson", 3.0),) * 3,
            warehouse_lead_time=lead_time,
            lead_times=(1, 1, 1),
            regime=regime,
        )
        published = {"proportional": costs[0], "proportional-floor": costs[0],
                     "min-shortage": costs[1]}  # fmt: skip
        for rule in RULES:
            row = _row(setup, model, rule)
            known = published.get(rule)
            gap = None if known is None else row["mean_cost"] / known - 1.0
            table = f"instance {number_of}: {regime}, warehouse lead time {lead_time}"
            rows.append({"table": table, **row, "published": known, "gap": gap})
    return Result(params=_sizes(setup), rows=rows)


def _asked(setup: Setup) -> Result:
    chosen = setup.options
    count = chosen["retailers"]
    try:
        demands = _demands(chosen["demand"])
    except ValueError as error:
        raise InvalidInput(f"bench multi-retailer: --demand: {error}") from error
    model = MultiRetailer(
        demands=_each("demand", demands, count),
        warehouse_lead_time=chosen["warehouse-lead-time"],
        lead_times=_each("retailer-lead-times", chosen["retailer-lead-times"], count),
        warehouse_holding=chosen["warehouse-holding"],
        holding=chosen["holding"],
        penalty=chosen["penalty"],
        regime=chosen["regime"],
        emergency=chosen["emergency"],
        periods=chosen["periods"],
    )
    rules = RULES if chosen["rationing"] == "all" else (chosen["rationing"],)
    table = f"total cost of {model.periods} periods"
    rows = [{"table": table, **_row(setup, model, rule)} for rule in rules]
    best = min(row["mean_cost"] for row in rows)
    # No optimum is known: the gap is that to the cheapest rule of the table.
    return Result(
        params={key: value for key, value in chosen.items() if value is not None},
        rows=[
            {**row, "optimal": None, "gap": row["mean_cost"] / best - 1.0 if best else 0.0}
            for row in rows
        ],
    )


def _each(name: str, values: tuple[Any, ...], count: int) -> tuple[Any, ...]:
    if len(values) not in {1, count}:
        raise InvalidInput(
            f"bench multi-retailer: --{name} has {len(values)} values for {count} retailers; "
            f"give one, or {count}"
        )
    return values if len(values) == count else values * count


def _sizes(setup: Setup) -> Row:
    searched = SEARCHED // 10 if setup.quick else SEARCHED
    scored = 200 if setup.quick else setup.options["replications"]
    return {"searched_on": searched, "scored_on": scored, "interval": "one standard error"}


def _row(setup: Setup, model: MultiRetailer, rule: str) -> Row:
    started = perf_counter()
    sizes = _sizes(setup)
    sought, scored, sampled = (
        np.random.default_rng(seed) for seed in np.random.SeedSequence(setup.seed).spawn(3)
    )
    rationing = rationing_of(rule, model, sampled)
    # The marginal rule looks at paths for every decision: a quarter of the futures must do.
    searched = sizes["searched_on"] // (4 if rule == "marginal" else 1)
    levels = _given(setup, model) or best_levels(model, rationing, searched, sought)
    outcome = score(model, levels, rationing, sizes["scored_on"], scored)
    return {
        "policy": POLICIES[0],
        "parameters": {
            "rationing": rule,
            "warehouse": int(levels.warehouse[0]),
            "retailers": ",".join(str(level) for level in levels.retailers[0]),
        },
        "mean_cost": outcome.mean_cost,
        "standard_error": outcome.standard_error,
        "seconds": round(perf_counter() - started, 2),
    }


def _given(setup: Setup, model: MultiRetailer) -> Levels | None:
    warehouse = setup.options.get("warehouse-level")
    retailers = setup.options.get("retailer-levels")
    if warehouse is None and retailers is None:
        return None
    if warehouse is None or retailers is None:
        raise InvalidInput(
            "bench multi-retailer: give both --warehouse-level and --retailer-levels, or neither"
        )
    each = _each("retailer-levels", retailers, len(model.demands))
    return Levels(
        warehouse=np.array([warehouse], dtype=np.int32),
        retailers=np.array([each], dtype=np.int32),
    )
