"""Text in pieces: rows, numbers and mistakes are the same however the file is cut."""

from __future__ import annotations

import gzip
import zipfile
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplynet.connectors.table_csv import LONGEST_ROW, CsvSource
from supplynet.connectors.table_file import open_table
from supplynet.connectors.table_import import Checked, Wanted, check_source, check_table
from supplynet.connectors.table_layout import Said
from supplynet.connectors.table_source import Source, Table, TableSource
from supplynet.errors import InvalidInput

HEADER = "warehouse,sku,date,quantity,note\n"
ROWS = [
    'W1,P-1,2024-01-01,5,"two\nlines, one ""row"""',
    "W1,P-1,2024-01-02,six,",
    "",
    "W1,P-1,2024-01-03,7,ok",
    'W1,P-1,2024-01-01,5,"two\nlines, one ""row"""',
    "W1,P-2,2024-01-04,8,a,b",
]


def write(folder: Path, text: str, name: str = "t.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def check(source: Source, **options: object) -> Checked:
    return check_source(source, Wanted(said=Said(options=options)))


def found(checked: Checked) -> list[tuple[int | None, str | None, str | None]]:
    return [(m.row, m.column, m.kind) for m in checked.mistakes]


@pytest.mark.parametrize("block", [1, 7, 64, 1 << 20])
def test_rows_are_numbered_alike_however_the_file_is_cut(tmp_path: Path, block: int) -> None:
    """A line break inside quotes begins no row, a blank line is one."""
    path = write(tmp_path, HEADER + "\n".join(ROWS) + "\n")
    checked = check(CsvSource(path, block=block))
    assert found(checked) == [
        (3, "quantity", "not_a_number"),
        (6, None, "duplicate"),
        (7, None, "ragged"),
    ]
    assert checked.mistakes[1].wrong == "the row repeats row 2"
    assert checked.rows == 5


def test_rows_with_too_many_cells_can_be_left_out(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + "\n".join(ROWS) + "\n")
    checked = check(open_table(path), on_error="skip").or_raise()
    assert checked.frame["consumed"].to_list() == [5, 0, 7]


@pytest.mark.parametrize("name", ["t.csv.gz", "t.tsv.gz", "t.gz", "t.csv"])
def test_gzip_is_told_by_its_first_bytes(tmp_path: Path, name: str) -> None:
    text = HEADER + "W,P,2024-01-01,5,\n"
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.replace(",", "\t" if "tsv" in name else ",").encode()))
    assert check(open_table(path)).or_raise().frame["consumed"].to_list() == [5]


def test_a_cut_off_gzip_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv.gz"
    rows = "".join(f"W,P,2024-01-01,{n},{n * 7919}\n" for n in range(5000))
    path.write_bytes(gzip.compress((HEADER + rows).encode())[:-2000])
    with pytest.raises(InvalidInput, match=r"t.csv.gz cannot be unpacked: .*copy it again"):
        check(CsvSource(path, block=20_000))


