from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplynet.connectors.table_import import (
    Checked,
    ImportOptions,
    Table,
    check_table,
    parse_mapping,
    read_table,
)
from supplynet.connectors.table_messages import SAYS
from supplynet.errors import ImportErrors, InvalidInput, MissingExtra
from supplynet.frames.demand import conform

ORDERS = {
    "location_id": "warehouse",
    "part_id": "product_code",
    "date": "date",
    "quantity": "order_demand",
}
NASTY = """\
warehouse;sku;date;quantity;note
W1;P-1;2024-01-02;5;good
W1;P-1;2024-01-02;;empty quantity
W1;P-1;2024-01-03;-5;negative
W1;P-1;2024-01-03;(100);brackets
W1;P-1;2024-01-03;2.5;fraction
W1;P-1;2024-01-03;1.000;thousands or decimals
W1;P-1;2024-01-03;12 pcs;a unit
W1;P-1;2024-01-03;99999999999;too large

W1;P-1;2024-01-02;5;good
;P-1;2024-01-04;1;no warehouse
W1;P 1;2024-01-04;1;a space in the id
W1;P-9;2024-01-04;1;unknown part
W9;P-1;2024-01-04;1;unknown location
W1;P-1;03/04/2024;1;April or March
W1;P-1;2024-02-30;1;no such day
W1;P-1;45000;1;a number of Excel
W1;P-1;1.2.24;1;two digits of the year
W1;P-1;2124-01-01;1;future
W1;P-1;1024-01-01;1;past
W1;P-1;;1;no date
W1;P-1;2024-01-05;7;good
"""
EXPECTED = {
    (3, "quantity", "missing"),
    (4, "quantity", "negative"),
    (5, "quantity", "bracketed"),
    (6, "quantity", "fraction"),
    (7, "quantity", "thousands"),
    (8, "quantity", "not_a_number"),
    (9, "quantity", "too_large"),
    (11, None, "duplicate"),
    (12, "warehouse", "missing"),
    (13, "sku", "bad_id"),
    (14, "sku", "unknown_id"),
    (15, "warehouse", "unknown_id"),
    (16, "date", "ambiguous_date"),
    (17, "date", "bad_date"),
    (18, "date", "serial_date"),
    (19, "date", "short_year"),
    (20, "date", "future_date"),
    (21, "date", "old_date"),
    (22, "date", "missing"),
}


def table(**columns: Sequence[object]) -> Table:
    return Table(name="t", frame=pl.DataFrame(columns, strict=False))


def one(quantity: object = 1, day: object = "2024-01-02", **options: object) -> Checked:
    """A table of one row, checked."""
    made = table(location_id=["W"], part_id=["P"], date=[day], quantity=[quantity])
    return check_table(made, options=ImportOptions(**options))  # type: ignore[arg-type] # any


