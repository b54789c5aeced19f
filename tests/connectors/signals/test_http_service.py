"""A service as it should be: URL, key, paging, lag, pace, cache."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import polars as pl
import pytest

from supplynet.connectors.signals.http_service import HttpService
from supplynet.connectors.signals.provider import SignalSetup
from supplynet.errors import ConnectorError, InvalidInput, NotFound
from supplynet.frames.drivers import join_drivers
from supplynet.frames.tables import DRIVERS_SCHEMA

if TYPE_CHECKING:
    from tests.connectors.signals.conftest import Ask, Clock, Define, Fetch, Stage


def day(number: int, hour: int = 0) -> datetime:
    return datetime(2026, 1, number, hour, tzinfo=UTC)


def query(path: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(path).query, keep_blank_values=True)


def test_values_hold_from_their_day_and_are_known_after_its_end_and_the_lag(fetch: Fetch) -> None:
    frame = fetch()
    assert frame.schema == DRIVERS_SCHEMA
    assert frame["driver"].unique().to_list() == ["test.steel"]
    assert frame.select("at", "value", "known_at").rows() == [
        (day(2), 10.5, day(4)),
        (day(3), 11.0, day(5)),
    ]


def test_the_service_is_asked_for_the_symbol_and_whole_days(stage: Stage, fetch: Fetch) -> None:
    fetch()
    assert query(stage.paths[0]) == {"s": ["steel"], "from": ["2026-01-01"], "to": ["2026-01-10"]}
    assert stage.headers[0]["host"] == stage.host
    assert stage.headers[0]["user-agent"].startswith("supplynet/")
    assert "cookie" not in stage.headers[0]


@pytest.mark.parametrize("symbol", ["a&b=c", "ä ö", "100%", "a#b", "a+b", "50€?x=1"])
def test_a_symbol_is_encoded_whatever_it_is(
    stage: Stage, fetch: Fetch, ask: Ask, symbol: str
) -> None:
    fetch(ask(symbol))
    assert query(stage.paths[0])["s"] == [symbol]


def test_a_symbol_cannot_leave_the_path(stage: Stage, fetch: Fetch, ask: Ask) -> None:
    with pytest.raises(InvalidInput, match="leave the service's path"):
        fetch(ask("../admin"), url=f"{stage.url}/data/{{symbol}}")
    assert stage.paths == []


def test_a_symbol_in_parts_fills_a_placeholder_each(stage: Stage, fetch: Fetch, ask: Ask) -> None:
    rule = {"means": "flow/key", "parts": ["flow", "key"]}
    fetch(ask("EXR/D.USD"), url=f"{stage.url}/v1/{{flow}}/{{key}}", parameters={}, symbol=rule)
    assert stage.paths == ["/v1/EXR/D.USD"]
    with pytest.raises(InvalidInput, match="must be flow/key"):
        fetch(ask("EXR"), url=f"{stage.url}/v1/{{flow}}/{{key}}", parameters={}, symbol=rule)


def test_a_market_is_added_to_a_bare_symbol_only(stage: Stage, fetch: Fetch, ask: Ask) -> None:
    rule = {"means": "a ticker", "case": "lower", "suffix": ".us"}
    fetch(ask("AAPL", "VOD.UK", "^SPX"), symbol=rule)
    assert [query(path)["s"] for path in stage.paths] == [["aapl.us"], ["vod.uk"], ["^spx"]]


def test_the_driver_keeps_the_symbol_as_it_was_asked_for(fetch: Fetch, ask: Ask) -> None:
    frame = fetch(ask("AAPL"), symbol={"means": "a ticker", "case": "lower", "suffix": ".us"})
    assert frame["driver"].unique().to_list() == ["test.AAPL"]


def test_further_values_fill_placeholders_over_their_defaults(
    stage: Stage, fetch: Fetch, ask: Ask
) -> None:
    place = {"parameters": {"lat": "{latitude}", "units": "{units}"}, "defaults": {"units": "C"}}
    fetch(ask(values={"latitude": "48.1"}), **place)
    fetch(ask(values={"latitude": "48.1", "units": "F"}), **place)
    assert [query(path)["units"] for path in stage.paths] == [["C"], ["F"]]
    with pytest.raises(InvalidInput, match="--set latitude="):
        fetch(**place)
    with pytest.raises(InvalidInput, match="knows no value 'lat'; it takes latitude, units"):
        fetch(ask(values={"lat": "48.1"}), **place)


KEY = {"variable": "TEST_KEY", "parameter": "key"}


def test_a_key_comes_from_the_environment_and_goes_where_the_service_wants_it(
    stage: Stage, fetch: Fetch
) -> None:
    fetch(key=KEY)
    assert query(stage.paths[0])["key"] == ["s3cret-key"]
    fetch(key={"variable": "TEST_KEY", "header": "X-Api-Key"})
    assert "key" not in query(stage.paths[1])
    assert stage.headers[1]["x-api-key"] == "s3cret-key"


def test_a_missing_key_is_named_and_nothing_is_asked(
    stage: Stage, define: Define, ask: Ask, setup: SignalSetup
) -> None:
    without = replace(setup, environment={})
    with pytest.raises(InvalidInput, match="set the environment variable TEST_KEY"):
        HttpService(define(key=KEY), without).fetch(ask())
    assert stage.paths == []
    HttpService(define(key={**KEY, "required": False}), without).fetch(ask())
    assert "key" not in query(stage.paths[0])


@pytest.mark.parametrize("bad", ["two words", "line\nbreak", "ü"])
def test_a_key_that_would_break_the_request_is_refused_unseen(
    define: Define, ask: Ask, setup: SignalSetup, bad: str
) -> None:
    with pytest.raises(InvalidInput, match="odd characters") as caught:
        HttpService(define(key=KEY), replace(setup, environment={"TEST_KEY": bad})).fetch(ask())
    assert bad not in str(caught.value)


def test_the_key_is_in_no_message_no_warning_and_no_file(
    stage: Stage,
    fetch: Fetch,
    setup: SignalSetup,
    warnings: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    said: list[str] = []
    for status in (400, 401, 418, 500, 302):
        stage.says(b"the key s3cret-key is exhausted", status=status)
        with pytest.raises((InvalidInput, ConnectorError)) as caught:
            fetch(key=KEY)
        said.append(str(caught.value))
        assert caught.value.__cause__ is None
    assert "the key *** is exhausted" in said[0]
    stage.says()
    fetch(key=KEY)
    stage.says(b'{"rows": "s3cret-key"}')
    with pytest.raises(ConnectorError):
        fetch(key=KEY, cache_hours=0, rows={"path": "rows", "time": "other"})
    files = [path for path in setup.folder.rglob("*") if path.is_file()]
    assert files
    assert not any(b"s3cret" in path.read_bytes() or "s3cret" in path.name for path in files)
    assert not any("s3cret" in text for text in [*said, *warnings, caplog.text])


def test_pages_are_read_until_the_last(stage: Stage, fetch: Fetch) -> None:
    page = '{{"pages": 2, "rows": [{{"day": "2026-01-0{}", "v": {}}}]}}'
    stage.does(*(stage.answer(page.format(n + 1, n).encode()) for n in (1, 2)))
    frame = fetch(paging={"parameter": "page", "pages": "pages"})
    assert [query(path)["page"] for path in stage.paths] == [["1"], ["2"]]
    assert frame["value"].to_list() == [1.0, 2.0]


def test_pages_by_size_end_with_one_that_is_not_full(stage: Stage, fetch: Fetch) -> None:
    full = b'{"rows": [{"day": "2026-01-02", "v": 1}, {"day": "2026-01-03", "v": 2}]}'
    stage.does(stage.answer(full), stage.answer(b'{"rows": [{"day": "2026-01-04", "v": 3}]}'))
    frame = fetch(paging={"parameter": "offset", "counts": "rows", "first": 0, "size": 2})
    assert [query(path)["offset"] for path in stage.paths] == [["0"], ["2"]]
    assert frame["value"].to_list() == [1.0, 2.0, 3.0]


def test_a_service_that_always_has_another_page_is_left(
    fetch: Fetch, stage: Stage, setup: SignalSetup
) -> None:
    stage.says(b'{"pages": 1000000, "rows": []}')
    with pytest.raises(ConnectorError, match="more than 100 pages"):
        fetch(paging={"parameter": "page", "pages": "pages"})
    assert len(stage.paths) == setup.limits.maximum_pages


def test_questions_keep_the_pace_that_the_service_allows(
    fetch: Fetch, ask: Ask, clock: Clock
) -> None:
    fetch(ask("a", "b", "c"), requests_per_minute=5)
    assert clock.slept == [12.0, 12.0]


def test_a_published_time_is_taken_as_it_is_and_vintages_are_rows(
    stage: Stage, fetch: Fetch
) -> None:
    stage.says(
        b'{"rows": [{"day": "2026-01-01", "v": 1, "out": "2026-01-05"},'
        b' {"day": "2026-01-01", "v": 2, "out": "2026-01-08"}]}'
    )
    frame = fetch(publication={"known": "column", "column": "out", "lag_hours": 24})
    assert frame.select("at", "value", "known_at").rows() == [
        (day(1), 1.0, day(6)),
        (day(1), 2.0, day(9)),
    ]


def test_a_forecast_is_known_when_it_was_fetched(stage: Stage, fetch: Fetch, ask: Ask) -> None:
    stage.says(b'{"rows": [{"day": "2026-01-12", "v": -5}]}')
    frame = fetch(
        ask(start=day(10), end=day(20)),
        publication={"known": "fetched"},
        dates={"future": True},
    )
    assert query(stage.paths[0])["to"] == ["2026-01-19"]
    assert frame.select("at", "known_at").rows() == [(day(12), day(10, 12))]


def test_a_day_that_is_not_over_has_no_value_yet(stage: Stage, fetch: Fetch) -> None:
    stage.says(b'{"rows": [{"day": "2026-01-09", "v": 1}, {"day": "2026-01-10", "v": 2}]}')
    assert fetch()["at"].to_list() == [day(9)]


def test_the_lag_can_be_overridden_and_never_negative(fetch: Fetch, ask: Ask) -> None:
    assert fetch(ask(lag=timedelta(hours=6)))["known_at"][0] == day(3, 6)
    with pytest.raises(InvalidInput, match="before they were known"):
        ask(lag=timedelta(hours=-1))


@pytest.mark.parametrize("hours_after", [-1, 0, 1])
def test_joined_at_a_cutoff_no_value_was_known_after_it(fetch: Fetch, hours_after: int) -> None:
    frame = fetch()
    rows = pl.DataFrame(
        {
            "location_id": "SR1.ST1.A",
            "part_id": "P-1",
            "period_start": [day(9)] * 2,
            "cutoff": [each + timedelta(hours=hours_after) for each in (day(4), day(5))],
        }
    )
    joined = join_drivers(rows, frame)["test.steel"].to_list()
    assert joined == ([None, 10.5] if hours_after < 0 else [10.5, 11.0])


def test_a_place_and_a_part_are_carried(fetch: Fetch, ask: Ask) -> None:
    frame = fetch(ask(location_id="SR1", part_id="P-1"))
    assert frame.select("location_id", "part_id").unique().rows() == [("SR1", "P-1")]


def test_only_the_fields_asked_for_come(stage: Stage, fetch: Fetch, ask: Ask) -> None:
    stage.says(b'{"rows": [{"day": "2026-01-02", "open": 1, "close": 2}]}')
    values = {"open": {"column": "open"}, "close": {"column": "close"}}
    assert fetch(ask(fields=("close",)), values=values)["driver"].to_list() == ["test.steel.close"]
    with pytest.raises(InvalidInput, match="no 'high'; it has open, close"):
        fetch(ask(fields=("high",)), values=values)


def test_a_young_answer_is_not_asked_for_again(
    stage: Stage, fetch: Fetch, ask: Ask, clock: Clock
) -> None:
    first = fetch()
    clock.seconds += 11 * 3600
    later = ask(start=day(2), end=clock.now())
    assert fetch(later).equals(first)
    assert len(stage.paths) == 1
    clock.seconds += 3600
    fetch(ask(end=clock.now()))
    assert len(stage.paths) == 2


@pytest.mark.parametrize(
    "other",
    [
        {"symbols": ("copper",)},
        {"start": day(1) - timedelta(days=1)},
        {"values": {"from": "x"}},
        {"location_id": "SR1"},
        {"lag": timedelta(0)},
    ],
)
def test_another_question_is_not_answered_from_the_cache(
    stage: Stage, fetch: Fetch, ask: Ask, other: dict[str, Any]
) -> None:
    parameters = {"s": "{symbol}", "x": "{from}"}
    changes: dict[str, Any] = {"parameters": parameters, "defaults": {"from": "y"}}
    fetch(**changes)
    fetch(ask(**other), **changes)
    assert len(stage.paths) == 2


def test_a_changed_definition_is_another_question(stage: Stage, fetch: Fetch) -> None:
    fetch()
    fetch(values={"value": {"column": "v", "highest": 100.0}})
    assert len(stage.paths) == 2


def test_when_the_service_is_down_the_old_answer_stands_in_with_a_warning(
    stage: Stage, fetch: Fetch, clock: Clock, warnings: list[str]
) -> None:
    first = fetch()
    clock.seconds += 20 * 86400
    stage.says(b"", status=503)
    assert fetch().equals(first)
    assert len(warnings) == 1
    assert "stale since 2026-01-10 12:00Z" in warnings[0]
    assert "503" in warnings[0]


def test_an_answer_older_than_the_limit_does_not_stand_in(
    stage: Stage, fetch: Fetch, clock: Clock
) -> None:
    fetch()
    clock.seconds += 31 * 86400
    stage.says(b"", status=503)
    with pytest.raises(ConnectorError, match="503"):
        fetch()


def test_a_refusal_is_not_covered_by_the_cache(stage: Stage, fetch: Fetch, clock: Clock) -> None:
    fetch()
    clock.seconds += 86400
    stage.says(b"gone", status=404)
    with pytest.raises(InvalidInput, match="404"):
        fetch()


Damage = Callable[[bytes], bytes]


@pytest.mark.parametrize(
    "damage",
    [
        lambda _content: b"",
        lambda content: content[:-1],
        lambda content: content[:-5] + b"x" + content[-4:],
        lambda content: b"{}\n" + content.partition(b"\n")[2],
        lambda content: b"[1]\n" + content.partition(b"\n")[2],
        lambda content: content.replace(b'"schema": 1', b'"schema": 2'),
        lambda content: content.replace(b"+00:00", b"      "),
    ],
)
def test_a_damaged_cache_file_counts_as_none(
    stage: Stage, fetch: Fetch, setup: SignalSetup, damage: Damage
) -> None:
    first = fetch()
    (path,) = setup.cache.iterdir()
    path.write_bytes(damage(path.read_bytes()))
    assert fetch().equals(first)
    assert len(stage.paths) == 2


def test_a_cache_that_cannot_be_written_costs_a_warning_only(
    fetch: Fetch, setup: SignalSetup, warnings: list[str]
) -> None:
    setup.folder.mkdir()
    setup.cache.write_text("a file where the folder should be")
    assert fetch().height == 2
    assert "cannot be written" in warnings[0]


def test_no_rows_is_not_an_empty_success(stage: Stage, fetch: Fetch) -> None:
    for body in (b'{"rows": []}', b'{"rows": null}'):
        stage.says(body)
        with pytest.raises(InvalidInput, match="the service has nothing from 2026-01-01"):
            fetch()


def test_no_rows_is_not_found(define: Define, ask: Ask, setup: SignalSetup, stage: Stage) -> None:
    stage.says(b'{"rows": []}')
    with pytest.raises(NotFound):
        HttpService(define(), setup).fetch(ask())
