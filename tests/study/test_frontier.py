"""Curves that a reader can check by head: the rates fall from 1 to 0.01 as cover rises."""

from __future__ import annotations

import math
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from supplynet.simulate.scorecard import Score
from supplynet.study.families import FAMILIES, Past
from supplynet.study.frontier import (
    Point,
    cover_at,
    cover_ratio,
    picture,
    points_of,
    rate_interval,
    settings_of,
    sweep,
)

LINES = 50


def score(halts: float, cover: float) -> Score:
    """Fifty lines of ten weeks; the halts are spread over the first weeks of the first lines."""
    by_line = np.zeros((LINES, 10))
    by_line.ravel()[: int(halts)] = 1.0
    months = 7 / 30.4
    return Score(
        policy="p",
        lines=LINES,
        line_months=LINES * 10 * months,
        halts=halts,
        halts_per_line_month=halts / (LINES * 10 * months),
        low=0.0,
        high=0.0,
        lost_minutes=0.0,
        cover_days=cover,
        in_transit_days=0.0,
        orders=0.0,
        trips=0.0,
        fill_rate=1.0,
        block_halts=by_line.ravel(),
        block_lost_minutes=np.zeros(LINES * 10),
        block_line_months=np.full(LINES * 10, months),
    )


def curve(policy: str, *halts_and_cover: tuple[float, float]) -> list[Point]:
    return [
        Point(policy=policy, parameters={}, scores=(score(halts, cover),))
        for halts, cover in halts_and_cover
    ]


MONTHS = LINES * 10 * 7 / 30.4


def test_cover_at_a_rate_lies_between_two_settings() -> None:
    points = curve("p", (100, 1.0), (1, 3.0))
    assert cover_at(points, 10 / MONTHS) == pytest.approx(2.0)  # the middle of the logarithms
    assert cover_at(points, 200 / MONTHS) == 1.0
    assert math.isnan(cover_at(points, 0.5 / MONTHS))


def test_a_setting_with_more_stock_and_more_halts_does_not_count() -> None:
    points = curve("p", (100, 1.0), (10, 2.0), (50, 2.5))
    assert cover_at(points, 10 / MONTHS) == pytest.approx(2.0)


def test_a_policy_with_half_the_stock_has_half_the_cover_in_every_resample() -> None:
    lean, rich = curve("a", (100, 1.0), (30, 2.0)), curve("b", (100, 2.0), (30, 4.0))
    ratio = cover_ratio(lean, rich, 50 / MONTHS)
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx((0.5, 0.5, 0.5))
    assert math.isnan(cover_ratio(lean, rich, 1 / MONTHS).value)


def test_halts_of_one_line_count_as_one_observation() -> None:
    """Forty halts of four lines say less than forty of forty lines would: about 20 to 80 %."""
    interval = rate_interval(curve("p", (40, 1.0))[0])
    assert interval.value == pytest.approx(40 / MONTHS)
    assert interval.low < 0.3 * interval.value
    assert interval.high > 1.7 * interval.value


def test_a_sweep_goes_from_careful_to_careless_around_what_was_tuned() -> None:
    alphas = [
        (each.parameters["spread"], each.parameters["alpha"])
        for each in sweep("no_stockout", Past(), {"alpha": 0.98, "spread": 1.25, "alpha_a": 0.999})
    ]
    assert alphas[0] == (2.0, 0.9999)
    assert alphas[-1] == (1.0, 0.95)
    assert alphas == sorted(alphas, reverse=True)


def test_points_pool_worlds_and_know_the_operating_point() -> None:
    settings = settings_of({"order_up_to": FAMILIES["order_up_to"].defaults}, Past())
    rows = [[score(n, 1.0) for n in range(len(settings))] for _ in range(2)]
    points = points_of(settings, rows)
    assert [point.tuned for point in points].count(True) == 1
    assert points[3].halts_per_line_month == pytest.approx(6 / (2 * MONTHS))


def test_a_picture_names_its_curves_and_marks_the_operating_point() -> None:
    points = curve("lean & mean", (100, 1.0), (0, 2.0)) + curve("rich", (50, 3.0))
    root = ET.fromstring(picture(points, title="a < b", bound_days=0.5))
    words = [node.text for node in root.iter() if node.tag.endswith(("text", "title"))]
    assert {"lean & mean", "rich", "a < b", "bound", "days of cover"} <= set(words)
    assert len([node for node in root.iter() if node.tag.endswith("polyline")]) == 2