def write(folder: Path, text: str, name: str = "t.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def check_nasty(folder: Path, options: ImportOptions) -> Checked:
    return check_table(
        read_table(write(folder, NASTY, "nasty.csv")),
        options=options,
        known_parts=["P-1", "P-2"],
        known_locations=["W1"],
        today=date(2024, 6, 1),
    )


def test_every_kind_of_mistake_is_named_by_row_and_column(tmp_path: Path) -> None:
    checked = check_nasty(tmp_path, ImportOptions())
    starts = {kind: wrong.partition("{")[0] for kind, (wrong, _) in SAYS.items()}
    found = {(m.row, m.column) for m in checked.mistakes}
    assert found == {(row, column) for row, column, _ in EXPECTED}
    kinds = [kind for _, _, kind in EXPECTED]
    assert checked.counts == {kind: kinds.count(kind) for kind in kinds}
    assert set(kinds) <= set(starts)
    assert checked.frame.is_empty()
    assert (checked.rows, checked.accepted) == (22 - 1, 0)  # the blank row is no row


def test_mistakes_say_what_is_wrong_and_what_would_be_right(tmp_path: Path) -> None:
    by_row = {m.row: str(m) for m in check_nasty(tmp_path, ImportOptions()).mistakes}
    assert by_row[5] == (
        "nasty.csv row 5 column quantity: '(100)' is in brackets, in accounting that is -100; "
        "choose brackets='negative' to take it off its day, or 'positive' to read 100"
    )
    assert "write 1000 if that is meant" in by_row[7]
    assert "repeats row 2" in by_row[11]
    assert "did you mean P-" in by_row[14]
    assert "2023-03-15" in by_row[18]


def test_nothing_is_imported_when_there_is_one_mistake(tmp_path: Path) -> None:
    checked = check_nasty(tmp_path, ImportOptions())
    with pytest.raises(ImportErrors, match=r"nasty.csv has 19 mistakes: nasty.csv row 3") as caught:
        checked.or_raise()
    assert caught.value.total == 19


def test_skipping_imports_the_rest_and_says_what_it_left_out(tmp_path: Path) -> None:
    checked = check_nasty(tmp_path, ImportOptions(on_error="skip")).or_raise()
    assert checked.accepted == 2
    assert checked.frame["consumed"].to_list() == [5, 0, 0, 7]  # 2 to 5 January
    assert checked.filled_days == 2
    problems = pl.concat(checked.problems.tables()).sort("row")
    assert problems["row"].to_list() == sorted(row for row, _, _ in EXPECTED)
    assert problems.drop("reason", "what_to_do").row(1) == (
        *("nasty.csv", 4, "quantity", "-5", "negative"),
    )
    assert problems.filter(kind="duplicate")["reason"].to_list() == ["the row repeats row 2"]


@pytest.mark.parametrize(
    ("cell", "options", "quantity"),
    [
        ("12", {}, 12),
        ("+12", {}, 12),
        ("12.0", {}, 12),
        ("12,00", {}, 12),
        (" 12 ", {}, 12),
        (12.0, {}, 12),
        ("0", {}, 0),
        ("1.000", {"thousands": "."}, 1000),
        ("1,234,567", {"thousands": ","}, 1_234_567),
        ("1 234", {"thousands": " "}, 1234),
        ("1.000", {"thousands": ","}, 1),
        ("(100)", {"brackets": "positive"}, 100),
        ("(1,000)", {"brackets": "positive", "thousands": ","}, 1000),
        ("(100)", {"brackets": "negative"}, 0),
        ("-100", {"negatives": "return"}, 0),
        ("100-", {"negatives": "return"}, 0),
    ],
)
def test_quantities_are_read_as_the_options_say(
    cell: object, options: dict[str, object], quantity: int
) -> None:
    checked = one(cell, **options).or_raise()
    assert checked.frame["consumed"].to_list() == [quantity]


@pytest.mark.parametrize(
    ("cell", "options", "kind"),
    [
        ("1,5", {"thousands": ","}, "fraction"),
        ("1.5", {}, "fraction"),
        (1.5, {}, "fraction"),
        ("1,000", {}, "thousands"),
        ("1'000", {}, "thousands"),
        ("1e3", {}, "not_a_number"),
        ("--5", {"negatives": "return"}, "not_a_number"),
        ("(-5)", {"brackets": "negative"}, "not_a_number"),
        ("()", {"brackets": "negative"}, "not_a_number"),
        ("12€", {}, "not_a_number"),
        ("100-", {}, "negative"),
        ("\N{MINUS SIGN}5", {}, "negative"),
        ("N/A", {}, "missing"),
        (float("nan"), {}, "missing"),
        (float("inf"), {}, "not_a_number"),
        (1.234, {}, "fraction"),
        ("2147483648", {}, "too_large"),
        ("9" * 30, {}, "too_large"),
    ],
)
def test_what_is_no_whole_number_is_refused(
    cell: object, options: dict[str, object], kind: str
) -> None:
    assert one(cell, **options).counts == {kind: 1}


@settings(deadline=None, max_examples=40)
@given(st.text(max_size=12) | st.from_regex(r"[-+(]?[\d., ]{1,9}[)-]?", fullmatch=True))
def test_any_cell_is_a_quantity_or_a_mistake(cell: str) -> None:
    checked = one(cell)
    assert checked.total + checked.accepted == 1
    if checked.accepted:
        assert checked.frame["consumed"].item() >= 0


@settings(deadline=None, max_examples=40)
@given(
    st.text(max_size=12) | st.from_regex(r"[\d]{1,4}[-/.][\d]{1,2}[-/.][\d]{1,4}", fullmatch=True)
)
def test_any_cell_is_a_date_or_a_mistake(cell: str) -> None:
    checked = one(day=cell)
    assert checked.total + checked.accepted == 1


@settings(deadline=None, max_examples=40)
@given(st.dates(date(1970, 1, 1), date(2100, 1, 1)))
def test_a_day_is_the_same_day_however_it_is_written(day: date) -> None:
    plain = [f"{day:%Y-%m-%d}", f"{day:%Y%m%d}", f"{day:%d.%m.%Y}", f"{day.isoformat()}T23:59:00Z"]
    for order, spoken in [("dmy", f"{day:%d/%m/%Y}"), ("mdy", f"{day:%m/%d/%Y}")]:
        texts = [*plain, spoken]
        made = table(warehouse=["W"] * 5, sku=list("abcde"), date=list(texts), quantity=[1] * 5)
        checked = check_table(made, options=ImportOptions(date_order=order)).or_raise()
        assert checked.frame["period_start"].dt.date().to_list() == [day] * 5


def days(*cells: str) -> Checked:
    count = len(cells)
    made = table(warehouse=["W"] * count, sku=["P"] * count, date=list(cells), qty=[1] * count)
    return check_table(made, options=ImportOptions(gaps="missing"))


def test_a_day_above_12_tells_the_order_of_its_own_date_only() -> None:
    checked = days("13/01/2024", "02/03/2024", "05/05/2024")
    assert checked.counts == {"ambiguous_date": 1}
    assert checked.mistakes[0].row == 3  # 5 May is the same either way


def test_a_column_that_mixes_both_orders_is_doubtful_throughout() -> None:
    assert days("13/01/2024", "01/13/2024").counts == {"ambiguous_date": 2}


def test_rows_of_one_day_are_summed_and_returns_taken_off() -> None:
    made = table(
        warehouse=["W"] * 4,
        sku=["P"] * 4,
        date=["2024-01-01", "2024-01-01", "2024-01-02", "2024-01-02"],
        quantity=["10", "-3", "2", "(5)"],
    )
    options = ImportOptions(negatives="return", brackets="negative")
    checked = check_table(made, options=options).or_raise()
    assert checked.frame["consumed"].to_list() == [7, 0]
    assert checked.days_below_zero == 1


@pytest.mark.parametrize(
    ("gaps", "demand"), [("zero", [4.0, 0.0, 0.0, 6.0]), ("missing", [4.0, 6.0])]
)
def test_days_between_are_without_demand_or_unknown(gaps: str, demand: list[float]) -> None:
    made = table(
        warehouse=["W", "W"], sku=["P", "P"], date=["2024-01-01", "2024-01-04"], quantity=[4, 6]
    )
    checked = check_table(made, options=ImportOptions(gaps=gaps)).or_raise()
    assert checked.frame["demand"].to_list() == demand
    assert conform(checked.frame).equals(checked.frame)


def test_gaps_that_would_fill_the_disk_are_refused() -> None:
    sku = [f"P{n}" for n in range(11_000)] * 2
    made = table(
        warehouse=["W"] * 22_000,
        sku=list(sku),
        date=["1970-01-01"] * 11_000 + ["2100-01-01"] * 11_000,
        quantity=[1] * 22_000,
    )
    with pytest.raises(InvalidInput, match=r"more than 500,000,000 rows; check the dates"):
        check_table(made)


@pytest.mark.parametrize(
    ("choice", "total", "consumed"), [("error", 1, []), ("sum", 0, [10]), ("drop", 0, [5])]
)
def test_a_repeated_row_is_what_the_option_says(
    choice: str, total: int, consumed: list[int]
) -> None:
    made = table(warehouse=["W", "W"], sku=["P", "P"], date=["2024-01-01"] * 2, quantity=[5, 5])
    checked = check_table(made, options=ImportOptions(duplicates=choice))
    assert checked.total == total
    assert checked.frame["consumed"].to_list() == consumed


def test_rows_that_differ_in_any_cell_are_no_duplicates() -> None:
    made = table(
        warehouse=["W", "W"], sku=["P"] * 2, date=["2024-01-01"] * 2, qty=[5, 5], order=[1, 2]
    )
    assert check_table(made).or_raise().frame["consumed"].to_list() == [10]


def test_ids_are_cleaned_only_on_request_and_never_merged() -> None:
    made = table(
        warehouse=["W"] * 3, sku=["a b", "c/d", "c-d"], date=["2024-01-01"] * 3, quantity=[1, 2, 3]
    )
    assert check_table(made).counts == {"bad_id": 2}
    checked = check_table(made, options=ImportOptions(clean_ids=True))
    assert checked.counts == {"id_collision": 1}
    assert (checked.mistakes[0].row, checked.mistakes[0].column) == (3, "sku")
    skipped = check_table(made, options=ImportOptions(clean_ids=True, on_error="skip"))
    assert skipped.frame["part_id"].to_list() == ["a-b", "c-d"]


def test_an_id_can_be_made_of_several_columns() -> None:
    made = table(store=["CA", "CA"], dept=["1", "1 2"], day=["2024-01-01"] * 2, units=[1, 2])
    mapping = {"location_id": "store+dept", "part_id": "dept"}
    good = check_table(
        Table(name="t", frame=made.frame.head(1)), mapping, options=ImportOptions()
    ).or_raise()
    assert good.frame["location_id"].to_list() == ["CA.1"]
    bad = check_table(made, mapping)
    assert {(m.row, m.column) for m in bad.mistakes} == {(3, "dept")}


def test_composed_ids_that_become_the_same_are_refused() -> None:
    made = table(
        a=["x.y", "x"], b=["z", "y.z"], sku=["P", "P"], date=["2024-01-01"] * 2, qty=[1, 2]
    )
    checked = check_table(made, {"location_id": "a+b"})
    assert checked.counts == {"id_collision": 2}
    assert checked.mistakes[0].column == "a+b"


@pytest.mark.parametrize("names", [("unique_id", "ds", "y"), ("unique_id", "date", "units_sold")])
def test_nixtlas_columns_are_recognised(names: tuple[str, str, str]) -> None:
    cells: list[list[object]] = [["W/P"], ["2024-01-01"], [3]]
    checked = check_table(table(**dict(zip(names, cells, strict=True))))
    frame = checked.or_raise().frame
    assert frame.select("location_id", "part_id", "consumed").row(0) == ("W", "P", 3)


def test_a_missing_column_is_named_with_its_likely_spelling() -> None:
    checked = check_table(table(warehouse=["W"], part_id=["P"], dates=["2024-01-01"], quantity=[1]))
    assert checked.counts == {"missing_column": 1}
    assert (checked.mistakes[0].row, checked.mistakes[0].column) == (1, "date")
    assert "did you mean dates?" in checked.mistakes[0].right


def test_a_mapping_to_a_column_that_is_not_there_is_a_mistake() -> None:
    made = table(warehouse=["W"], part_id=["P"], date=["2024-01-01"], quantity=[1])
    checked = check_table(made, {"location_id": "warehose"})
    assert "did you mean warehouse?" in str(checked.mistakes[0])
    assert "map another with location_id=COLUMN" in str(checked.mistakes[0])


def test_two_columns_that_could_be_meant_are_a_mistake() -> None:
    made = table(warehouse=["W"], store_id=["S"], sku=["P"], date=["2024-01-01"], quantity=[1])
    assert "warehouse, store_id can all be location_id" in str(check_table(made).mistakes[0])
    assert check_table(made, {"location_id": "store_id"}).total == 0


@pytest.mark.parametrize("text", ["", "\n\n", "warehouse,sku,date,quantity\n"])
def test_an_empty_file_is_a_mistake(tmp_path: Path, text: str) -> None:
    checked = check_table(read_table(write(tmp_path, text)))
    assert checked.counts == {"empty_file": 1}
    with pytest.raises(ImportErrors, match=r"t.csv has 1 mistake: t.csv: has no rows"):
        checked.or_raise()


def test_a_column_name_that_is_there_twice_is_a_mistake(tmp_path: Path) -> None:
    path = write(tmp_path, "warehouse,sku,date,quantity,quantity\nW,P,2024-01-01,1,2\n")
    assert str(check_table(read_table(path)).mistakes[0]).startswith(
        "t.csv row 1 column quantity: is there twice"
    )


def test_a_row_with_too_many_cells_is_named(tmp_path: Path) -> None:
    path = write(
        tmp_path, 'warehouse,sku,date,quantity\n"W, 1",P,2024-01-01,1\nW,P,2024-01-01,1,000\n'
    )
    with pytest.raises(ImportErrors, match="row 3: 5 cells where the header has 4"):
        read_table(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encoding_and_delimiter_are_found(tmp_path: Path, encoding: str, delimiter: str) -> None:
    lines = [["warehouse", "sku", "date", "qty", "note"], ["W", "P", "2024-01-01", "3", "Größe"]]
    path = write(tmp_path, "\r\n".join(delimiter.join(line) for line in lines), encoding=encoding)
    made = read_table(path)
    assert made.frame["note"].to_list() == ["Größe"]
    assert check_table(made).or_raise().frame["consumed"].to_list() == [3]


def test_leading_zeros_of_ids_survive(tmp_path: Path) -> None:
    path = write(tmp_path, "warehouse,sku,date,qty\n007,0042,2024-01-01,1\n")
    assert check_table(read_table(path)).frame.row(0)[:2] == ("007", "0042")


def test_parquet_and_tsv_say_the_same_as_csv(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"warehouse": ["W"], "sku": [42], "date": [date(2024, 1, 1)], "quantity": [3.0]}
    )
    frame.write_parquet(tmp_path / "t.parquet")
    frame.write_csv(tmp_path / "t.tsv", separator="\t")
    frame.write_csv(tmp_path / "t.csv")
    made = [
        check_table(read_table(tmp_path / f"t.{s}")).or_raise().frame
        for s in ("parquet", "tsv", "csv")
    ]
    assert made[0].equals(made[1])
    assert made[0].equals(made[2])
    assert made[0].row(0)[:2] == ("W", "42")


def test_excel_says_the_same(tmp_path: Path) -> None:
    pytest.importorskip("fastexcel")
    pytest.importorskip("xlsxwriter")
    pl.DataFrame(
        {
            "warehouse": ["W", None, "W"],
            "sku": ["007", None, "8"],
            "date": [date(2024, 1, 2), None, date(2024, 1, 3)],
            "quantity": [5.0, None, 5.5],
        }
    ).write_excel(tmp_path / "t.xlsx")
    checked = check_table(read_table(tmp_path / "t.xlsx"))
    assert [(m.row, m.column) for m in checked.mistakes] == [(4, "quantity")]
    assert checked.rows == 2


def test_excel_without_its_extra_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("supplynet.connectors.table_file.find_spec", lambda _name: None)
    with pytest.raises(MissingExtra, match=r"supplynet\[excel\]"):
        read_table(write(tmp_path, "x", "t.xlsx"))


@pytest.mark.parametrize("name", ["t.parquet", "t.docx", "t.xlsx"])
def test_a_file_that_is_not_what_it_says_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput, match=name):
        read_table(write(tmp_path, "nonsense", name))
    with pytest.raises(InvalidInput, match="there is no file"):
        read_table(tmp_path / "absent.csv")


