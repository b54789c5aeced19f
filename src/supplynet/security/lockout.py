"""When somebody who fails to sign in has to wait, and for how long."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from supplynet.security.credentials import fingerprint

_V6_NETWORK = 64
_LONGEST_ADDRESS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """Failed sign-ins under one key.

    Attributes:
        key: Who was tried, from where, or both; see ``Keys``.
        failures: How many count now.
        last_at: When the last one was.
        locked_until: Nothing is tried before that.
    """

    key: str
    failures: int
    last_at: datetime
    locked_until: datetime | None = None

    def is_locked(self, now: datetime) -> bool:
        """Whether nothing is tried now."""
        return self.locked_until is not None and now < self.locked_until


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How many failures are put up with.

    Attributes:
        failures: This many lock.
        first_lock: How long at first; each failure after it doubles that.
        longest_lock: At most. Where it is the first one, counting starts again with each lock.
        forgets_one_in: One failure is forgotten for each such time without a new one.
    """

    failures: int
    first_lock: timedelta
    longest_lock: timedelta
    forgets_one_in: timedelta

    def after_failure(self, key: str, known: Failures | None, now: datetime) -> Failures:
        """The count with one more failure, locked where that is one too many."""
        count = 1
        if known is not None:
            forgotten = max(now - known.last_at, timedelta()) // self.forgets_one_in
            count += max(known.failures - forgotten, 0)
        if count < self.failures:
            return Failures(key=key, failures=count, last_at=now)
        doubled = self.first_lock * 2 ** min(count - self.failures, 30)
        until = now + min(doubled, self.longest_lock)
        if self.first_lock == self.longest_lock:
            count = 0
        return Failures(key=key, failures=count, last_at=now, locked_until=until)


_MINUTE = timedelta(minutes=1)
PAIR = Limit(failures=5, first_lock=_MINUTE, longest_lock=15 * _MINUTE, forgets_one_in=60 * _MINUTE)
"""One name from one address: a guesser is stopped here, and nobody but himself with him."""
NAME = Limit(
    failures=50, first_lock=15 * _MINUTE, longest_lock=15 * _MINUTE, forgets_one_in=15 * _MINUTE
)
"""One name from everywhere: who guesses from many addresses is stopped, and the person for a
quarter of an hour too; ten addresses are needed for that."""
ADDRESS = Limit(
    failures=100, first_lock=15 * _MINUTE, longest_lock=15 * _MINUTE, forgets_one_in=5 * _MINUTE
)
"""One address, whomever it tries."""
FORGOTTEN = timedelta(days=1)
"""After this long without a failure a count means nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What one try counts under. A name that was typed may be a password: only its SHA-256.

    Attributes:
        pair, name: None where no name was said: a badge.
    """

    address: str
    pair: str | None = None
    name: str | None = None

    @property
    def limits(self) -> dict[str, Limit]:
        """Every key with its limit."""
        found = ((self.pair, PAIR), (self.name, NAME), (self.address, ADDRESS))
        return {key: limit for key, limit in found if key is not None}


def keys_of(address: str, name: str | None = None) -> Keys:
    """The keys of a try from ``address`` to be ``name``."""
    place = place_of(address)
    if name is None:
        return Keys(address=f"address:{place}")
    return Keys(
        address=f"address:{place}",
        pair=f"pair:{fingerprint(f'{place} {name}')}",
        name=f"name:{fingerprint(name)}",
    )


def place_of(address: str) -> str:
    """An address, or the /64 network of an IPv6 one: its owner has all of it."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:_LONGEST_ADDRESS]
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.IPv6Network((int(found), _V6_NETWORK), strict=False))
    return str(found)
