"""The dispatcher: at least once, one at a time, and people are not told what is over."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from supplynet.notify.message import Outcome, Outgoing, Sender
from supplynet.notify.registry import open_sender, tools_of
from supplynet.notify.routing import Router
from supplynet.notify.settings_file import read_settings
from supplynet.services.outbox import Channels
from supplynet.storage import Store, alert_life, alerts, deliveries, outbox
from supplynet.storage.alerts import AlertCause, Severity
from supplynet.storage.deliveries import DeliveryState
from supplynet.worker.dispatch import LEASE, Dispatcher

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ERP = '[[channel]]\nname = "erp"\nkind = "file"\nfolder = "out"\n'
PUSH = (
    '[[channel]]\nname = "{name}"\nkind = "apprise"\nurl = "ntfys://ntfy.sh/x"\n'
    'quiet_hours = "22:00-06:00"\n{more}\n'
)
RISK = AlertCause(
    severity=Severity.WARNING, kind="halt_risk", message="runs out", location_id="SR1"
)


@dataclass
class Recorder:
    """A sender that keeps what it sends and answers as told, the last answer again and again."""

    answers: list[Outcome] = field(default_factory=lambda: [Outcome(ok=True, said="answered 200")])
    sent: list[Outgoing] = field(default_factory=list)

    def send(self, message: Outgoing, now: datetime) -> Outcome:  # noqa: ARG002
        self.sent.append(message)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    @property
    def turns(self) -> list[str]:
        return [message.type.removeprefix("alert.") for message in self.sent]


@dataclass
class Stage:
    """A dispatcher whose clock tests turn, and what it sent."""

    store: Store
    dispatcher: Dispatcher
    senders: dict[str, Recorder]
    now: datetime = NOW
    plant_now: datetime | None = None

    def work(self) -> None:
        self.dispatcher.turn()
        for channel in self.senders:
            while self.dispatcher.send_due(channel):
                pass

    def at(self, moment: datetime) -> None:
        self.now = moment
        self.work()

    def cause(self, *causes: AlertCause) -> None:
        with self.store.write("worker", self.now) as tx:
            alerts.set_open_alerts(tx, causes, kinds=["halt_risk"])

    def order(self, *ids: str) -> None:
        with self.store.write("ann", self.now) as tx:
            for each in ids:
                outbox.enqueue(tx, each, "order", {"order_id": each, "state": "approved"})

    def state(self, message_id: str, channel: str = "erp") -> deliveries.Delivery:
        with self.store.read() as tx:
            found = {each.channel: each for each in deliveries.of_message(tx, message_id)}
        return found[channel]


Open = Callable[..., Stage]


@pytest.fixture
def stage(tmp_path: Path) -> Open:
    def make(store: Store, text: str = ERP, name: str = "dispatcher-1") -> Stage:
        (tmp_path / "notify.toml").write_text(text)
        settings = read_settings(tmp_path)
        recorders = {channel.name: Recorder() for channel in settings.channels}
        senders: dict[str, Sender] = dict(recorders)
        made: Stage
        dispatcher = Dispatcher(
            store=store,
            channels=Channels(
                settings=settings,
                router=Router(settings, lambda _place: (), ZoneInfo("UTC")),
                senders=senders,
            ),
            name=name,
            clock=lambda: made.now,
            plant_now=lambda: made.plant_now or made.now,
            due_now=lambda: made.now,
            rng=random.Random(1),
            monotonic=lambda: (made.now - NOW) / timedelta(seconds=1),
        )
        made = Stage(store=store, dispatcher=dispatcher, senders=recorders)
        return made

    return make


def failed(said: str = "answered 500", *, retry: bool = True, wait: float = 0.0) -> Outcome:
    return Outcome(ok=False, said=said, retry=retry, wait_seconds=wait)


def test_a_message_is_sent_once_to_who_wants_it(store: Store, stage: Open) -> None:
    on = stage(store)
    on.order("x1", "x2")
    for _ in range(3):
        on.work()
    assert [message.message_id for message in on.senders["erp"].sent] == ["x1", "x2"]
    assert on.state("x1").state is DeliveryState.SENT
    with store.read() as tx:
        (one,) = deliveries.tries_of(tx, "x1")["erp"]
    assert (one.ok, one.said) == (True, "answered 200")


def test_waits_double_up_to_an_hour_with_half_of_it_by_chance_and_end_after_two_days(
    sqlite_store: Store, stage: Open
) -> None:
    on = stage(sqlite_store)
    on.senders["erp"].answers = [failed()]
    on.order("x1")
    waits = []
    on.dispatcher.turn()
    while on.dispatcher.send_due("erp"):
        delivery = on.state("x1")
        if delivery.state is DeliveryState.DEAD:
            break
        waits.append((delivery.due_at - on.now).total_seconds())
        on.now = delivery.due_at
    for number, wait in enumerate(waits):
        widest = min(2.0**number, 3600.0)
        assert widest / 2 <= wait <= widest
    assert 40 * HOUR < on.now - NOW < 56 * HOUR
    assert (on.state("x1").error or "").startswith("given up after 76 tries: answered 500")


def test_what_is_asked_for_with_retry_after_is_waited_for(sqlite_store: Store, stage: Open) -> None:
    on = stage(sqlite_store)
    on.senders["erp"].answers = [failed("answered 429", wait=120.0), Outcome(ok=True, said="ok")]
    on.order("x1")
    on.work()
    assert on.state("x1").due_at == NOW + 2 * MINUTE
    on.at(NOW + 2 * MINUTE)
    assert on.state("x1").state is DeliveryState.SENT


def test_after_a_failure_the_channel_rests_and_the_next_are_not_counted_as_tried(
    sqlite_store: Store, stage: Open
) -> None:
    on = stage(sqlite_store)
    on.senders["erp"].answers = [failed(), Outcome(ok=True, said="ok")]
    on.order("x1", "x2", "x3")
    on.work()
    assert len(on.senders["erp"].sent) == 1
    assert on.state("x2").attempts == 0
    on.at(NOW + MINUTE)
    assert [on.state(each).state.value for each in ("x1", "x2", "x3")] == ["sent"] * 3


def test_a_refusal_for_good_is_an_alert_until_it_is_replayed_under_the_same_id(
    store: Store, stage: Open
) -> None:
    on = stage(store)
    on.senders["erp"].answers = [
        failed("answered 410: gone", retry=False),
        Outcome(ok=True, said="answered 200"),
    ]
    on.order("x1")
    on.work()
    assert on.state("x1").state is DeliveryState.DEAD
    on.at(NOW + MINUTE)
    with store.read() as tx:
        (alert,) = alerts.open_alerts(tx)
    assert alert.message == (
        "1 message could not be delivered to erp: answered 410: gone. "
        "Mend it, then supplynet outbox replay."
    )
    with store.write("ann", on.now) as tx:
        deliveries.replay(tx, "x1")
    on.at(NOW + 2 * MINUTE)
    on.work()
    ids = [message.message_id for message in on.senders["erp"].sent if message.kind == "order"]
    assert ids == ["x1", "x1"]
    with store.read() as tx:
        assert alerts.open_alerts(tx) == []


def test_a_channel_that_is_no_longer_configured_is_dead_with_its_reason(
    sqlite_store: Store, stage: Open
) -> None:
    on = stage(sqlite_store)
    on.order("x1")
    on.dispatcher.turn()
    other = stage(sqlite_store, ERP.replace('"erp"', '"new"'))
    other.dispatcher.send_due("erp")
    assert on.state("x1").error == "channel erp is not in notify.toml any more"


def test_a_sender_that_breaks_is_tried_again(sqlite_store: Store, stage: Open) -> None:
    on = stage(sqlite_store)

    class Broken:
        def send(self, message: Outgoing, now: datetime) -> Outcome:  # noqa: ARG002
            raise ZeroDivisionError("a bug")

    on.dispatcher.channels.senders["erp"] = Broken()  # type: ignore[index]  # a dict in truth
    on.order("x1")
    on.work()
    assert (on.state("x1").state.value, on.state("x1").attempts) == ("waiting", 1)
    assert "ZeroDivisionError" in (on.state("x1").error or "")


def test_an_unanswered_alert_goes_from_one_to_the_next(store: Store, stage: Open) -> None:
    on = stage(
        store,
        PUSH.format(name="lead", more='role = "lead"')
        + PUSH.format(name="boss", more='role = "boss"')
        + '[[rule]]\nrole = "lead"\nescalate_after_minutes = 15\nescalate_to = ["boss", "lead"]\n',
    )
    on.cause(RISK)
    heard = []
    for minutes in (0, 14, 15, 29, 30, 60, 600):
        on.at(NOW + timedelta(minutes=minutes))
        heard.append((minutes, [len(each.sent) for each in on.senders.values()]))
    assert heard == [
        (0, [1, 0]),
        (14, [1, 0]),
        (15, [1, 1]),
        (29, [1, 1]),
        (30, [2, 1]),
        (60, [2, 1]),
        (600, [2, 1]),
    ]


def test_an_acknowledged_alert_is_not_passed_on(sqlite_store: Store, stage: Open) -> None:
    on = stage(
        sqlite_store,
        PUSH.format(name="lead", more='role = "lead"')
        + '[[rule]]\nrole = "lead"\nescalate_after_minutes = 15\nescalate_to = "lead"\n',
    )
    on.cause(RISK)
    on.work()
    with sqlite_store.write("ann", on.now) as tx:
        alert_life.acknowledge(tx, alerts.open_alerts(tx)[0].alert_id)
    on.at(NOW + HOUR)
    assert on.senders["lead"].turns == ["raised"]


def test_a_snooze_that_ends_is_told_of_again(sqlite_store: Store, stage: Open) -> None:
    on = stage(sqlite_store, PUSH.format(name="push", more=""))
    on.cause(RISK)
    on.work()
    with sqlite_store.write("ann", on.now) as tx:
        alert_life.snooze(tx, alerts.open_alerts(tx)[0].alert_id, NOW + HOUR)
    on.at(NOW + HOUR - MINUTE)
    assert on.senders["push"].turns == ["raised"]
    for _ in range(2):
        on.at(NOW + HOUR)
    assert on.senders["push"].turns == ["raised", "awake"]


def test_what_came_and_went_in_the_night_is_not_told_to_people_in_the_morning(
    sqlite_store: Store, stage: Open
) -> None:
    on = stage(sqlite_store, ERP + PUSH.format(name="push", more=""))
    night = datetime(2026, 1, 5, 23, tzinfo=UTC)
    on.now = night
    on.cause(RISK)
    on.work()
    on.now = night + HOUR
    on.cause()
    for minutes in (60, 75, 8 * 60):
        on.at(night + timedelta(minutes=minutes))
    assert on.senders["erp"].turns == ["raised", "resolved"]
    assert on.senders["push"].turns == []


def test_what_lasts_through_the_night_is_told_once_in_the_morning(
    sqlite_store: Store, stage: Open
) -> None:
    on = stage(sqlite_store, PUSH.format(name="push", more=""))
    on.now = datetime(2026, 1, 5, 23, tzinfo=UTC)
    on.cause(RISK)
    on.work()
    assert on.senders["push"].sent == []
    on.at(datetime(2026, 1, 6, 6, tzinfo=UTC))
    on.work()
    assert on.senders["push"].turns == ["raised"]


def test_a_flapping_cause_does_not_spam(sqlite_store: Store, stage: Open) -> None:
    on = stage(sqlite_store, PUSH.format(name="push", more=""))
    for number in range(20):
        on.now = NOW + number * 4 * MINUTE
        on.cause(*([RISK] if number % 2 == 0 else []))
        on.work()
    assert on.senders["push"].turns == ["raised"]
    on.at(on.now + HOUR)
    assert on.senders["push"].turns == ["raised", "resolved"]


CRITICAL = replace(RISK, severity=Severity.CRITICAL)
BOSS = PUSH.format(name="boss", more='role = "boss"') + (
    '[[rule]]\nrole = "boss"\nseverities = ["critical"]\n'
)


def test_who_hears_only_what_is_critical_hears_that_it_is_over_and_nothing_else(
    store: Store, stage: Open
) -> None:
    on = stage(store, BOSS + PUSH.format(name="late", more='severities = "critical"'))
    on.cause(CRITICAL)
    on.work()
    on.now += MINUTE
    on.cause(RISK)  # better, and then over
    on.work()
    on.now += MINUTE
    on.cause()
    on.at(on.now + HOUR)
    assert on.senders["boss"].turns == ["raised", "resolved"]
    assert on.senders["late"].turns == ["raised", "resolved"]
    on.cause(RISK)
    on.work()
    on.now += MINUTE
    on.cause()
    on.at(on.now + HOUR)
    assert on.senders["boss"].turns == ["raised", "resolved"]


def test_people_who_never_heard_that_it_began_do_not_hear_that_it_is_over(
    sqlite_store: Store, stage: Open
) -> None:
    on = stage(sqlite_store, ERP + PUSH.format(name="mild", more='severities = "warning"'))
    on.cause(CRITICAL)
    on.work()
    on.now += MINUTE
    on.cause(RISK)
    on.work()
    on.now += MINUTE
    on.cause()
    on.at(on.now + HOUR)
    assert on.senders["mild"].turns == []
    assert on.senders["erp"].turns == ["raised", "resolved"]


def test_what_piled_up_before_a_server_ran_reaches_programs_and_no_people(
    store: Store, stage: Open
) -> None:
    on = stage(store, ERP + PUSH.format(name="push", more='messages = ["order", "alert"]'))
    on.cause(RISK)
    on.order("old")
    on.now += 30 * timedelta(hours=1)
    on.order("new")
    on.work()
    assert [each.message_id for each in on.senders["push"].sent] == ["new"]
    assert sorted(each.type for each in on.senders["erp"].sent) == [
        "alert.raised",
        "order.approved",
        "order.approved",
    ]
    on.cause()
    on.at(on.now + HOUR)
    assert len(on.senders["push"].sent) == 1, "nor that it is over"


def test_a_plant_whose_data_end_long_ago_still_tells_of_what_happens_now(
    sqlite_store: Store, stage: Open
) -> None:
    on = stage(sqlite_store, PUSH.format(name="push", more=""))
    on.plant_now = NOW - timedelta(days=365)
    on.cause(RISK)
    on.work()
    assert on.senders["push"].turns == ["raised"]


def test_two_dispatchers_share_the_work_and_never_send_the_same(store: Store, stage: Open) -> None:
    one, two = stage(store), stage(store, name="dispatcher-2")
    one.order(*(f"x{number}" for number in range(60)))
    threads = [threading.Thread(target=each.work) for each in (one, two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sent = [message.message_id for each in (one, two) for message in each.senders["erp"].sent]
    assert len(sent) == len(set(sent)) == 60


def test_killed_between_sending_and_writing_it_down_it_is_sent_again_under_the_same_id(
    store: Store, stage: Open, tmp_path: Path
) -> None:
    on = stage(store)
    (tmp_path / "out").mkdir()
    on.now = datetime(2026, 1, 5, 22, tzinfo=UTC)
    on.order("x1")
    script = Path(__file__).with_name("lone_dispatcher.py")
    dying = subprocess.Popen(
        [sys.executable, str(script), store.url, str(tmp_path)], stdout=subprocess.PIPE
    )
    assert dying.stdout is not None
    assert dying.stdout.readline() == b"sent\n"
    dying.send_signal(signal.SIGKILL)
    dying.wait()
    dying.stdout.close()
    (file,) = (tmp_path / "out").iterdir()
    file.unlink()  # the receiver has taken it
    settings = read_settings(tmp_path)
    tools = tools_of(settings, tmp_path, ZoneInfo("UTC"))
    senders = {"erp": open_sender(settings.channels[0], tools, {})}
    on.dispatcher.channels = Channels(
        settings=settings, router=on.dispatcher.channels.router, senders=senders
    )
    assert on.dispatcher.send_due("erp") == 0  # the dead one's claim still holds
    on.now += LEASE
    assert on.dispatcher.send_due("erp") == 1
    assert [each.name for each in (tmp_path / "out").iterdir()] == [file.name]
    assert (on.state("x1").state.value, on.state("x1").attempts) == ("sent", 2)


def test_it_serves_until_it_is_stopped(sqlite_store: Store, stage: Open) -> None:
    on, stop = stage(sqlite_store), threading.Event()
    on.order("x1")
    thread = threading.Thread(target=on.dispatcher.serve, args=(stop,))
    thread.start()
    until = time.monotonic() + 20
    while not on.senders["erp"].sent and time.monotonic() < until:
        time.sleep(0.01)
    stop.set()
    thread.join(timeout=20)
    assert not thread.is_alive()
    assert on.state("x1").state is DeliveryState.SENT


def test_what_is_over_is_forgotten_after_the_days_that_are_kept(
    sqlite_store: Store, stage: Open
) -> None:
    on = stage(sqlite_store)
    on.order("x1")
    on.work()
    on.at(NOW + timedelta(days=29))
    assert on.state("x1").state is DeliveryState.SENT
    on.at(NOW + timedelta(days=31))
    with sqlite_store.read() as tx:
        assert not outbox.is_known(tx, "x1")
