"""The search on made-up scores: which settings are tried, and which are asked of futures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from supplynet.errors import InvalidInput
from supplynet.simulate.scorecard import Score
from supplynet.study.families import FAMILIES, Candidate, Past
from supplynet.study.search import search

PAST = Past(
    pairs=(("R1", "bolt"), ("R1", "nut")),
    container_size=np.array([5, 5], dtype=np.int32),
    window_sums=np.array([[8.0, 8.0], [12.0, 12.0]]),
)


@pytest.fixture
def example() -> Score:
    """On 50 line-months."""
    nothing = np.zeros(1)
    return Score(
        policy="made up",
        lines=1,
        line_months=50.0,
        halts=0.0,
        halts_per_line_month=0.0,
        low=0.0,
        high=0.0,
        lost_minutes=0.0,
        cover_days=1.0,
        in_transit_days=0.0,
        orders=0.0,
        trips=0.0,
        fill_rate=1.0,
        block_halts=nothing,
        block_lost_minutes=nothing,
        block_line_months=nothing,
    )


def test_every_policy_may_try_as_many_settings(example: Score) -> None:
    """A made-up score: nothing ever halts, and stock is the sum of the parameters."""

    def play(settings: Sequence[Candidate]) -> list[Score]:
        return [
            replace(example, halts=0.0, cover_days=sum(each.parameters.values()))
            for each in settings
        ]

    found = search(list(FAMILIES), PAST, play, target=1.0)
    assert {len(each.scores) for each in found.values()} == {24}
    assert found["no_stockout"].best.parameters == {"alpha": 0.95, "spread": 1.0}
    longer = search(["no_stockout", "min_max"], PAST, play, target=1.0, further=6)
    assert max(len(each.scores) for each in longer.values()) <= 24 + 6
    for name, tuned in longer.items():
        assert len(tuned.scores) > 24
        assert tuned.score.cover_days <= found[name].score.cover_days


def test_a_descent_finds_what_the_grid_has_not(example: Score) -> None:
    """Parts of class A need 0.999 though the rest is served best by 0.99."""

    def play(settings: Sequence[Candidate]) -> list[Score]:
        scores = []
        for each in settings:
            rest = each.parameters["alpha"]
            critical = each.parameters.get("alpha_a", rest)
            halts = 0.0 if critical >= 0.999 and rest >= 0.99 else 99.0
            stock = rest + each.parameters["spread"] + critical / 10
            scores.append(replace(example, halts=halts, cover_days=stock))
        return scores

    best = search(["no_stockout"], PAST, play, target=0.0, further=12)["no_stockout"].best
    assert best.parameters["alpha"] == 0.999  # one step from the grid's best keeps the promise
    longer = search(["no_stockout"], PAST, play, target=0.0, further=40)["no_stockout"].best
    assert longer.parameters["spread"] == 1.0


@pytest.mark.parametrize(("target", "asked"), [(0.02, True), (0.04, False)])
def test_futures_are_asked_only_where_the_days_prove_nothing(
    example: Score, target: float, asked: bool
) -> None:
    """On 50 line-months none of two expected halts proves the promise, none of one does not."""
    seen: list[int] = []

    def play(settings: Sequence[Candidate]) -> list[Score]:
        return [replace(example, cover_days=each.parameters["alpha"]) for each in settings]

    def imagine(settings: Sequence[Candidate]) -> list[Score]:
        seen.append(len(settings))
        risks = [1.0 - each.parameters["alpha"] for each in settings]
        return [replace(example, halts=2000.0 * risk, line_months=100.0) for risk in risks]

    names = ["no_stockout", "order_up_to"]
    found = search(names, PAST, play, target=target, further=4, imagine=imagine)
    assert bool(seen) is asked
    assert (
        found["no_stockout"].best.parameters["alpha"]
        == found["order_up_to"].best.parameters["alpha"]
    )
    if asked:
        assert seen[0] == 48
        alone = search(names, PAST, play, target=target, further=4)
        for name in names:
            assert found[name].score.cover_days >= alone[name].score.cover_days
            assert len(found[name].scores) <= 24 + 4


def test_an_unknown_policy_is_refused(example: Score) -> None:
    with pytest.raises(InvalidInput, match="no policy 'hope'"):
        search(["hope"], PAST, lambda settings: [example for _ in settings], target=1.0)
