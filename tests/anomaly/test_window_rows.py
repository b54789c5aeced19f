"""Windows of many series as rows."""

from dataclasses import replace

import numpy as np
import pytest

from supplynet.anomaly.window_rows import WindowRows
from supplynet.frames.panel import Panel


def test_surprises_tell_demand_in_spreads_and_lead_back_to_it(panel: Panel) -> None:
    told = WindowRows.of(panel, None).surprises(panel)
    assert 0.7 < np.nanstd(told.values[:, 100:]) < 1.3
    seen = ~np.isnan(told.values)
    np.testing.assert_allclose(told.in_parts(told.values)[seen], panel.demand[seen], atol=1e-9)
    assert told.in_parts(np.full_like(told.values, -1e6)).max() == 0


def test_shards_hold_every_series_once(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    cut = WindowRows.of(panel, None)
    monkeypatch.setattr("supplynet.anomaly.window_rows._CELLS", 4 * 14 * len(panel.periods))
    shards = list(cut.shards(panel))
    assert [len(shard.series) for shard in shards] == [4, 2]
    assert sum((shard.series for shard in shards), ()) == panel.series


def test_windows_end_with_their_period_and_need_two_thirds_of_it(panel: Panel) -> None:
    cut = replace(WindowRows.of(panel, None), window=6)
    values = np.arange(8.0)[None, :]
    rows, share = cut.rows(values)
    np.testing.assert_array_equal(rows[0, 0], [0, 1, 2, 3, 4, 5])
    np.testing.assert_array_equal(rows[0, -1], [2, 3, 4, 5, 6, 7])
    values[0, :3] = np.nan
    _, share = cut.rows(values)
    assert np.isnan(share[0, 0])  # 3 of 6
    assert share[0, 1] == pytest.approx(4 / 6)


def test_the_mean_over_windows_is_that_of_the_slow_way(panel: Panel) -> None:
    cut = replace(WindowRows.of(panel, None), window=6)
    values = np.random.default_rng(0).random((2, 15))
    values[1, 3:12] = np.nan
    found = cut.over_windows(values, 20)
    for row in range(2):
        for period in range(20):
            holding = [values[row, e] for e in range(15) if e <= period <= e + 5]
            seen = [value for value in holding if not np.isnan(value)]
            if seen:
                assert found[row, period] == pytest.approx(np.mean(seen))
            else:
                assert np.isnan(found[row, period])


def test_of_many_rows_some_are_drawn_from_every_series(panel: Panel) -> None:
    cut = WindowRows.of(panel, None)
    rows = cut.sample(panel, 600, np.random.default_rng(0))
    assert 450 < len(rows) < 650
    every = cut.sample(panel, 10**6, np.random.default_rng(0))
    assert len(every) > 2000
