from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from supplynet.config import Settings
from supplynet.connectors.signals.provider import SignalSetup
from supplynet.errors import (
    ConfigError,
    ImportErrors,
    InvalidInput,
    NotFound,
    SignalUnavailable,
    StoreError,
)
from supplynet.services import signals
from supplynet.storage import init_workspace

NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return init_workspace(tmp_path / "workspace").folder


def nobody(_host: str, _port: int) -> list[str]:
    raise OSError("no network here")


@pytest.fixture
def setup(folder: Path) -> SignalSetup:
    """As the settings say, without a network."""
    return replace(
        signals.setup_of(folder),
        environment={"STOOQ_API_KEY": "key-1", "ALPHAVANTAGE_API_KEY": "key-2"},
        now=lambda: NOW,
        resolve=nobody,
        sleep=lambda _seconds: None,
    )


def put(folder: Path, name: str, text: str) -> None:
    (folder / "signals").mkdir(exist_ok=True)
    (folder / "signals" / name).write_text(text)


def test_hosts_come_from_the_settings(folder: Path) -> None:
    shipped = signals.setup_of(folder).hosts
    assert "stooq.com" in shipped
    own = signals.setup_of(folder, Settings(signal_hosts=("shipped", "Prices.Example")))
    assert own.hosts == shipped | {"prices.example"}
    assert signals.setup_of(folder, Settings(signal_hosts=())).hosts == frozenset()


def test_a_list_in_the_environment_that_is_no_json_is_a_config_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPPLYNET_SIGNAL_HOSTS", '["a.example"]')
    assert signals.setup_of(folder).hosts == {"a.example"}
    monkeypatch.setenv("SUPPLYNET_SIGNAL_HOSTS", "a.example")
    with pytest.raises(ConfigError, match="signal_hosts"):
        signals.setup_of(folder)


def test_prices_of_the_workspace_go_first(folder: Path, setup: SignalSetup) -> None:
    put(folder, "AAPL.csv", "date,open,high,low,close,volume\n2026-01-08,1,4,1,3,100\n")
    put(folder, "all.csv", "symbol,date,value\nMSFT,2026-01-08,7\n")
    frame = signals.market_data(folder, ["MSFT", "AAPL"], "5d", setup=setup)
    assert frame.columns == ["date", "symbol", "open", "high", "low", "close", "volume"]
    assert frame.rows() == [
        (date(2026, 1, 8), "AAPL", 1.0, 4.0, 1.0, 3.0, 100.0),
        (date(2026, 1, 8), "MSFT", None, None, None, 7.0, None),
    ]


def test_the_period_ends_now(folder: Path, setup: SignalSetup) -> None:
    put(folder, "A.csv", "date,close\n2025-01-09,1\n2025-01-10,2\n2026-01-09,3\n2026-02-01,4\n")
    frame = signals.market_data(folder, ["A"], "1y", now=NOW, setup=replace(setup, now=None))  # type: ignore[arg-type]  # it must not be asked
    assert frame["close"].to_list() == [2.0, 3.0]


def test_a_named_provider_is_the_only_one_asked(folder: Path, setup: SignalSetup) -> None:
    put(folder, "AAPL.csv", "date,close\n2026-01-08,3\n")
    frame = signals.market_data(folder, ["AAPL"], "5d", provider="synthetic", setup=setup)
    assert frame["close"].min() > 10  # type: ignore[operator]
    assert frame["date"].max() == date(2026, 1, 9)


def test_where_nobody_can_be_reached_the_error_says_so_and_names_the_file(
    folder: Path, setup: SignalSetup
) -> None:
    put(folder, "AAPL.csv", "date,close\n2020-01-08,3\n")
    with pytest.raises(SignalUnavailable) as caught:
        signals.market_data(folder, ["AAPL", "MSFT"], "1y", setup=setup)
    said = str(caught.value)
    assert "prices of AAPL, MSFT from 2025-01-10 to 2026-01-10 cannot be had" in said
    assert set(caught.value.reasons) == {"csv", "stooq", "alpha_vantage"}
    assert "no network here" in caught.value.reasons["stooq"]
    assert f"put AAPL.csv, MSFT.csv into {folder}/signals" in said
    assert "date, open, high, low, close, volume" in said


def test_where_only_keys_are_missing_asking_again_would_not_help(
    folder: Path, setup: SignalSetup
) -> None:
    with pytest.raises(InvalidInput, match=r"STOOQ_API_KEY.*ALPHAVANTAGE_API_KEY.*put AAPL\.csv"):
        signals.market_data(folder, ["AAPL"], setup=replace(setup, environment={}))


def test_made_up_prices_are_never_used_unless_named(folder: Path, setup: SignalSetup) -> None:
    with pytest.raises(SignalUnavailable) as caught:
        signals.market_data(folder, ["AAPL"], setup=setup)
    assert "synthetic" not in caught.value.reasons


