"""How often somebody may ask: per address, per user or token, and less often for heavy work."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from supplynet.api.client_address import network_of
from supplynet.errors import TooManyRequests

MOST_KEYS = 20_000
HEAVY = frozenset(
    {
        "ask_what_if",
        "export_erp",
        "forecast_demand",
        "get_checks",
        "get_exploration",
        "get_forecast",
        "get_import_exploration",
        "get_import_quality",
        "get_quality",
        "make_plan",
        "verify_audit",
        "verify_books",
    }
)
"""Operations that keep a core busy for seconds: see ``turns``."""
DEAR = HEAVY | {
    "check_erp",
    "detect_anomalies",
    "export_history",
    "export_model",
    "export_table",
    "make_backup",
    "replay_message",
    "retrain_all_models",
    "run_channel_test",
    "submit_job",
    "take_import",
    "train_model",
    "upload_import",
    "verify_backup",
}
"""Operations with the lower rate: heavy ones, and those that make others work."""
SIGN_IN = frozenset({"change_my_password", "sign_in", "sign_in_by_badge"})
"""Operations with which a password or badge can be guessed."""


@dataclass(frozen=True)
class Rate:
    """So many a minute, and at most a minute's worth at once."""

    per_minute: int

    @property
    def interval(self) -> float:
        """Seconds that one request costs."""
        return 60.0 / self.per_minute


@dataclass
class Meter:
    """Counts requests by key with one number each (GCRA, the leaky bucket as a meter).

    Of each key the moment is kept at which all its requests will be paid for, at one per
    ``interval``; a request is refused that would move it more than a minute ahead. The keys that
    rested longest are forgotten first, so that a million addresses take no more memory than
    ``most_keys``; who is forgotten has a new minute's worth, which is what a rested key has.
    """

    rate: Rate
    monotonic: Callable[[], float] = time.monotonic
    most_keys: int = MOST_KEYS
    _paid_at: OrderedDict[str, float] = field(default_factory=OrderedDict)

    def __len__(self) -> int:
        return len(self._paid_at)

    def take(self, key: str, cost: int = 1) -> None:
        """Count a request that is worth ``cost`` plain ones.

        Raises:
            TooManyRequests: The key has used up its rate; says how long to wait.
        """
        now = self.monotonic()
        paid_at = max(now, self._paid_at.get(key, now)) + cost * self.rate.interval
        wait = paid_at - now - 60.0
        if wait > 1e-6:  # whole minutes of intervals do not add up to the last digit
            raise TooManyRequests(
                f"more than {self.rate.per_minute} requests a minute; "
                f"ask again in {max(1, round(wait + 0.5))} s",
                wait,
            )
        self._paid_at[key] = paid_at
        self._paid_at.move_to_end(key)
        if len(self._paid_at) > self.most_keys:
            self._paid_at.popitem(last=False)


@dataclass(frozen=True)
class Rates:
    """All limits of one server. Used on the event loop only, so nothing here locks."""

    address: Meter
    user: Meter
    dear: Meter
    sign_in: Meter

    @classmethod
    def of(
        cls,
        *,
        address: int,
        user: int,
        dear: int,
        sign_in: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> Rates:
        """Limits of so many requests a minute each."""
        return cls(*(Meter(Rate(each), monotonic) for each in (address, user, dear, sign_in)))

    def from_address(self, address: str) -> None:
        """Count a request before anybody knows who asks.

        Raises:
            TooManyRequests: Too many from there.
        """
        self.address.take(network_of(address))

    def to_sign_in(self, operation: str, address: str) -> None:
        """Count an attempt to sign in; other operations pass.

        Raises:
            TooManyRequests: Too many from there.
        """
        if operation in SIGN_IN:
            self.sign_in.take(network_of(address))

    def by_user(self, operation: str, actor: str, cost: int = 1) -> None:
        """Count a request of a user or token, worth ``cost`` plain ones.

        Raises:
            TooManyRequests: Too many, or too many that are dear.
        """
        self.user.take(actor, cost)
        if operation in DEAR:
            self.dear.take(actor)
