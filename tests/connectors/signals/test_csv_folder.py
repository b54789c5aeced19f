from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from supplynet.connectors.signals.csv_folder import CsvFolder
from supplynet.connectors.signals.provider import SignalRequest, SignalSetup
from supplynet.errors import ImportErrors, InvalidInput, NotFound, SupplyNetError
from supplynet.frames.tables import DRIVERS_SCHEMA

ASK = SignalRequest(
    symbols=("steel",),
    start=datetime(2026, 1, 1, tzinfo=UTC),
    end=datetime(2026, 2, 1, tzinfo=UTC),
)


def day(number: int, hour: int = 0) -> datetime:
    return datetime(2026, 1, number, hour, tzinfo=UTC)


def folder(path: Path, text: str, name: str = "steel.csv") -> CsvFolder:
    (path / name).write_text(text, encoding="utf-8")
    return CsvFolder(SignalSetup(folder=path))


def test_one_file_is_one_symbol_and_a_day_is_known_when_it_is_over(tmp_path: Path) -> None:
    frame = folder(tmp_path, "date,value\n2026-01-03,2.5\n2026-01-02,1\n").fetch(ASK)
    assert frame.schema == DRIVERS_SCHEMA
    assert frame.select("driver", "at", "value", "known_at").rows() == [
        ("csv.steel", day(2), 1.0, day(3)),
        ("csv.steel", day(3), 2.5, day(4)),
    ]


def test_several_columns_of_values_are_several_drivers(tmp_path: Path) -> None:
    source = folder(tmp_path, "Date;Open;Close;Volume\n2026-01-02;1;2;300\n")
    names = ["csv.steel.close", "csv.steel.open", "csv.steel.volume"]
    assert source.fetch(ASK)["driver"].to_list() == names
    chosen = source.fetch(replace(ASK, fields=("close",)))
    assert chosen.select("driver", "value").rows() == [("csv.steel", 2.0)]
    with pytest.raises(InvalidInput, match="no column high; it has Open, Close, Volume"):
        source.fetch(replace(ASK, fields=("high",)))


def test_words_beside_the_usual_columns_do_not_matter_but_chosen_ones_do(tmp_path: Path) -> None:
    source = folder(tmp_path, "date,close,currency,mood\n2026-01-02,2,USD,7\n")
    assert source.fetch(ASK)["driver"].to_list() == ["csv.steel"]
    assert source.fetch(replace(ASK, fields=("mood",)))["value"].to_list() == [7.0]
    with pytest.raises(ImportErrors, match="column currency: 'USD' is no number"):
        source.fetch(replace(ASK, fields=("currency",)))


def test_the_joint_file_holds_many_symbols(tmp_path: Path) -> None:
    text = "symbol,date,value\nsteel,2026-01-02,1\ncopper,2026-01-02,9\nsteel,2026-01-03,2\n"
    source = folder(tmp_path, text, "all.csv")
    frame = source.fetch(replace(ASK, symbols=("steel", "copper")))
    assert frame.select("driver", "value").rows() == [
        ("csv.copper", 9.0),
        ("csv.steel", 1.0),
        ("csv.steel", 2.0),
    ]
    assert (source.has("copper"), source.has("gold")) == (True, False)


def test_a_wrong_cell_of_another_symbol_does_not_matter(tmp_path: Path) -> None:
    text = "symbol,date,value\nsteel,2026-01-02,1\ncopper,soon,many\n"
    source = folder(tmp_path, text, "all.csv")
    with pytest.raises(ImportErrors, match=r"all\.csv has 2 mistakes: all\.csv row 3"):
        source.fetch(replace(ASK, symbols=("copper",)))
    assert source.fetch(ASK).height == 1


def test_what_was_published_when_is_carried_and_revisions_are_rows(tmp_path: Path) -> None:
    text = "date,value,known_at\n2026-01-02,1,2026-01-05T06:00:00Z\n2026-01-02,2,2026-01-20\n"
    frame = folder(tmp_path, text + "2026-01-03,3,\n").fetch(ASK)
    assert frame.select("value", "known_at").rows() == [
        (1.0, day(5, 6)),
        (2.0, day(21)),
        (3.0, day(4)),
    ]