def test_a_wrong_file_is_not_passed_over(folder: Path, setup: SignalSetup) -> None:
    put(folder, "AAPL.csv", "date,close\n2026-01-08,many\n")
    with pytest.raises(ImportErrors, match=r"AAPL\.csv row 2 column close: 'many' is no number"):
        signals.market_data(folder, ["AAPL"], setup=setup)


def test_an_unknown_period_or_provider_is_refused(folder: Path, setup: SignalSetup) -> None:
    with pytest.raises(InvalidInput, match="period '1yr' is not known"):
        signals.market_data(folder, ["AAPL"], "1yr", setup=setup)
    with pytest.raises(NotFound, match="yahoo"):
        signals.market_data(folder, ["AAPL"], provider="yahoo", setup=setup)
    with pytest.raises(InvalidInput, match="one or more symbols"):
        signals.market_data(folder, [], setup=setup)


def test_one_symbol_alone_need_not_be_a_list(folder: Path, setup: SignalSetup) -> None:
    frame = signals.market_data(folder, "AAPL", "5d", provider="synthetic", setup=setup)
    assert frame["symbol"].unique().to_list() == ["AAPL"]


def test_what_is_fetched_is_kept_in_the_workspace(folder: Path, setup: SignalSetup) -> None:
    put(folder, "steel.csv", "date,value\n2026-01-08,3\n2026-01-09,4\n")
    first = signals.collect(folder, "csv", ["steel"], date(2026, 1, 8), NOW.date(), setup=setup)
    again = signals.collect(folder, "csv", ["steel"], date(2026, 1, 8), NOW.date(), setup=setup)
    assert (first.added, again.added) == (2, 0)
    kept = pl.read_parquet(folder / "tables" / "drivers.parquet")
    assert kept.equals(first.frame)
    (summary,) = signals.stored(folder)
    assert (summary.driver, summary.rows, summary.last_value) == ("csv.steel", 2, 4.0)


def test_the_last_day_is_included(folder: Path, setup: SignalSetup) -> None:
    put(folder, "steel.csv", "date,value\n2026-01-07,2\n2026-01-08,3\n2026-01-09,4\n")
    day = date(2026, 1, 8)
    fetched = signals.collect(folder, "csv", ["steel"], day, day, setup=setup)
    assert fetched.frame["value"].to_list() == [3.0]


def test_fetch_is_the_frame_of_the_same(folder: Path) -> None:
    put(folder, "steel.csv", "date,value\n2026-01-08,3\n")
    frame = signals.fetch(folder, "csv", ["steel"], date(2026, 1, 1), date(2026, 1, 31))
    assert frame["value"].to_list() == [3.0]


def test_a_service_that_is_down_names_the_csv_way(folder: Path, setup: SignalSetup) -> None:
    with pytest.raises(SignalUnavailable, match=r"put EUR_USD\.csv .* use the provider csv"):
        signals.collect(folder, "frankfurter", ["EUR/USD"], setup=setup)
    assert signals.stored(folder) == []


def test_a_range_that_ends_before_it_begins_is_refused(folder: Path, setup: SignalSetup) -> None:
    with pytest.raises(InvalidInput, match="must come after"):
        signals.collect(folder, "synthetic", ["A"], date(2026, 1, 2), date(2025, 1, 2), setup=setup)


def test_a_forecast_is_asked_for_the_days_to_come(folder: Path, setup: SignalSetup) -> None:
    place = {"latitude": "48", "longitude": "11"}
    asked = replace(setup, environment={})
    with pytest.raises(SignalUnavailable):
        signals.collect(folder, "open_meteo_forecast", ["plant"], values=place, setup=asked)
    with pytest.raises(InvalidInput, match="--set latitude"):
        signals.collect(folder, "open_meteo_forecast", ["plant"], setup=asked)


def test_signals_need_a_workspace_to_be_kept_in(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="supplynet init"):
        signals.fetch(tmp_path, "synthetic", ["A"])


def test_damaged_drivers_are_a_store_error(folder: Path, setup: SignalSetup) -> None:
    (folder / "tables" / "drivers.parquet").write_bytes(b"broken")
    with pytest.raises(StoreError):
        signals.stored(folder)
    with pytest.raises(StoreError):
        signals.collect(folder, "synthetic", ["A"], setup=setup)


def test_progress_is_reported_per_symbol(folder: Path, setup: SignalSetup) -> None:
    said: list[tuple[float, str]] = []
    signals.collect(
        folder,
        "synthetic",
        ["A", "B"],
        NOW - timedelta(days=9),
        setup=setup,
        report=lambda fraction, what: said.append((fraction, what)),
    )
    assert said == [(0.0, "synthetic A"), (0.5, "synthetic B")]
