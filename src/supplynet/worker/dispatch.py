"""The dispatcher beside the server: hands messages to their channels, sends them, asks again.

One thread looks once a second; every channel with something due is served by a thread of a pool,
one at a time per channel, so that a slow receiver holds up nobody else. Several servers may do
this on one database: each delivery is claimed by one of them. Two clocks are at work: what happens
in the plant (alerts, quiet hours) goes by the plant's, tries and claims by the wall's.
"""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import structlog

from supplynet.notify.message import TOTAL_SECONDS, Outcome, Outgoing
from supplynet.services.books import Books
from supplynet.services.outbox import Channels, open_channels
from supplynet.storage import Store, WriteTx, alert_messages, deliveries, outbox
from supplynet.storage.alert_messages import Turn
from supplynet.storage.deliveries import Delivery, Try
from supplynet.worker.alert_turns import take_turns

log = structlog.get_logger()
LOOK_EVERY_SECONDS = 1.0
LEASE = timedelta(seconds=180)
"""How long a claim lasts: nobody else sends it meanwhile, and for so long a dead sender's waits."""
BATCH = 20
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=1), timedelta(hours=1)
OTHERS_WAIT = timedelta(seconds=5)
"""After a failure, for the rest of what was claimed for the same channel."""
PRUNE_EVERY = timedelta(hours=1)
MOST_THREADS = 16
NEWS_FOR = timedelta(days=1)
"""People hear nothing that has waited longer: messages pile up where no server runs."""


