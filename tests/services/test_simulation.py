"""Policies side by side on the workspace's own history; what is found is used from then on."""

from __future__ import annotations

from pathlib import Path

import pytest

from supplynet.errors import HistoryTooShort, InvalidInput
from supplynet.services import simulation
from supplynet.services.books import open_books
from supplynet.services.policies import keep_parameters, parameters_of
from supplynet.services.simulation import FAMILIES, Depth


@pytest.fixture
def quick(demo_workspace: Path) -> Path:
    """A workspace whose model fits in no time."""
    settings = demo_workspace / "supplynet.toml"
    settings.write_text('model = "shift_mean"\npaths = 100\n')
    return demo_workspace


def test_the_board_ranks_all_policies_and_the_bound_and_keeps_what_was_tuned(quick: Path) -> None:
    policies = ("min_max", "no_stockout")
    for name in policies:
        keep_parameters(open_books(quick), name, dict(FAMILIES[name].defaults), actor="test")
    board = simulation.simulate(quick, days=7, policies=policies)
    assert [row["policy"] for row in board.policies] == [*policies, "perfect_foresight"]
    assert board.about["days"] == 7
    books = open_books(quick)
    for row in board.policies[:2]:
        assert parameters_of(books, row["policy"]) == row["parameters"]


def test_a_comparison_has_a_bound_and_a_picture_and_keeps_nothing(quick: Path) -> None:
    before = parameters_of(open_books(quick), "min_max")
    picture = quick / "frontier.svg"
    depth = Depth(bound=True, keep=False, plot=picture)
    board = simulation.simulate(quick, days=7, policies=("min_max",), depth=depth)
    (static, perfect) = board.policies
    assert board.bound is not None
    assert board.bound["cover_days"] <= perfect["cover_days"] + 1e-3
    (promise,) = board.promises
    assert (promise["policy"], promise["observed"]) == ("min_max", static["halts_per_line_month"])
    assert parameters_of(open_books(quick), "min_max") == before
    assert "min_max" in picture.read_text()
    with pytest.raises(InvalidInput, match=r"ends in \.svg"):
        Depth(plot=Path("frontier.jpg"))


def test_more_days_than_the_history_can_prove_are_refused(quick: Path) -> None:
    with pytest.raises(HistoryTooShort):
        simulation.simulate(quick, days=90)


def test_an_unknown_policy_is_refused(quick: Path) -> None:
    with pytest.raises(InvalidInput, match="no policy 'guess'"):
        simulation.simulate(quick, days=7, policies=("guess",))
    with pytest.raises(InvalidInput, match="choose from"):
        parameters_of(open_books(quick), "guess")