def stock(*cells: tuple[str, str, object], **options: object) -> Checked:
    columns: dict[str, list[object]] = {
        "warehouse": [c[0] for c in cells],
        "sku": [c[1] for c in cells],
        "on_hand": [c[2] for c in cells],
    }
    made = ImportOptions(**options)  # type: ignore[arg-type] # any option
    return check_table(table(**columns), kind="stock", options=made)


def test_stock_is_one_number_per_place_and_part() -> None:
    made = stock(("W", "P", 5), ("W", "Q", 0)).or_raise()
    assert made.frame.rows() == [("W", "P", 5, None), ("W", "Q", 0, None)]
    twice = stock(("W", "P", 5), ("W", "P", 6))
    assert [(m.row, m.wrong) for m in twice.mistakes] == [(3, "the row repeats row 2")]
    assert stock(("W", "P", 5), ("W", "P", 6), duplicates="sum").frame["on_hand"].to_list() == [11]


def test_stock_below_0_is_never_taken() -> None:
    assert stock(("W", "P", "-5"), negatives="return").counts == {"negative": 1}
    assert stock(("W", "P", "(5)"), brackets="negative").counts == {"bracketed": 1}


def test_the_moment_of_a_count_is_read_in_the_sites_zone() -> None:
    made = table(
        warehouse=["W", "W", "W"],
        sku=["P", "Q", "R"],
        on_hand=[1, 2, 3],
        counted_at=["2024-07-01 06:00", "2024-07-01T06:00:00Z", None],
    )
    checked = check_table(made, kind="stock", options=ImportOptions(time_zone="Europe/Berlin"))
    assert checked.or_raise().frame["counted_at"].to_list() == [
        datetime(2024, 7, 1, 4, tzinfo=UTC),
        datetime(2024, 7, 1, 6, tzinfo=UTC),
        None,
    ]


