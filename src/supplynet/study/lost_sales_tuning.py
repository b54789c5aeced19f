"""The product's policies in the lost-sales model, tuned by simulation with sampled paths."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from supplynet.core.protocols import Policy
from supplynet.errors import InvalidInput
from supplynet.replenish.capped_order_up_to import CappedOrderUpTo
from supplynet.replenish.no_stockout import NoStockout
from supplynet.replenish.order_up_to import OrderUpTo
from supplynet.study.lost_sales import Run, measure, sampled
from supplynet.study.lost_sales_grid import best_alpha
from supplynet.study.lost_sales_model import LostSales

TUNING = Run(replications=250, periods=250, warm_up=50, sets=8)
"""What one candidate is played on: all on the same demand and the same sets of paths. Several sets,
or alpha would be fitted to the luck of one."""
_CAPS = (0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.6, 1.8, 2.2)
POLICIES = ("no_stockout", "order_up_to", "capped_order_up_to")


def product_policy(name: str, alpha: float, cap: float = 2.0) -> Policy:
    """A policy of the product.

    Raises:
        InvalidInput: It does not decide from sampled paths, or a parameter is out of range.
    """
    if name not in POLICIES:
        raise InvalidInput(
            f"{name} does not decide from sampled paths; {', '.join(POLICIES)} do, or leave "
            "out the number of paths"
        )
    if name == "capped_order_up_to":
        return CappedOrderUpTo(alpha=alpha, cap=cap)
    return NoStockout(alpha=alpha) if name == "no_stockout" else OrderUpTo(alpha=alpha)


def tune(
    name: str, model: LostSales, paths: int, seed: int, run: Run = TUNING
) -> Mapping[str, float]:
    """The cheapest parameters on simulated demand; score them with another seed.

    Args:
        name: Of ``POLICIES``.
        model: The item.
        paths: Sampled paths that the policy decides from.
        seed: Of demand and paths.
        run: What a candidate is played on.
    """

    def by_alpha(cap: float) -> Callable[[float], float]:
        def cost(alpha: float) -> float:
            policy = product_policy(name, alpha, cap)
            make = lambda rng: sampled(model, policy, paths, rng)  # noqa: E731
            return measure(model, make, run, seed).mean_cost

        return cost

    if name != "capped_order_up_to":
        return {"alpha": best_alpha(model, by_alpha(2.0))}
    found = {cap: best_alpha(model, by_alpha(cap)) for cap in _CAPS}
    cap = min(found, key=lambda each: by_alpha(each)(found[each]))
    return {"alpha": found[cap], "cap": cap}
