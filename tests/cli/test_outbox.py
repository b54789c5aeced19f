from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from supplynet.services.books import open_books
from supplynet.storage import deliveries, init_workspace, outbox

if TYPE_CHECKING:
    from tests.cli.conftest import Call


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace with a message that waits, and one channel of files."""
    init_workspace(tmp_path)
    (tmp_path / "notify.toml").write_text(
        '[[channel]]\nname = "files"\nkind = "file"\nfolder = "out"\n'
    )
    books = open_books(tmp_path)
    now = books.now()
    with books.store.write("test", now) as tx:
        outbox.enqueue(tx, "x1", "order", {"order_id": "o1"})
        deliveries.route(tx, lambda _message: {"files": now})
    books.store.close()
    return tmp_path


def test_deliveries_are_listed_and_one_that_waits_is_not_replayed(
    call: Call, workspace: Path
) -> None:
    (row,) = call("outbox", "list", "-w", workspace, "--json").json
    assert (row["message_id"], row["channel"], row["state"]) == ("x1", "files", "waiting")
    assert "x1" in call("outbox", "list", "-w", workspace, "--state", "waiting").out
    assert call("outbox", "list", "-w", workspace, "--state", "dead").lines == ["no deliveries"]
    wrong = call("outbox", "list", "-w", workspace, "--state", "lost")
    assert (wrong.status, "waiting, sent or dead" in wrong.err) == (2, True)
    refused = call("outbox", "replay", "x1", "-w", workspace)
    assert (refused.status, "still waits" in refused.err) == (2, True)


def test_a_channel_that_does_not_work_has_status_1(call: Call, workspace: Path) -> None:
    broken = call("outbox", "test", "files", "-w", workspace)
    assert (broken.status, "does not work" in broken.out) == (1, True)
    (workspace / "out").mkdir()
    works = call("outbox", "test", "files", "-w", workspace, "--json")
    assert (works.status, works.json["ok"]) == (0, True)
    unknown = call("outbox", "test", "filez", "-w", workspace)
    assert (unknown.status, "did you mean 'files'" in unknown.err) == (2, True)