@pytest.mark.parametrize("name", ["t.zip", "t.csv", "t.csv.zip"])
def test_a_zip_archive_is_refused_with_what_to_do(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("t.csv", HEADER)
    with pytest.raises(InvalidInput, match=r"is a zip archive.*unpack it and import the file"):
        open_table(path)


def test_packed_parquet_is_refused(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "t.parquet")
    packed = tmp_path / "t.parquet.gz"
    packed.write_bytes(gzip.compress((tmp_path / "t.parquet").read_bytes()))
    with pytest.raises(InvalidInput, match="only text is read so: unpack it"):
        open_table(packed)


def test_a_letter_at_the_end_may_show_the_encoding(tmp_path: Path) -> None:
    """The first batches were read as UTF-8; then all is read again."""
    rows = "".join(f"W,P{n},2024-01-01,1,plain\n" for n in range(200))
    path = write(tmp_path, HEADER + rows + "W,P,2024-01-02,1,Größe\n", encoding="cp1252")
    source = CsvSource(path, block=1000)
    checked = check(source).or_raise()
    assert (checked.rows, checked.accepted) == (201, 201)
    assert [batch.frame["note"][-1] for batch in source.batches()][-1] == "Größe"


@pytest.mark.parametrize("mark", ["sep=;\n", '"sep=;"\r\n', "\n\n", ""])
def test_lines_above_the_header_are_counted(tmp_path: Path, mark: str) -> None:
    path = write(tmp_path, mark + "warehouse;sku;date;quantity\nW;P;2024-01-01;x\n")
    checked = check(CsvSource(path, block=5))
    assert found(checked) == [(2 + mark.count("\n"), "quantity", "not_a_number")]


def test_a_delimiter_at_the_end_of_every_row_is_no_cell(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + "W,P,2024-01-01,1,,\nW,P,2024-01-02,2,,\n")
    assert check(open_table(path)).or_raise().accepted == 2


def test_a_stray_quote_spoils_no_row(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + 'W,P,2024-01-01,1,5" pipe\nW,P,2024-01-02,2,\n')
    assert check(open_table(path)).or_raise().frame["consumed"].to_list() == [1, 2]


def test_a_quote_that_is_never_closed_does_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("supplynet.connectors.table_csv.LONGEST_ROW", 1000)
    path = write(tmp_path, HEADER + 'W,P,2024-01-01,1,"open\n' + "W,P,2024-01-02,1,\n" * 500)
    with pytest.raises(InvalidInput, match="a double quote is opened and not closed"):
        check(CsvSource(path, block=100))
    assert LONGEST_ROW > 2**20


def test_the_order_of_dates_may_show_in_the_last_batch_only(tmp_path: Path) -> None:
    """13/1 in the first row, 1/13 in the last: both orders, so every such date is doubtful."""
    days = ["13/01/2024", *["2024-02-01"] * 50, "01/13/2024"]
    rows = "".join(f"W,P{n},{day},1,\n" for n, day in enumerate(days))
    checked = check(CsvSource(write(tmp_path, HEADER + rows), block=60))
    assert found(checked) == [(2, "date", "ambiguous_date"), (53, "date", "ambiguous_date")]


def test_ids_that_become_one_may_be_batches_apart(tmp_path: Path) -> None:
    skus = ["a b", *[f"P{n}" for n in range(50)], "a/b"]
    rows = "".join(f"W,{sku},2024-01-01,1,\n" for sku in skus)
    checked = check(CsvSource(write(tmp_path, HEADER + rows), block=60), clean_ids=True)
    assert found(checked) == [(2, "sku", "id_collision"), (53, "sku", "id_collision")]


CELLS = st.tuples(
    st.sampled_from(["W1", "W2", "W 3", ""]),
    st.sampled_from(["P1", "P2", "P/2"]),
    st.sampled_from(["2024-01-01", "2024-01-04", "05/06/2024", "13/01/2024", "1/13/2024", "x"]),
    st.sampled_from(["1", "2", "-3", "(4)", "1.5", "many", ""]),
    st.sampled_from(["", "plain", 'a "quoted"\nbreak, and more', "ü"]),
)
OPTIONS = st.fixed_dictionaries(
    {
        "on_error": st.sampled_from(["stop", "skip"]),
        "duplicates": st.sampled_from(["error", "sum", "drop"]),
        "negatives": st.sampled_from(["error", "return"]),
        "clean_ids": st.booleans(),
    }
)


def summary(checked: Checked) -> dict[str, object]:
    return {
        "frame": checked.frame.to_dicts(),
        "counts": checked.counts,
        "mistakes": checked.mistakes,
        "rows": checked.rows,
        "accepted": checked.accepted,
        "repeats": checked.repeats,
        "filled": checked.filled_days,
    }


@settings(max_examples=15)
@given(rows=st.lists(CELLS, min_size=1, max_size=12), options=OPTIONS, size=st.integers(1, 5))
def test_batches_of_any_size_say_the_same(
    rows: list[tuple[str, ...]], options: dict[str, object], size: int
) -> None:
    names = ["warehouse", "sku", "date", "quantity", "note"]
    made = Table(name="t", frame=pl.DataFrame(rows, schema=names, orient="row"))
    once = check(TableSource(made), **options)
    assert summary(check(TableSource(made, rows=size), **options)) == summary(once)


@settings(max_examples=15)
@given(rows=st.lists(CELLS, min_size=1, max_size=8), block=st.integers(1, 80))
def test_a_file_says_what_its_table_says(
    rows: list[tuple[str, ...]], block: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    names = ["warehouse", "sku", "date", "quantity", "note"]
    frame = pl.DataFrame(rows, schema=names, orient="row")
    path = tmp_path_factory.mktemp("any") / "t"
    frame.write_csv(path.with_suffix(".csv"))
    said = check(CsvSource(path.with_suffix(".csv"), block=block), on_error="skip")
    name = path.with_suffix(".csv").name
    inside = check(TableSource(Table(name=name, frame=frame)), on_error="skip")
    assert summary(said) == summary(inside)


AMOUNTS = st.dictionaries(
    st.tuples(st.sampled_from(["W1", "W-2"]), st.sampled_from(["007", "P.1"]), st.integers(0, 40)),
    st.integers(0, 10**6),
    min_size=1,
    max_size=20,
)


@settings(max_examples=6)
@given(AMOUNTS)
def test_every_kind_of_file_gives_the_same_demand(
    tmp_path_factory: pytest.TempPathFactory, amounts: dict[tuple[str, str, int], int]
) -> None:
    pytest.importorskip("fastexcel")
    pytest.importorskip("xlsxwriter")
    rows = [
        (w, p, date.fromordinal(date(2024, 1, 1).toordinal() + d), q)
        for (w, p, d), q in amounts.items()
    ]
    frame = pl.DataFrame(rows, schema=["warehouse", "sku", "date", "quantity"], orient="row")
    folder = tmp_path_factory.mktemp("kinds")
    frame.write_csv(folder / "t.csv")
    (folder / "t.csv.gz").write_bytes(gzip.compress((folder / "t.csv").read_bytes()))
    frame.write_parquet(folder / "t.parquet")
    frame.write_excel(folder / "t.xlsx")
    wanted = check_table(Table(name="t", frame=frame)).or_raise().frame
    for name in ("t.csv", "t.csv.gz", "t.parquet", "t.xlsx"):
        assert check(open_table(folder / name)).or_raise().frame.equals(wanted), name


def test_rows_may_end_with_a_bare_carriage_return(tmp_path: Path) -> None:
    """As Excel writes "CSV (Macintosh)"."""
    rows = HEADER + "W1,P-1,2024-01-01,5,\nW1,P-1,2024-01-02,7,\n"
    checked = check(open_table(write(tmp_path, rows.replace("\n", "\r"))))
    assert checked.or_raise().frame["consumed"].to_list() == [5, 7]
