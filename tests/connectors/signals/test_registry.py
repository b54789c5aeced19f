from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from supplynet.connectors.signals.provider import SignalRequest, SignalSetup
from supplynet.connectors.signals.registry import describe, is_dated, looks_ahead, open_provider
from supplynet.errors import ConfigError, InvalidInput, NotFound

NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)
ASK = SignalRequest(symbols=("AAPL",), start=NOW - timedelta(days=365), end=NOW)


@pytest.fixture
def setup(tmp_path: Path) -> SignalSetup:
    return SignalSetup(folder=tmp_path, now=lambda: NOW)


def test_an_unknown_provider_is_answered_with_the_nearest(setup: SignalSetup) -> None:
    with pytest.raises(NotFound, match=r"did you mean 'frankfurter'\? there are csv, synthetic"):
        open_provider("frankfuter", setup)
    for name in ("", "../../etc/passwd", "http", "Stooq\n"):
        with pytest.raises(NotFound):
            open_provider(name, setup)


def test_a_definition_of_the_workspace_goes_before_the_shipped_one(setup: SignalSetup) -> None:
    (setup.folder / "stooq.toml").write_text(
        'title = "Ours"\nkind = "market"\nurl = "https://prices.example/x"\nformat = "csv"\n'
        'symbol = { means = "x" }\nrows = { time = "d" }\nvalues = { v = { column = "v" } }\n'
        'publication = { known = "fetched" }\n'
    )
    (info,) = [each for each in describe(setup) if each.name == "stooq"]
    assert (info.title, info.host, info.own, info.allowed) == (
        "Ours",
        "prices.example",
        True,
        False,
    )
    with pytest.raises(InvalidInput, match=r"add 'prices\.example' to signal_hosts"):
        open_provider("stooq", setup).fetch(ASK)


def test_a_wrong_definition_is_named(setup: SignalSetup) -> None:
    (setup.folder / "ours.toml").write_text("title = 5")
    with pytest.raises(ConfigError, match=r"ours\.toml"):
        describe(setup)


def test_a_key_is_described_by_its_variable_and_never_shown(setup: SignalSetup) -> None:
    with_key = replace(setup, environment={"FRED_API_KEY": "s3cret"})
    (fred,) = [each for each in describe(with_key) if each.name == "fred"]
    assert (fred.key, fred.has_key) == ("FRED_API_KEY", True)
    assert "s3cret" not in repr(describe(with_key)) + repr(with_key)


def test_who_dates_revisions_and_who_looks_ahead(tmp_path: Path) -> None:
    assert [is_dated(name, tmp_path) for name in ("csv", "fred", "stooq")] == [True, True, False]
    assert looks_ahead("open_meteo_forecast", tmp_path)
    assert not looks_ahead("csv", tmp_path)


def test_synthetic_prices_say_that_they_are(setup: SignalSetup) -> None:
    frame = open_provider("synthetic", setup).fetch(ASK)
    assert frame["driver"].str.starts_with("synthetic.").all()
    assert (frame["value"] > 0).all()
    assert (frame["known_at"] <= NOW).all()
    assert (frame["known_at"] == frame["at"] + timedelta(days=1)).all()
    assert frame["at"].dt.weekday().max() == 5
    high, low = (
        frame.filter(pl.col("driver") == f"synthetic.AAPL.{name}")["value"]
        for name in ("high", "low")
    )
    assert (high >= low).all()


def test_synthetic_prices_of_overlapping_ranges_agree(setup: SignalSetup) -> None:
    source = open_provider("synthetic", setup)
    short = source.fetch(replace(ASK, start=NOW - timedelta(days=30)))
    long = source.fetch(ASK)
    assert short.join(long, on=short.columns, how="anti", nulls_equal=True).is_empty()
    later = open_provider("synthetic", replace(setup, now=lambda: NOW + timedelta(days=9)))
    grown = later.fetch(replace(ASK, end=NOW + timedelta(days=9)))
    assert long.join(grown, on=long.columns, how="anti", nulls_equal=True).is_empty()


def test_synthetic_prices_differ_by_symbol_and_seed(setup: SignalSetup) -> None:
    def closes(symbol: str, seed: int) -> list[float]:
        asked = replace(ASK, symbols=(symbol,), fields=("close",))
        return open_provider("synthetic", replace(setup, seed=seed)).fetch(asked)["value"].to_list()

    assert closes("A", 1) == closes("A", 1)
    assert closes("A", 1) != closes("B", 1)
    assert closes("A", 1) != closes("A", 2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"symbols": ()},
        {"symbols": ("",)},
        {"symbols": (" AAPL",)},
        {"symbols": ("a\nb",)},
        {"symbols": ("a\x00",)},
        {"symbols": ("x" * 129,)},
        {"symbols": tuple(map(str, range(1001)))},
        {"start": NOW},
        {"start": (NOW - timedelta(days=9)).replace(tzinfo=None)},
        {"values": {"latitude": ""}},
    ],
)
def test_a_request_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        replace(ASK, **wrong)  # type: ignore[arg-type]  # that is the point
