import numpy as np

from supplynet.forecast.demand_class import demand_classes
from supplynet.frames.demand_classes import DEMAND_CLASSES


def test_classes_by_interval_and_variation_of_sizes() -> None:
    demand = np.array(
        [
            [10.0, 11, 9, 10, 10, 10],  # every period, alike
            [1, 30, 2, 1, 40, 1],  # every period, sizes differ
            [10, 0, 0, 10, 0, 10],  # every second period
            [1, 0, 0, 30, 0, 1],
            [0, 0, 0, 0, 0, 0],
            [np.nan, np.nan, np.nan, 5, 5, 5],  # what was not observed is no gap
        ]
    )
    names = [DEMAND_CLASSES[i] for i in demand_classes(demand)]
    assert names == ["smooth", "erratic", "intermittent", "lumpy", "intermittent", "smooth"]


def test_no_period_is_a_class_too() -> None:
    assert demand_classes(np.empty((2, 0))).tolist() == [2, 2]
