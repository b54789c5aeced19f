"""Which of several servers plans: the one that holds the lease, as long as it renews it."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

import structlog

from supplynet.errors import SupplyNetError
from supplynet.storage import Store, leases

log = structlog.get_logger()
LASTS = timedelta(seconds=30)


class Lease:
    """Takes a lease and renews it from a thread of its own; gives it back at the end.

    Args:
        store: The books that the servers share.
        name: Of the work.
        clock: Real time, aware; servers' clocks should agree to a few seconds.
        lasts: How long the others wait when this one is killed.
    """

    def __init__(
        self,
        store: Store,
        name: str,
        *,
        clock: Callable[[], datetime],
        lasts: timedelta | None = None,
    ) -> None:
        self.holder = f"server-{uuid.uuid4()}"
        self._store, self._name, self._clock = store, name, clock
        self._lasts = LASTS if lasts is None else lasts
        self._until: datetime | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._renew, name=f"lease-{name}", daemon=True)

    @property
    def held(self) -> bool:
        """Whether this one may work now."""
        return self._until is not None and self._clock() < self._until

    def __enter__(self) -> Self:
        self.take()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join(timeout=self._lasts.total_seconds())
        if self._until is None:
            return
        self._until = None
        try:
            with self._store.write(self.holder, self._clock(), audited=False) as tx:
                leases.give_back(tx, self._name, self.holder)
        except SupplyNetError as problem:  # it runs out by itself
            log.warning("a lease was not given back", name=self._name, reason=str(problem))

    def take(self) -> bool:
        """Take or renew it now; whether this one holds it."""
        now = self._clock()
        try:
            with self._store.write(self.holder, now, audited=False) as tx:
                taken = leases.take(tx, self._name, self.holder, self._lasts)
        except SupplyNetError as problem:
            log.warning("a lease could not be renewed", name=self._name, reason=str(problem))
        else:
            self._until = now + self._lasts if taken else None
        return self.held

    def _renew(self) -> None:
        while not self._stop.wait(self._lasts.total_seconds() / 3):
            self.take()