def test_a_place_and_a_part_may_stand_in_the_rows(tmp_path: Path) -> None:
    text = "date,value,location_id,part_id\n2026-01-02,1,SR1,\n2026-01-02,2,,P-1\n"
    frame = folder(tmp_path, text).fetch(replace(ASK, location_id="ALL"))
    assert sorted(frame.select("location_id", "part_id").rows(), key=str) == [
        ("SR1", None),
        (None, "P-1"),
    ]


def test_a_lag_is_added(tmp_path: Path) -> None:
    source = folder(tmp_path, "date,value\n2026-01-02,1\n")
    assert source.fetch(replace(ASK, lag=timedelta(hours=6)))["known_at"][0] == day(3, 6)


@pytest.mark.parametrize(
    ("cell", "at"),
    [
        ("2026-01-02T06:00", day(2, 6)),
        ("2026-01-02 06:00:00", day(2, 6)),
        ("2026-01-02T06:00:00Z", day(2, 6)),
        ("2026-01-02T06:00:00.5Z", day(2, 6) + timedelta(seconds=0.5)),
        ("2026-01-02T06:00:00+02:00", day(2, 4)),
        ("2026-01-02T06:00+0200", day(2, 4)),
    ],
)
def test_a_clock_time_is_known_at_once(tmp_path: Path, cell: str, at: datetime) -> None:
    frame = folder(tmp_path, f"time,value\n{cell},1\n").fetch(ASK)
    assert frame.select("at", "known_at").rows() == [(at, at)]


def test_every_wrong_cell_is_named_by_file_row_and_column(tmp_path: Path) -> None:
    text = 'date,value\n2026-01-02,1\n02.01.2026,2\n2026-01-04,"1,5"\n\n,7\n2026-02-30,8\n'
    with pytest.raises(ImportErrors) as caught:
        folder(tmp_path, text).fetch(ASK)
    found = {(m.file, m.row, m.column, m.wrong) for m in caught.value.mistakes}
    assert found == {
        ("steel.csv", 3, "date", "'02.01.2026' is no time"),
        ("steel.csv", 4, "value", "'1,5' is no number"),
        ("steel.csv", 6, "date", "the time is missing"),
        ("steel.csv", 7, "date", "'2026-02-30' is no time"),
    }


@pytest.mark.parametrize("cell", ["1,234.5", "1 000", "1e400", "1e16", "inf", "0x10", "1_0", "a"])
def test_a_number_that_is_none_is_a_mistake(tmp_path: Path, cell: str) -> None:
    with pytest.raises(ImportErrors, match=r"is no number|is too large"):
        folder(tmp_path, f'date,value\n2026-01-02,"{cell}"\n').fetch(ASK)


@pytest.mark.parametrize("cell", ["", "NA", "NaN", "null", "."])
def test_an_empty_cell_is_no_value(tmp_path: Path, cell: str) -> None:
    text = f"date,value\n2026-01-02,{cell}\n2026-01-03,1\n"
    assert folder(tmp_path, text).fetch(ASK)["value"].to_list() == [1.0]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no such column"),
        (b"day,value\n2026-01-02", "1 cells, the header 2"),
        (b"when,value\n2026-01-02,1\n", "no such column among when, value"),
        (b"date\n2026-01-02\n", "no column of values"),
        (b"date,value,value\n2026-01-02,1,2\n", "stands there twice"),
        (b"date,value\n\xff\xfe,1\n", "cannot be read"),
        (b'date,value\n"2026-01-02,1\n', "cannot be read"),
        (b"date,value,part_id\n2026-01-02,1,a b\n", "'a b' is no id"),
        (b"\x00\x00\x00", "no such column"),
    ],
)
def test_a_file_that_is_none_is_invalid_input(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "steel.csv").write_bytes(content)
    with pytest.raises(InvalidInput, match=says):
        CsvFolder(SignalSetup(folder=tmp_path)).fetch(ASK)


