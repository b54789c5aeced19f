"""New models against the champion: whether one takes its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from supplynet.errors import ForecastError, InvalidInput, SupplyNetError
from supplynet.forecast import registry
from supplynet.forecast.backtest import Backtest
from supplynet.forecast.model import Estimator
from supplynet.learning.aliases import CHALLENGER, CHAMPION
from supplynet.learning.artifacts import check_model
from supplynet.learning.versions import Versions

Promote = Literal["always", "if_better", "never"]
"""When a new model takes the champion's place."""


@dataclass(frozen=True, kw_only=True)
class Contest:
    """What a comparison of new models with the champion came to.

    Attributes:
        found: The backtest, the champion's settings among its models where they differ.
        best: Of the new models, that with the least pinball loss.
        promoted: Whether it takes the champion's place.
        reason: Why, or why not.
    """

    found: Backtest
    best: str
    promoted: bool
    reason: str

    def settle(self, versions: Versions, version: str) -> None:
        """Make ``version``, of the best model, champion or challenger.

        A challenger of before gives way: it was compared with another champion, or lost to this
        version.
        """
        holders = {CHAMPION: version, CHALLENGER: ""} if self.promoted else {CHALLENGER: version}
        versions.aliases.assign(holders, reason=self.reason)


def contest(
    new: Mapping[str, Estimator],
    versions: Versions,
    promote: Promote,
    run: Callable[[Mapping[str, Estimator]], Backtest],
) -> Contest:
    """Backtest the new models, and with ``if_better`` the champion beside them.

    The champion as it was saved has learnt from the very weeks that decide, so it would win by
    what it remembers. What is scored is a model of its settings, fitted like the new ones on what
    lies before the first cutoff. It keeps its place only against a model that does worse: at equal
    loss (the same settings, mostly) the newer has learnt from more.

    Args:
        new: By name.
        versions: Where the champion is.
        promote: ``always``, ``if_better`` (also when there is no champion, or it cannot be judged
            because it is damaged), ``never``.
        run: Backtests models, all at the same cutoffs.

    Raises:
        InvalidInput: No such way to promote.
        ForecastError: From the backtest of the new models.
    """
    if promote not in get_args(Promote):
        raise InvalidInput(f"promote is {promote!r}; choose {', '.join(get_args(Promote))}")
    again, trouble = _champion_again(versions) if promote == "if_better" else (None, "")
    label = next((name for name, model in new.items() if model == again), "champion")
    found, trouble = _backtest(new, {} if again is None else {label: again}, trouble, run)
    rows = {row["model"]: row["pinball"] for row in found.table.to_dicts()}
    best = next(name for name in rows if name in new)
    if promote == "never":
        promoted, reason = False, "promotion was not asked for"
    elif versions.champion() is None:
        promoted, reason = True, "lowest pinball loss in the backtest; there was no champion"
    elif promote == "always":
        promoted, reason = True, "lowest pinball loss in the backtest; promotion was asked for"
    elif trouble:
        promoted, reason = True, f"the champion cannot be judged: {trouble}"
    else:
        promoted = not rows[best] > rows[label]  # NaN, nothing observed, keeps nobody
        reason = (
            f"pinball loss {rows[best]:.4g} of {best} against {rows[label]:.4g} of the champion's "
            "settings on the same weeks"
        )
    return Contest(found=found, best=best, promoted=promoted, reason=reason)


def _champion_again(versions: Versions) -> tuple[Estimator | None, str]:
    """An estimator with the champion's settings, or why there is none."""
    champion = versions.champion()
    if champion is None:
        return None, ""
    try:
        manifest = check_model(versions.workspace, champion)
        model, settings = manifest.uncalibrated
        return registry.estimator(model, **settings), ""
    except SupplyNetError as error:
        return None, str(error)


def _backtest(
    new: Mapping[str, Estimator],
    champion: Mapping[str, Estimator],
    trouble: str,
    run: Callable[[Mapping[str, Estimator]], Backtest],
) -> tuple[Backtest, str]:
    """All together; without the champion when that cannot be fitted on this history."""
    try:
        return run({**champion, **new}), trouble
    except ForecastError as error:
        if not set(champion) - set(new):
            raise
        return run(new), str(error)
