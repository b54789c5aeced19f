from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np

from supplynet.frames.panel import Panel, daily_periods
from supplynet.frames.panel_hash import panel_hash

DAYS = daily_periods(date(2026, 1, 1), date(2026, 1, 4))
PANEL = Panel(
    series=(("A", "p"), ("B", "p")), periods=DAYS, demand=np.array([[1.0, 2, 3], [4, np.nan, 0]])
)


def test_the_same_data_have_the_same_hash_on_every_machine() -> None:
    same = replace(PANEL, demand=np.asfortranarray(PANEL.demand))
    assert panel_hash(same) == panel_hash(PANEL)
    assert panel_hash(PANEL) == ("27550a19dc8c92d7ff8813fef91acfbe5a116b8dd545a20a8e36200066fa3999")


def test_one_nan_is_as_good_as_another_and_so_is_a_zero() -> None:
    demand = PANEL.demand.copy()
    demand[1, 1], demand[1, 2] = np.float64(-np.nan), -0.0
    assert panel_hash(replace(PANEL, demand=demand)) == panel_hash(PANEL)


def test_any_other_value_name_or_period_shows() -> None:
    higher = PANEL.demand.copy()
    higher[0, 0] += 1e-9
    later = daily_periods(date(2026, 1, 2), date(2026, 1, 5))
    others = [
        replace(PANEL, demand=higher),
        replace(PANEL, periods=later),
        replace(PANEL, series=(("A", "p"), ("B", "q"))),
        PANEL.head(2),
    ]
    assert len({panel_hash(PANEL), *map(panel_hash, others)}) == 5


def test_names_that_run_together_are_told_apart() -> None:
    one, other = (replace(PANEL, series=(("A", name), ("B", "p"))) for name in ("p", 'p"], ["B'))
    assert panel_hash(one) != panel_hash(other)


def test_nothing_has_a_hash_too() -> None:
    assert len(panel_hash(Panel(series=(), periods=(), demand=np.empty((0, 0))))) == 64
