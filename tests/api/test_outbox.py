"""The outbox over HTTP: what was sent where, once more, and whether a channel works."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from starlette.testclient import TestClient

from supplynet.services.books import Books
from supplynet.storage import deliveries, outbox
from supplynet.storage.deliveries import Try

OUTBOX = "/api/v1/outbox"


@pytest.fixture
def sent(books: Books) -> datetime:
    """Message x1 was sent to erp and is dead at mail; x2 waits for erp."""
    now = books.wall_clock()
    with books.store.write("test", now) as tx:
        wanted = {"x1": ("erp", "mail"), "x2": ("erp",)}
        for message_id in wanted:
            outbox.enqueue(tx, message_id, "order", {"order_id": "o1"})
        deliveries.route(
            tx, lambda found: dict.fromkeys(wanted.get(found.message_id, ()), now), limit=1000
        )
    with books.store.write("dispatcher", now, audited=False) as tx:
        (done, *_) = deliveries.claim(tx, "erp", lease=timedelta(minutes=1), limit=1)
        deliveries.mark_sent(tx, done, Try(at=now, ok=True, said="answered 200", seconds=0.1))
        (dead,) = deliveries.claim(tx, "mail", lease=timedelta(minutes=1))
        refused = Try(at=now, ok=False, said="answered 410", seconds=0.2)
        deliveries.mark_dead(tx, dead, refused)
    return now


@pytest.mark.usefixtures("sent")
def test_deliveries_are_listed_with_state_and_reason(client: TestClient) -> None:
    rows = client.get(OUTBOX).json()["items"]
    assert len(rows) == 3
    (dead,) = client.get(OUTBOX, params={"state": "dead"}).json()["items"]
    assert (dead["channel"], dead["error"], dead["attempts"]) == ("mail", "answered 410", 1)
    only = client.get(OUTBOX, params={"channel": "erp", "limit": 1}).json()
    more = client.get(OUTBOX, params={"channel": "erp", "cursor": only["next_cursor"]}).json()
    assert {row["message_id"] for row in (*only["items"], *more["items"])} == {"x1", "x2"}
    assert more["next_cursor"] is None
    for wrong in ({"state": "lost"}, {"channel": "a b"}, {"cursor": "x"}, {"nothing": "1"}):
        assert client.get(OUTBOX, params=wrong).status_code == 422


@pytest.mark.usefixtures("sent")
def test_a_message_shows_every_try(client: TestClient) -> None:
    message = client.get(f"{OUTBOX}/x1").json()
    tries = {row["channel"]: row["tries"] for row in message["deliveries"]}
    assert [(one["ok"], one["said"]) for one in tries["mail"]] == [(False, "answered 410")]
    assert message["payload"] == {"order_id": "o1"}
    assert client.get(f"{OUTBOX}/nothing").status_code == 404


@pytest.mark.usefixtures("sent")
def test_a_dead_one_is_sent_once_more_and_one_that_waits_is_not(client: TestClient) -> None:
    rows = client.post(f"{OUTBOX}/x1/replay", json={"channel": "mail"}).json()["items"]
    assert {row["channel"]: row["state"] for row in rows} == {"erp": "sent", "mail": "waiting"}
    assert client.post(f"{OUTBOX}/x2/replay").status_code == 409
    assert client.post(f"{OUTBOX}/x1/replay", json={"channel": "sms"}).status_code == 404
    assert client.post(f"{OUTBOX}/x1/replay", json={"channel": "a\x00b"}).status_code == 400
    assert client.post(f"{OUTBOX}/nothing/replay").status_code == 404


def test_a_channel_can_be_tried(client: TestClient, books: Books) -> None:
    assert client.post("/api/v1/channels/files/test").status_code == 404
    folder = books.workspace.folder
    text = '[[channel]]\nname = "files"\nkind = "file"\nfolder = "out"\n'
    (folder / "notify.toml").write_text(text)
    away = client.post("/api/v1/channels/files/test").json()
    assert (away["ok"], "make it" in away["said"]) == (False, True)
    (folder / "out").mkdir()
    assert client.post("/api/v1/channels/files/test").json()["ok"]
    (file,) = (folder / "out").iterdir()
    assert file.name.endswith(".json")
    near = client.post("/api/v1/channels/filez/test")
    assert (near.status_code, "did you mean 'files'" in near.json()["detail"]) == (404, True)
    (folder / "notify.toml").write_text("[[chanel]]")
    wrong = client.post("/api/v1/channels/files/test")
    assert (wrong.status_code, "did you mean 'channel'" in wrong.json()["detail"]) == (422, True)
