"""Logs say what happened, in one line, and keep secrets."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from io import StringIO
from typing import Literal

import pytest
import structlog

from supplynet import logs


@pytest.fixture
def style(request: pytest.FixtureRequest) -> Literal["text", "json"]:
    return getattr(request, "param", "text")


@pytest.fixture
def log(style: Literal["text", "json"]) -> Iterator[StringIO]:
    """What the process logs; the logging of the tests comes back afterwards."""
    root, written = logging.getLogger(), StringIO()
    before = (list(root.handlers), root.level)
    levels = {name: logging.getLogger(name).level for name in (*logs.LIBRARIES, logs.ACCESS)}
    logs.configure(style=style, level="info", stream=written)
    yield written
    root.handlers[:], root.level = before
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


BOTH = pytest.mark.parametrize("style", ["text", "json"], indirect=True)
TOKEN = "sn_" + "Ab1-" * 11


@pytest.mark.parametrize(
    "said",
    [
        "password=hunter2",
        "Password: hunter2, and more",
        '{"password": "hunter2 with spaces", "x": 1}',
        "mqtt_password = 'hunter2'",
        "csrf-token: hunter2",
        "api_key=>hunter2",
        "Cookie: supplynet_session=hunter2",
        "Authorization: Basic hunter2hunter2",
        "sent Bearer hunter2hunter2",
        f"token {TOKEN}hunter2 was shown",
        "badge SNB-HUNTER2HUNTER2HUNTER2HUNTER",
        "postgresql+psycopg://supplynet:hunter2@db/books",
        "https://user:p@hunter2@host/path",
        "[SQL: INSERT] [parameters: ('hunter2',)]",
        "hash $argon2id$v=19$hunter2",
        "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----",
    ],
)
def test_what_looks_like_a_secret_is_not_written(said: str) -> None:
    assert "hunter2" not in logs.redact(said).lower()


@pytest.mark.parametrize(
    "said",
    [
        "order 7 is shipped and cannot become approved",
        "mqtts://broker.plant:8883 does not answer",
        "postgresql://db/books",
        "2 tokens, 3 cookies",
        "basic settings are fine",
    ],
)
def test_what_is_no_secret_is_left_as_it_is(said: str) -> None:
    assert logs.redact(said) == said


@pytest.mark.parametrize(
    "said", ["a" * 16_000, "://" + ":" * 16_000, 'token="' * 2000, "-----BEGIN" * 1600]
)
def test_nobody_makes_the_log_slow_with_what_they_send(said: str) -> None:
    begun = time.process_time()
    logs.redact(said)
    assert time.process_time() - begun < 1.0


@BOTH
def test_values_under_telling_names_are_hidden_however_deep(log: StringIO) -> None:
    structlog.get_logger().warning(
        "x", password="hunter2", database_url="hunter2", deep={"a": [{"Cookie": "hunter2"}]}
    )
    assert "hunter2" not in log.getvalue()
    assert logs.HIDDEN in log.getvalue()


@BOTH
def test_nobody_writes_a_line_of_the_log(log: StringIO) -> None:
    forged = "x\n2026-01-01T00:00:00Z info  supplynet: all is well\r\x1b[2J\u2028y"
    structlog.get_logger().warning(forged, place=forged)
    logging.getLogger("other").warning("said %s", forged)
    assert len(log.getvalue().splitlines()) == 2
    assert "\x1b" not in log.getvalue()


@pytest.mark.parametrize("style", ["json"], indirect=True)
def test_a_line_has_time_level_logger_and_message(log: StringIO) -> None:
    logging.getLogger("supplynet.x").info("counted %d", 3, extra={"place": "SR1"})
    structlog.get_logger().error("failed", number=7)
    first, second = (json.loads(line) for line in log.getvalue().splitlines())
    assert {k: v for k, v in first.items() if k != "time"} == {
        "level": "info",
        "logger": "supplynet.x",
        "message": "counted 3",
        "place": "SR1",
    }
    assert first["time"].endswith("Z")
    assert (second["level"], second["message"], second["number"]) == ("error", "failed", 7)


@BOTH
def test_an_exception_is_told_whole_and_its_secrets_are_not(log: StringIO) -> None:
    try:
        raise ValueError("token=hunter2hunter2\n2026-01-01T00:00:00Z info forged")
    except ValueError:
        logging.getLogger("supplynet.x").exception("it failed")
    said = log.getvalue()
    assert "Traceback" in said
    assert "test_logs.py" in said
    assert not any(line.startswith("2026-01-01") for line in said.splitlines())
    assert "ValueError: token=[hidden]" in said


@BOTH
def test_lines_say_who_is_behind_them(log: StringIO) -> None:
    told = logs.ABOUT.set(lambda: {"request_id": "1234", "actor": "ana"})
    try:
        structlog.get_logger().warning("x")
        logging.getLogger("y").warning("y")
    finally:
        logs.ABOUT.reset(told)
    assert log.getvalue().count("ana") == log.getvalue().count("1234") == 2