@dataclass(kw_only=True)
class Dispatcher:
    """Sends what is in the outbox; every function may be called by itself.

    Attributes:
        store: The books.
        channels: From ``notify.toml``.
        name: Unique among all dispatchers, now and ever; the actor of its transactions.
        clock: The wall's, aware.
        plant_now: The plant's; stands still where the plant's data end long ago.
        due_now: By which messages are due: the plant's where a twin plays it, else the wall's.
        rng: Spreads the tries of many senders.
        monotonic: Seconds from any start; measures tries and claims.
    """

    store: Store
    channels: Channels
    name: str
    clock: Callable[[], datetime]
    plant_now: Callable[[], datetime]
    due_now: Callable[[], datetime]
    rng: random.Random
    monotonic: Callable[[], float] = time.monotonic
    _pruned_at: datetime | None = field(default=None, init=False)

    def serve(self, stop: threading.Event) -> None:
        """Work until ``stop``; a message that is being sent then is sent to its end."""
        running: dict[str, Future[int]] = {}
        with ThreadPoolExecutor(MOST_THREADS, thread_name_prefix="supplynet-send") as pool:
            while not stop.is_set():
                try:
                    self.turn()
                    for channel in self._due_channels():
                        if channel not in running or running[channel].done():
                            running[channel] = pool.submit(self._serve_channel, channel, stop)
                except Exception:
                    log.exception("the dispatcher failed; it goes on")
                stop.wait(LOOK_EVERY_SECONDS)

    def turn(self) -> None:
        """Wake and escalate alerts, hand messages to their channels, say what is dead, prune."""
        take_turns(self.store, self.channels.router, actor=self.name, now=self.plant_now())
        self.route()
        self._prune()

    def route(self) -> int:
        """Hand due messages to the channels that want them; returns how many messages."""
        now, routed = self.due_now(), 0
        while True:
            with self.store.read() as tx:
                if not outbox.any_due(tx, now):
                    return routed
            with self.store.write(self.name, now, audited=False) as tx:
                routed += deliveries.route(tx, partial(self._channels_of, tx))

    def send_due(self, channel: str, stop: threading.Event | None = None) -> int:
        """Try what is due on one channel, the oldest first; returns how many were tried."""
        began, tried = self.monotonic(), 0
        with self.store.write(self.name, self.clock(), audited=False) as tx:
            claimed = deliveries.claim(tx, channel, lease=LEASE, limit=BATCH)
        for place, delivery in enumerate(claimed):
            late = self.monotonic() - began > LEASE.total_seconds() - 2 * TOTAL_SECONDS
            if late or (stop is not None and stop.is_set()):
                self._give_back(claimed[place:], timedelta(0))
                break
            tried += 1
            if not self._try(delivery):
                self._give_back(claimed[place + 1 :], OTHERS_WAIT)
                break
        return tried

    def _serve_channel(self, channel: str, stop: threading.Event) -> int:
        try:
            return self.send_due(channel, stop)
        except Exception:
            log.exception("a channel failed; it is tried again", channel=channel)
            return 0

    def _try(self, delivery: Delivery) -> bool:
        """Send once and write down how it went; False when the channel had better rest."""
        began, at = self.monotonic(), self.clock()
        outcome = self._send(delivery, at)
        seconds = round(self.monotonic() - began, 3)
        dead = not outcome.retry or delivery.attempts >= self._most_tries
        said = outcome.said
        if not outcome.ok and outcome.retry and dead:
            said = f"given up after {delivery.attempts} tries: {said}"
        tried = Try(at=at, ok=outcome.ok, said=said, seconds=seconds)
        now = self.clock()
        with self.store.write(self.name, now, audited=False) as tx:
            if outcome.ok:
                deliveries.mark_sent(tx, delivery, tried)
            elif dead:
                deliveries.mark_dead(tx, delivery, tried)
            else:
                wait = max(self._backoff(delivery.attempts), outcome.wait_seconds)
                due_at = now + timedelta(seconds=wait)
                deliveries.mark_failed(tx, delivery, tried, due_at=due_at)
        return outcome.ok or not outcome.retry

    def _send(self, delivery: Delivery, now: datetime) -> Outcome:
        sender = self.channels.senders.get(delivery.channel)
        if sender is None:
            said = f"channel {delivery.channel} is not in notify.toml any more"
            return Outcome(ok=False, said=said, retry=False)
        try:
            return sender.send(_outgoing(delivery), now)
        except Exception as error:
            log.exception("a message could not be sent", channel=delivery.channel)
            return Outcome(ok=False, said=f"{type(error).__name__}: SupplyNet's log says more")

    def _give_back(self, rest: list[Delivery], wait: timedelta) -> None:
        if rest:
            now = self.clock()
            with self.store.write(self.name, now, audited=False) as tx:
                for delivery in rest:
                    deliveries.give_back(tx, delivery, due_at=now + wait)

    def _backoff(self, attempts: int) -> float:
        """Seconds before the next try: doubling, an hour at most, half of it by chance."""
        return _widest(attempts).total_seconds() * self.rng.uniform(0.5, 1.0)

    @property
    def _most_tries(self) -> int:
        """Tries whose mean waits add up to the time after which a message is given up."""
        left = timedelta(hours=self.channels.settings.give_up_after_hours)
        tries = 1
        while left > timedelta(0):
            left -= 0.75 * _widest(tries)
            tries += 1
        return tries

    def _due_channels(self) -> list[str]:
        with self.store.read() as tx:
            return deliveries.due_channels(tx, self.clock())

    def _channels_of(self, tx: WriteTx, message: outbox.Message) -> dict[str, datetime]:
        """Names of channels, with the wall's time from which each may be sent to."""
        due_now, now = self.due_now(), self.clock()
        over = message.payload.get("turn") == Turn.RESOLVED.value
        told = self._told(tx, message) if over else set()
        found = self.channels.router.channels(_outgoing(message), due_now, told=told)
        return {
            name: now + (starts - due_now)
            for name, starts in found.items()
            if not self._is_for_people(name) or self._still_news(tx, name, message)
        }

    def _is_for_people(self, channel: str) -> bool:
        settings = self.channels.settings.channel(channel)
        return settings is not None and settings.kind == "apprise"

    def _still_news(self, tx: WriteTx, channel: str, message: outbox.Message) -> bool:
        """Whether to tell people of it; a turn overtakes what still waits of the same alert.

        Programs are told everything. People are told nothing that is older than a day, and that
        something is over only if they were told that it began and wanted to hear of it now.
        """
        if self.plant_now() - message.due_at > NEWS_FOR:
            log.warning("too old to tell people of", channel=channel, message=message.message_id)
            return False
        if message.kind != alert_messages.MESSAGE:
            return True
        alert_id = message.payload["alert_id"]
        overtaken = deliveries.supersede(
            tx,
            channel,
            lambda other: other.payload.get("alert_id") == alert_id,
            by=message.message_id,
        )
        if message.payload["turn"] != Turn.RESOLVED.value:
            return True
        begun = any(other.payload["turn"] == Turn.RAISED.value for other in overtaken)
        heard = channel in self._told(tx, message) or self._is_forgotten(message)
        return heard and not (begun or message.payload["snoozed_until"])

    def _told(self, tx: WriteTx, message: outbox.Message) -> set[str]:
        """Channels that heard of the alert before, or are about to."""
        raised_at = datetime.fromisoformat(message.payload["raised_at"])
        return deliveries.told(tx, message.payload["alert_id"], since=raised_at)

    def _is_forgotten(self, message: outbox.Message) -> bool:
        """Whether an alert began so long ago that nobody knows any more who was told."""
        raised_at = datetime.fromisoformat(message.payload["raised_at"])
        keep = timedelta(days=self.channels.settings.keep_days)
        return message.created_at - raised_at > keep

    def _prune(self) -> None:
        now = self.clock()
        if self._pruned_at is not None and now - self._pruned_at < PRUNE_EVERY:
            return
        before = now - timedelta(days=self.channels.settings.keep_days)
        with self.store.write(self.name, now, audited=False) as tx:
            deliveries.prune(tx, before)
        self._pruned_at = now


@contextmanager
def dispatching(books: Books) -> Iterator[None]:
    """A thread that dispatches while the block runs.

    Raises:
        ConfigError: ``notify.toml`` is wrong, or a secret that it names is not there.
    """
    from supplynet.services import history  # reads frames; a dispatcher alone does without

    dispatcher = Dispatcher(
        store=books.store,
        channels=open_channels(books),
        name=f"dispatcher-{uuid.uuid4()}",
        clock=books.wall_clock,
        plant_now=lambda: history.as_of(books),
        due_now=books.now,
        rng=random.Random(uuid.uuid4().int),  # noqa: S311 - spreads tries, hides nothing
    )
    stop = threading.Event()
    thread = threading.Thread(
        target=dispatcher.serve, args=(stop,), name="supplynet-dispatch", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=2 * TOTAL_SECONDS)


def _widest(attempts: int) -> timedelta:
    doubled: timedelta = FIRST_WAIT * 2 ** min(attempts - 1, 12)
    return min(doubled, LONGEST_WAIT)


def _outgoing(source: Delivery | outbox.Message) -> Outgoing:
    at = source.message_at if isinstance(source, Delivery) else source.created_at
    return Outgoing(
        message_id=source.message_id, kind=source.kind, payload=source.payload, created_at=at
    )
