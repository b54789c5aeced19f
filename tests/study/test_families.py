"""The one list of policies: what is offered can be made, tuned and compared."""

from __future__ import annotations

import numpy as np
import pytest

from supplynet.errors import InvalidInput
from supplynet.replenish.capped_order_up_to import CappedOrderUpTo
from supplynet.replenish.min_max import MinMax
from supplynet.replenish.no_stockout import NoStockout
from supplynet.replenish.registry import POLICIES
from supplynet.study.families import FAMILIES, GRID, Past, family

PAST = Past(
    pairs=(("R1", "bolt"), ("R1", "nut")),
    criticality=("A", "B"),
    container_size=np.array([5, 5], dtype=np.int32),
    window_sums=np.array([[8.0, 8.0], [12.0, 12.0]]),  # mean 10, standard deviation 2
)


def test_every_registered_policy_can_be_tuned() -> None:
    assert set(FAMILIES) == set(POLICIES)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_grid_has_as_many_settings_as_any_other_and_its_defaults_make_the_policy(
    name: str,
) -> None:
    candidates = FAMILIES[name].candidates(PAST)
    assert len({tuple(each.parameters.items()) for each in candidates}) == GRID
    assert {each.policy.name for each in candidates} == {name}
    assert FAMILIES[name].candidate({}, PAST).parameters == FAMILIES[name].defaults


def test_the_most_careful_setting_comes_first() -> None:
    levels = [
        each.policy.thresholds["R1", "bolt"]
        for each in FAMILIES["min_max"].candidates(PAST)
        if isinstance(each.policy, MinMax)
    ]
    assert levels[0] == max(levels)
    assert FAMILIES["no_stockout"].candidates(PAST)[0].parameters["alpha"] == 0.9999


def test_a_class_has_a_value_of_its_own() -> None:
    static = FAMILIES["min_max"].candidate({"z": 1.0, "z_a": 3.0, "extra_cover": 0.0}, PAST).policy
    assert isinstance(static, MinMax)
    assert static.thresholds == {("R1", "bolt"): (16, 16), ("R1", "nut"): (12, 12)}
    ahead = FAMILIES["no_stockout"].candidate({"alpha": 0.99, "alpha_c": 0.9}, PAST).policy
    assert isinstance(ahead, NoStockout)
    assert dict(ahead.by_class) == {"C": 0.9}


def test_a_policy_and_a_parameter_that_are_not_there_are_refused() -> None:
    with pytest.raises(InvalidInput, match="choose from min_max"):
        family("hope")
    with pytest.raises(InvalidInput, match="give alpha, spread"):
        family("order_up_to").candidate({"alhpa": 0.9}, PAST)
    with pytest.raises(InvalidInput, match="alpha is 1"):
        family("order_up_to").candidate({"alpha": 1.0}, PAST)


def test_caps_and_alphas_of_classes_are_searched_wherever_a_policy_has_them() -> None:
    made = FAMILIES["capped_order_up_to"].candidate({"alpha_a": 0.999, "cap_c": 1.5}, PAST).policy
    assert isinstance(made, CappedOrderUpTo)
    assert (dict(made.by_class), dict(made.cap_by_class)) == ({"A": 0.999}, {"C": 1.5})
    for name in ("order_up_to", "capped_order_up_to", "no_stockout"):
        assert {"alpha_a", "alpha_c"} <= set(FAMILIES[name].further)
