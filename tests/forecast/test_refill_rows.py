from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from supplynet.forecast.refill_moments import RefillMoments
from supplynet.forecast.refill_rows import STOCK_COLUMNS, refill_rows
from supplynet.frames.panel import Panel
from supplynet.frames.synthetic import SyntheticHistory

World = tuple[SyntheticHistory, RefillMoments]


def test_rows_have_a_column_per_name_and_no_infinities(refill_world: World) -> None:
    _, made = refill_world
    rows = refill_rows(made, typical=10.0)
    assert rows.table.shape == (*made.on_hand.shape, len(rows.columns))
    assert rows.columns[-len(STOCK_COLUMNS) :] == STOCK_COLUMNS
    assert len(set(rows.columns)) == len(rows.columns)
    assert not np.isinf(rows.table).any()
    assert (rows.unit > 0).all()


def test_no_row_changes_with_what_comes_after_its_moment(refill_world: World) -> None:
    _, made = refill_world
    before = refill_rows(made, typical=10.0).table
    for cut in (60, 131, 200):
        later = np.arange(len(made.periods)) >= cut
        panel = Panel(
            series=made.panel.series,
            periods=made.panel.periods,
            demand=np.where(later, 7777.0, made.panel.demand),
        )
        after = refill_rows(replace(made, panel=panel), typical=10.0).table
        known = made.moments <= cut
        np.testing.assert_array_equal(before[:, known], after[:, known])
        assert (before[:, ~known] != after[:, ~known]).any()


def test_a_part_used_a_thousandfold_has_the_same_rows_but_for_its_size(
    refill_world: World,
) -> None:
    _, made = refill_world
    names = ("on_hand", "on_order", "reorder_point", "threshold", "due")
    many = replace(
        made,
        panel=replace(made.panel, demand=1000 * made.panel.demand),
        **{name: 1000 * getattr(made, name) for name in names},
    )
    one, thousand = (refill_rows(each, typical=0.0) for each in (made, many))
    # Spreads have a Poisson part, so that few parts scatter more; all else is told in shares.
    same = [name for name in one.columns if name not in _OF_SIZE]
    late = (made.moments >= 60) & (made.window > 0).all(axis=0)
    for name in same:
        place = one.columns.index(name)
        np.testing.assert_allclose(
            one.table[:, late, place], thousand.table[:, late, place], rtol=1e-3, atol=1e-4
        )


_OF_SIZE = ("usual_per_period", "expected_lack_in_deviations")


def test_the_expected_lack_is_of_the_profile(refill_world: World) -> None:
    _, made = refill_world
    rows = refill_rows(made, typical=10.0)
    columns = {name: rows.table[:, :, place] for place, name in enumerate(rows.columns)}
    windows = (made.window > 0) & ~np.isnan(made.on_hand)
    alone = windows & (made.due.sum(axis=2) == 0)
    # Without deliveries: what is expected and the threshold, less what lies there, in windows.
    expected = 1 + columns["threshold"] - columns["on_hand"]
    assert columns["expected_lack"][alone].tolist() == pytest.approx(
        expected[alone].tolist(), abs=1e-3
    )


def test_a_series_that_was_never_observed_has_rows_too(refill_world: World) -> None:
    _, made = refill_world
    demand = made.panel.demand.copy()
    demand[0] = np.nan
    demand[1] = 0.0
    rows = refill_rows(replace(made, panel=replace(made.panel, demand=demand)), typical=10.0)
    assert np.isfinite(rows.unit).all()
    assert not np.isinf(rows.table).any()
