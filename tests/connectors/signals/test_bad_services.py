"""Services that fail, stall and lie. No answer of theirs becomes a value or a traceback."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.connectors.signals.http_service import HttpService
from supplynet.connectors.signals.provider import Limits, SignalSetup
from supplynet.errors import ConnectorError, InvalidInput, SupplyNetError
from supplynet.outbound.http import unpacked

if TYPE_CHECKING:
    from tests.connectors.signals.conftest import Ask, Clock, Define, Fetch, Stage

HEAD = b"HTTP/1.1 200 OK\r\n"
CSV: dict[str, Any] = {"format": "csv", "rows": {"time": "day"}}


@pytest.mark.parametrize("status", [500, 502, 503, 408, 429])
def test_a_failure_that_may_pass_is_tried_again(
    stage: Stage, fetch: Fetch, clock: Clock, status: int
) -> None:
    stage.does(stage.answer(b"busy", status), stage.answer(b"busy", status), stage.answer())
    assert fetch().height == 2
    first, second = (pause for pause in clock.slept if pause > 0.02)
    assert 0 < first <= 0.5
    assert 0 < second <= 1.0


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418, 451])
def test_a_refusal_is_not_tried_again(stage: Stage, fetch: Fetch, status: int) -> None:
    stage.says(b'{"error": "unknown symbol"}', status)
    with pytest.raises(InvalidInput, match=f"({status}).*unknown symbol"):
        fetch()
    assert len(stage.paths) == 1


def test_tries_come_to_an_end(stage: Stage, fetch: Fetch) -> None:
    stage.says(b"down", 500)
    with pytest.raises(ConnectorError, match="answered 500: down"):
        fetch()
    assert len(stage.paths) == 3


def test_the_service_says_when_it_wants_to_be_asked_again(
    stage: Stage, fetch: Fetch, clock: Clock
) -> None:
    at = format_datetime(clock.now() + timedelta(seconds=15), usegmt=True)
    stage.does(
        stage.answer(b"", 429, Retry_After="7"),
        stage.answer(b"", 503, Retry_After=at),
        stage.answer(),
    )
    fetch()
    first, second = (pause for pause in clock.slept if pause > 0.02)
    assert 7 <= first <= 7.5
    assert 7 <= second <= 9  # the date is 15 s after the first question


def test_a_wait_beyond_the_deadline_is_not_waited_for(
    stage: Stage, fetch: Fetch, clock: Clock
) -> None:
    stage.says(b"", 429, Retry_After="3600")
    with pytest.raises(ConnectorError, match="again in 3600 s"):
        fetch()
    assert len(stage.paths) == 1
    assert sum(clock.slept) < 1


@pytest.mark.parametrize("header", ["soon", "-5", "", "Wed, 99 Foo", "9" * 400])
def test_a_retry_after_that_says_nothing_is_left_alone(
    stage: Stage, fetch: Fetch, header: str
) -> None:
    stage.does(stage.answer(b"", 503, Retry_After=header), stage.answer())
    if header.startswith("9"):
        with pytest.raises(ConnectorError, match="503"):
            fetch()
    else:
        assert fetch().height == 2


def test_a_connection_closed_in_the_middle_is_tried_again(stage: Stage, fetch: Fetch) -> None:
    half = HEAD + b'Content-Length: 500\r\n\r\n{"rows": ['
    stage.does(stage.raw(half), stage.raw(b""), stage.answer())
    assert fetch().height == 2


def test_a_service_that_says_nothing_is_left_after_the_time_out(
    stage: Stage, define: Define, ask: Ask, setup: SignalSetup
) -> None:
    stage.does(stage.stall)
    quick = replace(setup, limits=Limits(read_seconds=0.1, attempts=2))
    with pytest.raises(ConnectorError, match=r"nothing came for 0\.1 s"):
        HttpService(define(), quick).fetch(ask())
    assert len(stage.paths) == 2


@pytest.mark.parametrize(
    "content",
    [HEAD + b"Content-Length: 9999\r\n\r\n" + b" " * 9999, HEAD + b"X-Drip: " + b"y" * 9999],
    ids=["body", "headers"],
)
def test_a_service_that_drips_is_cut_off(
    stage: Stage, define: Define, ask: Ask, setup: SignalSetup, clock: Clock, content: bytes
) -> None:
    clock.tick = 1.0  # a second passes with every look at the clock, so with every byte
    stage.does(stage.raw(content, step=1, pause=0.002))
    slow = replace(setup, limits=Limits(total_seconds=30, attempts=3))
    with pytest.raises(ConnectorError, match="took longer than 30 s"):
        HttpService(define(), slow).fetch(ask())
    assert len(stage.paths) == 1


def test_after_a_service_could_not_be_reached_the_next_symbols_do_not_wait(
    stage: Stage, define: Define, ask: Ask, setup: SignalSetup
) -> None:
    stage.does(stage.stall)
    service = HttpService(define(), replace(setup, limits=Limits(read_seconds=0.1, attempts=1)))
    for symbol in ("a", "b", "c"):
        with pytest.raises(ConnectorError):
            service.fetch(ask(symbol))
    assert len(stage.paths) == 1


def test_a_closed_port_is_a_connector_error(define: Define, ask: Ask, setup: SignalSetup) -> None:
    nobody = "127.0.0.1:1"
    closed = replace(setup, hosts=frozenset({nobody}), private_hosts=frozenset({nobody}))
    with pytest.raises(ConnectorError, match="the connection failed"):
        HttpService(define(url=f"http://{nobody}/data"), closed).fetch(ask())


@pytest.mark.parametrize(
    "answer",
    [
        b"this is not HTTP at all\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: minus five\r\n\r\n{}",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel",
        HEAD + b"X: " + b"x" * 200_000 + b"\r\n\r\n",
        HEAD + b"Content-Length: 2\r\nContent-Length: 5\r\n\r\n{}",
        b"",
    ],
)
def test_broken_http_is_a_connector_error(stage: Stage, fetch: Fetch, answer: bytes) -> None:
    stage.does(stage.raw(answer))
    with pytest.raises(ConnectorError, match="the connection failed"):
        fetch()


def test_a_length_that_is_too_short_cuts_the_answer_and_is_seen(stage: Stage, fetch: Fetch) -> None:
    stage.does(stage.raw(HEAD + b'Content-Length: 10\r\n\r\n{"rows": [{"day": "2026-01-02"}]}'))
    with pytest.raises(ConnectorError, match="broken JSON"):
        fetch()


def test_an_answer_that_says_that_it_is_too_large_is_not_read(
    stage: Stage, define: Define, ask: Ask, setup: SignalSetup
) -> None:
    stage.does(stage.raw(HEAD + b"Content-Length: 999999999999\r\n\r\n"))
    with pytest.raises(ConnectorError, match="larger than 1,000 bytes"):
        HttpService(define(), replace(setup, limits=Limits(maximum_bytes=1000))).fetch(ask())


def test_an_answer_without_end_is_cut_off(
    stage: Stage, define: Define, ask: Ask, setup: SignalSetup
) -> None:
    stage.does(stage.raw(HEAD + b"\r\n" + b" " * 3_000_000))
    with pytest.raises(ConnectorError, match="larger than 100,000 bytes"):
        HttpService(define(), replace(setup, limits=Limits(maximum_bytes=100_000))).fetch(ask())


def test_packed_answers_are_unpacked(stage: Stage, fetch: Fetch) -> None:
    good = b'{"rows": [{"day": "2026-01-02", "v": 1}]}'
    for encoding, body in (
        ("gzip", gzip.compress(good, mtime=0)),
        ("deflate", zlib.compress(good)),
    ):
        stage.says(body, Content_Encoding=encoding)
        assert fetch(title=encoding)["value"].to_list() == [1.0]


def test_a_gzip_bomb_is_unpacked_up_to_the_limit_only(
    stage: Stage, define: Define, ask: Ask, setup: SignalSetup
) -> None:
    bomb = gzip.compress(b" " * 20_000_000, mtime=0)
    assert len(bomb) < 30_000
    stage.says(bomb, Content_Encoding="gzip")
    with pytest.raises(ConnectorError, match="larger than 1,000,000 bytes"):
        HttpService(define(), replace(setup, limits=Limits(maximum_bytes=10**6))).fetch(ask())


@pytest.mark.parametrize(
    ("body", "encoding", "says"),
    [
        (b'{"rows": []}', "gzip", "says it is gzip and is not"),
        (gzip.compress(b'{"rows": []}', mtime=0)[:-9], "gzip", "in the middle of its gzip"),
        (gzip.compress(b"{}", mtime=0) + b"more", "gzip", "in the middle of its gzip"),
        (b"whatever", "br", "packed as 'br'"),
        (b"whatever", "gzip, gzip", "packed as 'gzip, gzip'"),
    ],
)
def test_a_wrong_packing_is_seen(
    stage: Stage, fetch: Fetch, body: bytes, encoding: str, says: str
) -> None:
    stage.says(body, Content_Encoding=encoding)
    with pytest.raises(ConnectorError, match=says):
        fetch()


def test_an_error_page_with_status_200_is_no_answer(stage: Stage, fetch: Fetch) -> None:
    page = b"<!DOCTYPE html><html><title>Please wait</title></html>"
    for kind in ("text/html", "application/json", "text/csv"):
        stage.says(page, Content_Type=kind)
        for changes in ({}, CSV):
            with pytest.raises(ConnectorError, match=r"a web page instead of (JSON|CSV)"):
                fetch(**changes)


def test_what_the_content_type_says_is_not_believed(stage: Stage, fetch: Fetch) -> None:
    for kind in ("text/html; charset=latin-1", "image/png", ""):
        stage.says(Content_Type=kind)
        assert fetch(title=kind or "none").height == 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"rows": [{"day": "2026-01-02", "v": 1}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"rows": [' + b"9" * 5000 + b"]}",
        b"null",
        b"[]",
        b'"rows"',
        b'{"rows": {"day": 1}}',
        b'{"rows": 5}',
        b'{"other": []}',
        b'{"Information": "rate limit"}',
    ],
)
def test_json_that_is_not_what_the_definition_says_is_a_connector_error(
    stage: Stage, fetch: Fetch, body: bytes
) -> None:
    stage.says(body)
    with pytest.raises(ConnectorError, match="answered with"):
        fetch()


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "without 'day'"),
        (b"No data", "without 'day'.*No data"),
        (b"Exceeded the daily hits limit", "Exceeded the daily"),
        (b'{"Information": "rate limit"}', "without 'day'"),
        (b"day,v\n2026-01-02", "line 2 has 1 cells of 2"),
        (b"day,v\n2026-01-02,1,2\n", "line 2 has 3 cells of 2"),
        (b'day,v\n"2026-01-02,1\n', "broken CSV"),
        (b"day,v\n\xff,1\n", "broken CSV"),
        (b"day,v\n" + b"x" * 200_000 + b",1\n", "broken CSV"),
    ],
)
def test_csv_that_is_not_what_the_definition_says_is_a_connector_error(
    stage: Stage, fetch: Fetch, body: bytes, says: str
) -> None:
    stage.says(body)
    with pytest.raises(ConnectorError, match=says):
        fetch(**CSV)


def test_what_a_service_says_cannot_write_on_the_terminal(stage: Stage, fetch: Fetch) -> None:
    stage.says(b"\x1b[2J\x1b]0;owned\x07 all\r\n lost " + b"x" * 1000, 404)
    with pytest.raises(InvalidInput) as caught:
        fetch()
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


def rows(*values: Any, first: int = 1) -> bytes:
    made = [{"day": f"2026-01-{n:02}", "v": v} for n, v in enumerate(values, start=first)]
    return json.dumps({"rows": made}).encode()


def test_values_that_are_none_are_no_values(stage: Stage, fetch: Fetch) -> None:
    stage.says(rows(1, None, "", ".", "N/A", "2.5", 3))
    assert fetch()["value"].to_list() == [1.0, 2.5, 3.0]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (float("nan"), "not finite"),
        (float("inf"), "not finite"),
        ("-Infinity", "not finite"),
        (1e300, "outside -1e\\+15 to 1e\\+15"),
        (10**400, "no number"),
        ("many", "no number"),
        ("1,234.5", "no number"),
        (True, "no number"),
        ([1], "no number"),
        ({"v": 1}, "no number"),
    ],
)
def test_an_absurd_value_is_left_out_and_told(
    stage: Stage, fetch: Fetch, warnings: list[str], value: Any, reason: str
) -> None:
    stage.says(rows(1, value, 3))
    assert fetch()["value"].to_list() == [1.0, 3.0]
    (warning,) = warnings
    assert "test steel: left out 1 of 3 values: 1" in warning
    assert re.search(reason, warning)


def test_bounds_of_the_definition_hold(stage: Stage, fetch: Fetch, warnings: list[str]) -> None:
    stage.says(rows(-5, 99, 20))
    values = {"value": {"column": "v", "lowest": -10, "highest": 50}}
    assert fetch(values=values)["value"].to_list() == [-5.0, 20.0]
    assert "1 outside -10 to 50" in warnings[0]


def test_when_most_of_it_is_absurd_nothing_is_believed(stage: Stage, fetch: Fetch) -> None:
    stage.says(rows(1, "x", float("nan")))
    with pytest.raises(ConnectorError, match="2 of 3 values cannot be used"):
        fetch()


def test_dates_that_were_not_asked_for_are_left_out_and_told(
    stage: Stage, fetch: Fetch, warnings: list[str]
) -> None:
    body = b'{"rows": [{"day": "2020-05-05", "v": 1}, {"day": "2026-01-02", "v": 2},'
    stage.says(body + b'{"day": "2026-01-03", "v": 3}]}')
    assert fetch()["value"].to_list() == [2.0, 3.0]
    assert "1 outside 2026-01-01 to 2026-01-10" in warnings[0]


def test_an_answer_for_other_dates_altogether_is_refused(stage: Stage, fetch: Fetch) -> None:
    stage.says(rows(1, 2, 3).replace(b"2026", b"2019"))
    with pytest.raises(ConnectorError, match="3 outside 2026-01-01 to 2026-01-10"):
        fetch()


def test_a_service_that_has_no_ranges_may_say_more(
    stage: Stage, fetch: Fetch, warnings: list[str]
) -> None:
    stage.says(rows(1, 2).replace(b"2026-01-01", b"2019-01-01"))
    assert fetch(dates={"ranged": False})["value"].to_list() == [2.0]
    assert warnings == []


@pytest.mark.parametrize("when", ["yesterday", "", None, 5, "2026-13-01", "99999-01-01", [1], {}])
def test_a_time_that_is_none_is_left_out_and_told(
    stage: Stage, fetch: Fetch, warnings: list[str], when: Any
) -> None:
    good = [{"day": f"2026-01-0{n}", "v": n} for n in (1, 2)]
    stage.says(json.dumps({"rows": [*good, {"day": when, "v": 9}]}).encode())
    assert fetch()["value"].to_list() == [1.0, 2.0]
    assert "1 without a time that can be read" in warnings[0]


def test_unsorted_dates_are_sorted_and_of_the_same_the_last_holds(
    stage: Stage, fetch: Fetch
) -> None:
    days = ["2026-01-03", "2026-01-01", "2026-01-03", "2026-01-02"]
    made = [{"day": when, "v": n} for n, when in enumerate(days)]
    stage.says(json.dumps({"rows": made}).encode())
    assert fetch()["value"].to_list() == [1.0, 3.0, 2.0]


def test_records_that_are_none_are_left_out(stage: Stage, fetch: Fetch) -> None:
    stage.says(b'{"rows": [{"day": "2026-01-02", "v": 1}, {"day": "2026-01-03", "v": 1}, 7]}')
    assert fetch().height == 2


def test_lists_side_by_side_must_be_as_long_as_the_times(stage: Stage, fetch: Fetch) -> None:
    columns = {"path": "daily", "layout": "columns", "time": "time"}
    stage.says(b'{"daily": {"time": ["2026-01-02", "2026-01-03"], "v": [1, 2]}}')
    assert fetch(rows=columns)["value"].to_list() == [1.0, 2.0]
    for wrong in (b"[1]", b"5", b'"ab"'):
        stage.says(b'{"daily": {"time": ["2026-01-02", "2026-01-03"], "v": %s}}' % wrong)
        with pytest.raises(ConnectorError, match="as long as the times"):
            fetch(rows=columns, cache_hours=0)


@given(st.binary(max_size=200))
def test_no_bytes_whatever_break_the_unpacking(content: bytes) -> None:
    try:
        body = unpacked([content[:50], content[50:]], "gzip", 1000)
    except ConnectorError:
        return
    assert len(body) <= 1000


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["day", "v", "rows", "x"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(document=ANYTHING, layout=st.sampled_from(["records", "columns", "keyed"]))
def test_no_json_whatever_ends_in_a_traceback(
    stage: Stage, fetch: Fetch, document: Any, layout: str
) -> None:
    stage.says(json.dumps({"rows": document}).encode())
    try:
        frame = fetch(rows={"path": "rows", "layout": layout, "time": "day"}, cache_hours=0)
    except SupplyNetError:
        return
    assert frame["value"].is_finite().all()