def test_a_header_alone_is_no_rows(tmp_path: Path) -> None:
    assert folder(tmp_path, "date,value\n").fetch(ASK).is_empty()


def test_a_missing_file_names_the_file_that_would_do(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"put EUR_USD\.csv into .* with the columns date, value"):
        CsvFolder(SignalSetup(folder=tmp_path)).fetch(replace(ASK, symbols=("EUR/USD",)))
    with pytest.raises(NotFound):
        CsvFolder(SignalSetup(folder=tmp_path / "gone")).fetch(ASK)


def test_a_symbol_names_no_file_outside_the_folder(tmp_path: Path) -> None:
    inside = tmp_path / "signals"
    inside.mkdir()
    folder(tmp_path, "date,value\n2026-01-02,1\n", "secret.csv")
    for symbol in ("../secret", f"{tmp_path}/secret", "..\\secret"):
        with pytest.raises(NotFound):
            CsvFolder(SignalSetup(folder=inside)).fetch(replace(ASK, symbols=(symbol,)))


def test_letter_case_of_the_file_does_not_matter_but_the_exact_one_goes_first(
    tmp_path: Path,
) -> None:
    source = folder(tmp_path, "date,value\n2026-01-02,1\n", "STEEL.CSV")
    assert source.fetch(ASK)["value"].to_list() == [1.0]
    folder(tmp_path, "date,value\n2026-01-02,2\n", "steel.csv")
    assert source.fetch(ASK)["value"].to_list() == [2.0]


@pytest.mark.parametrize(
    "times",
    [
        pl.Series([date(2026, 1, 2)]),
        pl.Series([day(2)]).dt.replace_time_zone(None),
        pl.Series([day(2)]),
        pl.Series([day(2)]).dt.convert_time_zone("Asia/Tokyo").dt.cast_time_unit("ns"),
        pl.Series(["2026-01-02"]),
    ],
)
@pytest.mark.parametrize("values", [pl.Series([3]), pl.Series([3.0]), pl.Series(["3"])])
def test_parquet_is_read_in_whatever_types(
    tmp_path: Path, times: pl.Series, values: pl.Series
) -> None:
    pl.DataFrame({"date": times, "value": values}).write_parquet(tmp_path / "steel.parquet")
    frame = CsvFolder(SignalSetup(folder=tmp_path)).fetch(ASK)
    assert frame.select("at", "value").rows() == [(day(2), 3.0)]


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"date": [[1]], "value": [1]}),
        pl.DataFrame({"date": [{"a": 1}], "value": [1]}),
        pl.DataFrame({"date": [True], "value": [1]}),
        pl.DataFrame({"date": [5], "value": [1]}),
        pl.DataFrame({"date": [day(2)], "value": [b"x"]}),
        pl.DataFrame({"date": [day(2)], "value": [float("inf")]}),
        pl.DataFrame({"date": [None], "value": [1.0]}),
    ],
)
def test_parquet_of_wrong_types_is_an_error_of_ours(tmp_path: Path, frame: pl.DataFrame) -> None:
    frame.write_parquet(tmp_path / "steel.parquet")
    with pytest.raises(SupplyNetError):
        CsvFolder(SignalSetup(folder=tmp_path)).fetch(ASK)


def test_a_damaged_parquet_file_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "steel.parquet").write_bytes(b"PAR1 and nothing")
    with pytest.raises(ImportErrors, match="cannot be read"):
        CsvFolder(SignalSetup(folder=tmp_path)).fetch(ASK)


def test_nan_in_parquet_is_no_value(tmp_path: Path) -> None:
    frame = pl.DataFrame({"date": [day(2), day(3)], "value": [float("nan"), 1.0]})
    frame.write_parquet(tmp_path / "steel.parquet")
    source = CsvFolder(SignalSetup(folder=tmp_path))
    assert source.fetch(ASK)["value"].to_list() == [1.0]