def test_all_mistakes_are_counted_and_the_first_100_named() -> None:
    checked = check_table(
        table(
            warehouse=["W"] * 250,
            sku=["P"] * 250,
            date=["soon"] * 250,
            n=list(range(250)),
            qty=[1] * 250,
        )
    )
    assert checked.counts == {"bad_date": 250}
    assert [m.row for m in checked.mistakes] == list(range(2, 102))


def test_a_choice_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InvalidInput, match="gaps='fill' is not a choice; use one of zero, missing"):
        ImportOptions(gaps="fill")
    with pytest.raises(InvalidInput, match="'Mars/Base' is not a time zone"):
        ImportOptions(time_zone="Mars/Base")
    with pytest.raises(InvalidInput, match="'sales' cannot be imported"):
        check_table(table(a=[1]), kind="sales")
    with pytest.raises(InvalidInput, match="demand has no column 'sku'"):
        check_table(table(a=[1]), {"sku": "a"})


def test_mappings_are_read_from_text() -> None:
    assert parse_mapping(["part_id=product_code", "location_id = a+b"]) == {
        "part_id": "product_code",
        "location_id": "a+b",
    }
    with pytest.raises(InvalidInput, match="write part_id=product_code"):
        parse_mapping(["part_id"])


def test_real_orders_come_in_with_their_repeats_named(shared_data: Path) -> None:
    made = read_table(shared_data / "product_demand_head" / "orders.parquet")
    assert check_table(made, ORDERS).counts == {"duplicate": 728}
    checked = check_table(made, ORDERS, options=ImportOptions(duplicates="sum")).or_raise()
    assert checked.accepted == 21_999
    assert checked.frame["consumed"].sum() == made.frame["order_demand"].sum()
    recognised = check_table(made, options=ImportOptions(duplicates="sum")).or_raise()
    assert recognised.frame.equals(checked.frame)


def test_real_sales_come_in_without_a_mapping(shared_data: Path) -> None:
    made = read_table(shared_data / "m5_walmart" / "store_dept_daily.parquet")
    checked = check_table(made).or_raise()
    assert (checked.accepted, checked.filled_days) == (133_910, 0)
    assert checked.frame["consumed"].sum() == made.frame["units"].sum()


def test_a_message_holds_only_the_beginning_of_a_long_cell() -> None:
    said = str(one("9" * 5_000_000).mistakes[0])
    assert "'" + "9" * 77 + "...'" in said
    assert len(said) < 200


def test_a_quote_that_is_not_closed_is_named_as_one(tmp_path: Path) -> None:
    path = write(tmp_path, 'warehouse,sku,date,qty\nW,"P,2024-01-01,1\nW,P,2024-01-02,1\n')
    said = [str(mistake) for mistake in check_table(read_table(path)).mistakes]
    assert any("close the double quote that is opened before it" in each for each in said)
