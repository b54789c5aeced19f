"""Users and topic limits: the files, and a real Mosquitto that keeps to them."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from supplynet.connectors import mqtt_link
from supplynet.connectors.mqtt_acl import hashed, users_of, write_files
from supplynet.connectors.mqtt_broker import Broker
from supplynet.connectors.mqtt_link import Message
from supplynet.connectors.mqtt_sources import borrowed
from supplynet.core.events import Event, EventType
from supplynet.core.network import Location, LocationKind, Plant
from supplynet.errors import ConfigError, ConnectorError, InvalidInput
from supplynet.worker.mqtt import letters_of

READER = "books"


@pytest.fixture(scope="session")
def two_stations(small_plant: Plant) -> Plant:
    """The small plant with a second station beside the first."""
    more = (
        Location(location_id="SR1.ST2", kind=LocationKind.STATION, parent_id="SR1"),
        Location(location_id="SR1.ST2.A", kind=LocationKind.LINE, parent_id="SR1.ST2"),
    )
    return replace(small_plant, locations=(*small_plant.locations, *more))


def topics(plant: Plant, name: str) -> tuple[str, ...]:
    (found,) = [user.writes for user in users_of(plant, READER) if user.name == name]
    return found


def test_a_station_may_write_below_its_own_place_and_supplynet_may_read(
    two_stations: Plant,
) -> None:
    reader, *senders = users_of(two_stations, READER)
    assert (reader.reads, reader.writes) == (("supplynet/v1/#",), ())
    assert {user.name for user in senders} == {"WH1", "SR1", "SR1.ST1", "SR1.ST2"}
    assert all(user.reads == () for user in senders)
    assert topics(two_stations, "SR1.ST1") == (
        "supplynet/v1/SR1/ST1/#",
        "supplynet/v1/SR1/SR1.ST1/#",
        "supplynet/v1/SR1.ST1/+",
        "supplynet/v1/SR1.ST1.A/+",
        "supplynet/v1/SR1.ST1.B/+",
    )
    assert topics(two_stations, "SR1") == ("supplynet/v1/SR1/+",)


def place(location_id: str, parent_id: str | None, kind: LocationKind) -> Location:
    return Location(location_id=location_id, parent_id=parent_id, kind=kind)


@pytest.mark.parametrize(
    "odd",
    [
        place("SR1.ST1.X", "SR1.ST2", LocationKind.LINE),  # named like another station's line
        place("SR1.consumed", "SR1", LocationKind.STATION),  # .../SR1/consumed is a report of SR1
    ],
)
def test_a_filter_for_all_below_is_given_only_where_it_reaches_nobody_else(
    two_stations: Plant, odd: Location
) -> None:
    plant = replace(two_stations, locations=(*two_stations.locations, odd))
    station = odd.location_id if odd.kind is LocationKind.STATION else "SR1.ST1"
    found = topics(plant, station)
    assert f"supplynet/v1/{station}/+" in found
    assert not any(topic.endswith("#") for topic in found)


@pytest.mark.parametrize("reader", ["WH1", "two words", "", "a:b", "x\nuser y"])
def test_a_name_that_is_taken_or_no_name_is_refused(small_plant: Plant, reader: str) -> None:
    with pytest.raises(InvalidInput, match="mqtt_username"):
        users_of(small_plant, reader)


def test_known_users_keep_their_passwords_until_they_are_rotated(
    small_plant: Plant, tmp_path: Path
) -> None:
    users = users_of(small_plant, READER)
    first = write_files(tmp_path, users[:2])
    assert all(user.password for user in first)
    kept = (tmp_path / "passwords").read_text().splitlines()
    assert not any(user.password in "".join(kept) for user in first)
    assert (tmp_path / "passwords").stat().st_mode & 0o007 == 0
    second = write_files(tmp_path, users)
    assert [bool(user.password) for user in second] == [False, False, *[True] * len(users[2:])]
    assert (tmp_path / "passwords").read_text().splitlines()[:2] == kept
    assert all(user.password for user in write_files(tmp_path, users, rotate=True))
    assert (tmp_path / "passwords").read_text().splitlines()[0] != kept[0]


def test_a_password_file_that_is_not_ours_is_left_alone(small_plant: Plant, tmp_path: Path) -> None:
    (tmp_path / "passwords").write_text("ana:plain text\n")
    with pytest.raises(ConfigError, match="line 1 is no user"):
        write_files(tmp_path, users_of(small_plant, READER))
    assert (tmp_path / "passwords").read_text() == "ana:plain text\n"


def test_a_hash_is_what_mosquittos_own_tool_makes(tmp_path: Path) -> None:
    tool = shutil.which("mosquitto_passwd")
    if tool is None:
        pytest.skip("no mosquitto_passwd here")
    subprocess.run([tool, "-b", "-c", str(tmp_path / "theirs"), "plc", "secret"], check=True)
    theirs = (tmp_path / "theirs").read_text().strip()
    _, kind, rounds, salt, _ = theirs.split("$")
    assert kind == "7"
    assert theirs == f"plc:{hashed('secret', base64.b64decode(salt), int(rounds))}"


def heard(broker: Broker, deaf: Broker, say: Callable[[], None], last: str) -> list[str]:
    """Topics of all that a reader gets of what is said, up to the last one; the other gets none."""
    found: list[str] = []
    with mqtt_link.connect(broker) as link, mqtt_link.connect(deaf) as other:
        while not (link.is_subscribed and other.is_subscribed):
            link.receive(0.05)
            other.receive(0.05)
        say()
        while last not in found:
            batch = link.receive(0.2)
            found += [message.topic for message in batch]
            link.acknowledge(batch)
        assert other.receive(0.05) == []
    return found


def test_mosquitto_keeps_a_station_to_its_own_topics(
    mosquitto: Any, two_stations: Plant, tmp_path: Path, publish: Callable[..., None]
) -> None:
    users = write_files(tmp_path / "auth", users_of(two_stations, READER))
    words = {user.name: user.password for user in users}
    mosquitto.settings = (
        f"allow_anonymous false\npassword_file {tmp_path}/auth/passwords\n"
        f"acl_file {tmp_path}/auth/acl\n"
    )
    mosquitto.start()
    own = ["SR1/ST1/A/consumed", "SR1/SR1.ST1/SR1.ST1.A/consumed", "SR1.ST1.B/counter"]
    others = ["SR1/ST2/A/consumed", "SR1/counted", "WH1/counted", "SR1.ST2.A/consumed"]

    def say() -> None:
        # What is not allowed is dropped without a word: old clients could not hear it.
        for name, wanted in ((READER, own), ("SR1.ST1", [*others, *own])):
            messages = [(f"supplynet/v1/{topic}", name.encode()) for topic in wanted]
            publish(mosquitto.port, messages, username=name, password=words[name])

    def at(name: str) -> Broker:
        broker: Broker = mosquitto.broker(username=name, password=words[name])
        return replace(broker, client_id=name)

    found = heard(at(READER), at("SR1.ST1"), say, last=f"supplynet/v1/{own[-1]}")
    assert found == [f"supplynet/v1/{topic}" for topic in own]
    with pytest.raises(ConnectorError):
        mqtt_link.connect(
            mosquitto.broker(username="SR1.ST2", password=words["SR1.ST1"])
        ).__enter__()


def event(source: str, location_id: str) -> Event:
    return Event(
        source=source,
        event_id="1",
        type=EventType.CONSUMED,
        occurred_at=datetime(2026, 1, 5, tzinfo=UTC),
        location_id=location_id,
        part_id="bolt",
        quantity=1,
    )


@pytest.mark.parametrize(
    ("source", "location_id", "is_borrowed"),
    [
        ("plc-7", "SR1.ST1.A", False),
        ("SR1.ST1", "SR1.ST1.A", False),
        ("SR1.ST1-plc-7", "SR1.ST1.A", False),
        ("SR1.ST1.A_plc", "SR1.ST1", False),
        ("SR1-gate", "SR1.ST1.A", False),
        ("SR1.ST1.A", "SR1.ST1.B", True),
        ("SR1.ST2", "SR1.ST1.A", True),
        ("SR1.ST2-plc-7", "SR1.ST1.A", True),
        ("WH1-gate", "SR1", True),
        ("SR1.ST2", "nowhere", False),  # refused for that reason already
    ],
)
def test_a_source_that_is_named_after_a_place_speaks_for_that_place_alone(
    two_stations: Plant, source: str, location_id: str, is_borrowed: bool
) -> None:
    found = borrowed(two_stations, event(source, location_id))
    assert bool(found) == is_borrowed
    if is_borrowed:
        assert source in found


def test_a_message_under_another_stations_source_becomes_a_dead_letter(
    two_stations: Plant,
) -> None:
    body = {
        "schema": 1,
        "source": "SR1.ST2-plc",
        "event_id": "1",
        "occurred_at": "2026-01-05T21:58:00Z",
        "part_id": "bolt",
        "quantity": 1,
    }
    topic = "supplynet/v1/SR1/ST1/A/consumed"
    message = Message(topic=topic, payload=json.dumps(body).encode(), number=1)
    (letter,) = letters_of([message], two_stations)
    assert letter.event is None
    assert "named after SR1.ST2" in letter.problem
