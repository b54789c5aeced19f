from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from supplynet.services.books import open_books
from supplynet.storage import alerts, init_workspace
from supplynet.storage.alerts import AlertCause, Severity

if TYPE_CHECKING:
    from tests.cli.conftest import Call


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace with one open alert."""
    init_workspace(tmp_path)
    books = open_books(tmp_path)
    cause = AlertCause(severity=Severity.CRITICAL, kind="halted", message="A stands still.")
    with books.store.write("test", books.now()) as tx:
        alerts.set_open_alerts(tx, [cause])
    books.store.close()
    return tmp_path


def test_alerts_are_listed_acknowledged_and_snoozed(call: Call, workspace: Path) -> None:
    (row,) = call("alerts", "list", "-w", workspace, "--json").json
    assert (row["state"], row["message"]) == ("open", "A stands still.")
    shown = call("alerts", "list", "-w", workspace)
    assert "A stands still." in shown.out
    done = call("alerts", "ack", row["alert_id"], "-w", workspace, "--reason", "on my way")
    (line,) = done.lines
    assert line.startswith("critical halted: A stands still. (looked after by cli:")
    asleep = call("alerts", "snooze", row["alert_id"], "--minutes", "60", "-w", workspace, "--json")
    assert asleep.json["state"] == "snoozed"
    assert call("alerts", "list", "--resolved", "-w", workspace).lines == ["nothing is over yet"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), "give one of them"),
        (("--minutes", "5", "--until", "2026-01-05T06:00Z"), "give one of them"),
        (("--until", "soon"), "is no moment"),
        (("--until", "2026-01-05T06:00"), "has no zone"),
        (("--until", "2020-01-05T06:00Z"), "within the next 7 days"),
    ],
)
def test_a_snooze_that_cannot_be_is_refused_in_one_line(
    call: Call, workspace: Path, options: tuple[str, ...], says: str
) -> None:
    (row,) = call("alerts", "list", "-w", workspace, "--json").json
    answer = call("alerts", "snooze", row["alert_id"], *options, "-w", workspace)
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert says in answer.err
