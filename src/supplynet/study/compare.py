"""Several policies on the same unseen days, beside perfect foresight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from supplynet.core.protocols import Policy
from supplynet.errors import InvalidInput
from supplynet.replenish.order_up_to import OrderUpTo
from supplynet.simulate.outlook import Outlooks, PerfectOutlook
from supplynet.simulate.scorecard import Difference, Score, paired_difference
from supplynet.study.bounds import Bound
from supplynet.study.bounds import perfect_foresight as solve_bound
from supplynet.study.replay import Replay

PERFECT_FORESIGHT = "perfect_foresight"


@dataclass(frozen=True, kw_only=True)
class Contender:
    """A tuned policy and what it gets to know.

    Attributes:
        name: In the table; None = the policy's own name.
        outlooks: None = nothing (min/max).
    """

    policy: Policy
    outlooks: Outlooks | None = None
    name: str | None = None
    parameters: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Scoreboard:
    """What a comparison found.

    Attributes:
        scores: In the order of the contenders; perfect foresight last.
        differences: Each contender but the first, minus the first.
        bound: The linear program that no policy can beat; None = not asked for.
    """

    scores: tuple[Score, ...]
    differences: tuple[Difference, ...]
    bound: Bound | None = None


def compare(
    replay: Replay,
    contenders: Sequence[Contender],
    *,
    perfect_foresight: bool = True,
    bound: bool = False,
) -> Scoreboard:
    """Play the contenders on days that none of them has seen.

    Demand, opening stock, transit times, purchase rules and warm-up are the same for all. Perfect
    foresight knows the demand and the transit times that come and has a warehouse that is never
    short: the least stock with which nothing halts, a bound and no policy.

    Args:
        replay: Unseen days.
        contenders: The first is the one that the others are compared with.
        perfect_foresight: Whether to add perfect foresight in whole packs.
        bound: Whether to solve the linear program, too: with packs relaxed.

    Raises:
        InvalidInput: No contenders.
    """
    if not contenders:
        raise InvalidInput("nothing to compare: give at least one policy")
    scores = [
        replay.play(each.policy, each.outlooks, name=each.name, parameters=each.parameters)
        for each in contenders
    ]
    differences = tuple(paired_difference(each, scores[0], seed=replay.seed) for each in scores[1:])
    if perfect_foresight:
        scores.append(play_perfect_foresight(replay))
    return Scoreboard(
        scores=tuple(scores),
        differences=differences,
        bound=solve_bound(replay) if bound else None,
    )


def play_perfect_foresight(replay: Replay) -> Score:
    """The score of the bound."""
    # One path without spread: every quantile is the true window demand.
    exact = OrderUpTo(alpha=0.5)
    return replay.with_ample_warehouse().play(exact, PerfectOutlook(), name=PERFECT_FORESIGHT)
