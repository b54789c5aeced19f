"""The client: every operation of the API, and what one does with several of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from supplynet.client.feed import Change, change_of
from supplynet.client.operations import Each, Operations
from supplynet.client.refusals import StillRunning, Unavailable, Unreachable
from supplynet.errors import JobCancelled, JobError

if TYPE_CHECKING:
    from supplynet.client import models

_FIRST_LOOK, _LAST_LOOK = 0.2, 2.0
_OVER = frozenset({"done", "failed", "cancelled"})


class Client(Operations):
    """A server of SupplyNet, and whoever asks it.

    There is a method for each operation of the API, named by its operation id; ``each`` has the
    lists again, row by row over all pages. Reads, and writes with an ``Idempotency-Key`` (the
    client makes one for each call), are sent again when no answer comes or the server is busy.
    What the server refuses is raised as an error of ``supplynet.errors``, see ``refusals``.

    Args:
        server: ``https://plant:8321``. Without TLS only on this machine.
        token: ``sn_...``; None = sign in with ``sign_in``, or a server with ``--local``.
        ca_file: Certificates to trust instead of those of the system.
        timeout_seconds: Longest silence of the server.
        patience: How often and when a request is sent again.
        insecure: Whether another machine may be asked without TLS. Dangerous.

    Raises:
        ConfigError: The address or the token cannot be one.
    """

    @cached_property
    def each(self) -> Each:
        """Lists, row by row over all pages."""
        return Each(self)

    def wait(
        self,
        job: models.JobRow | str,
        *,
        progress: Callable[[models.JobRow], None] | None = None,
        timeout_seconds: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> models.JobRow:
        """Wait until a job is done.

        Args:
            job: As it was submitted, or its id.
            progress: Told of the job whenever it was looked at.
            timeout_seconds: Give up after this long; the job goes on.
            clock: Seconds that only grow.

        Raises:
            JobError: It failed; ``JobCancelled`` when somebody stopped it.
            StillRunning: It is not over in time.
        """
        job_id = job if isinstance(job, str) else job.job_id
        until = None if timeout_seconds is None else clock() + timeout_seconds
        pause = _FIRST_LOOK
        while True:
            row = self.get_job(job_id)
            if progress is not None:
                progress(row)
            if row.state in _OVER:
                return _done(row)
            if until is not None and clock() >= until:
                raise StillRunning(f"job {job_id} is {row.state} after {timeout_seconds:g} s")
            self._patience.sleep(pause)
            pause = min(_LAST_LOOK, pause * 1.5)

    def changes(self, after: int | None = None) -> Iterator[Change]:
        """What changes, as it happens; across lost connections, for ever.

        Args:
            after: Number of the newest change that is known; None = only what is new from now on.

        Raises:
            Refused: Whoever asks may not listen, or not any more.
        """
        failures = 0
        while True:
            try:
                for said in self.stream_changes(last_event_id=after):
                    failures, change = 0, change_of(said)
                    after = _newest(after, said.data.get("change"))
                    if change is not None:
                        after = change.seq
                        yield change
                failures = max(failures, 1)  # a server that stops ends its streams
            except (Unreachable, Unavailable):
                failures += 1
            self._patience.pause(failures)


def _newest(after: int | None, told: object) -> int | None:
    """Where to go on from: what the first word says, where nothing was known before."""
    return told if after is None and isinstance(told, int) else after


def _done(row: models.JobRow) -> models.JobRow:
    if row.state == "cancelled":
        raise JobCancelled(f"job {row.job_id} ({row.kind}) was cancelled")
    if row.state == "failed":
        raise JobError(f"job {row.job_id} ({row.kind}) failed: {row.error}")
    return row
