"""Known layouts: small files with the headers and value styles in which they are published."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from supplynet.connectors.table_file import open_table
from supplynet.connectors.table_import import Checked, Wanted, check_source
from supplynet.connectors.table_layout import Said
from supplynet.connectors.table_profile import Profile
from supplynet.connectors.table_recognise import choose_profile
from supplynet.connectors.table_source import Source
from supplynet.errors import InvalidInput

UCI = """\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,12/1/2010 8:26,2.55,17850,United Kingdom
536365,71053,"WHITE METAL LANTERN",6,12/1/2010 8:26,3.39,17850,United Kingdom
536365,71053,"WHITE METAL LANTERN",6,12/1/2010 8:26,3.39,17850,United Kingdom
536370,POST,POSTAGE,3,12/1/2010 8:45,18,12583,France
C536379,D,Discount,-1,12/1/2010 9:41,27.5,14527,United Kingdom
C536391,85123A,WHITE HANGING HEART T-LIGHT HOLDER,-4,12/1/2010 10:24,2.55,17548,United Kingdom
536589,85123A,,-10,12/13/2010 16:50,0,,United Kingdom
574586,BANK CHARGES,Bank Charges,1,12/13/2010 9:00,15,,United Kingdom
574586,85123A,"HOLDER, WHITE",12,12/13/2010 9:00,2.55,,United Kingdom
"""
UCI_2 = """\
Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country
489434,85048,15CM CHRISTMAS GLASS BALL 20 LIGHTS,12,2009-12-01 07:45:00,6.95,13085.0,United Kingdom
C489449,22087,PAPER BUNTING WHITE LACE,-12,2009-12-01 10:33:00,2.95,16321.0,Australia
489857,gift_0001_20,Dotcomgiftshop Gift Voucher,10,2009-12-02 15:33:00,17.87,,United Kingdom
"""
PRODUCT_DEMAND = """\
Product_Code,Warehouse,Product_Category,Date,Order_Demand
Product_0993,Whse_J,Category_028,2012/7/27,100
Product_0993,Whse_J,Category_028,2012/7/27,100
Product_0979,Whse_J,Category_028,2012/1/19,500\x20
Product_0979,Whse_J,Category_028,2012/1/19,(200)
Product_1157,Whse_A,Category_006,NA,1
"""
STORE_ITEM = "date,store,item,sales\n2013-01-01,1,1,13\n2013-01-02,1,1,11\n2013-01-01,10,50,20\n"
M5_WIDE = """\
id,item_id,dept_id,cat_id,store_id,state_id,d_1,d_2,d_3
HOBBIES_1_001_CA_1_validation,HOBBIES_1_001,HOBBIES_1,HOBBIES,CA_1,CA,0,3,1
FOODS_3_827_WI_3_validation,FOODS_3_827,FOODS_3,FOODS,WI_3,WI,2,0,5
"""
M5_LONG = """\
id,item_id,dept_id,cat_id,store_id,state_id,d,sales
HOBBIES_1_001_CA_1_validation,HOBBIES_1_001,HOBBIES_1,HOBBIES,CA_1,CA,d_1,0
HOBBIES_1_001_CA_1_validation,HOBBIES_1_001,HOBBIES_1,HOBBIES,CA_1,CA,d_3,4
"""
FLOWS = """\
date,product,flow,measure,value
2023-01-01,SOS008L02P,sales_order,unit,1355.0
2023-01-01,SOS008L02P,factory_issue,unit,1000.0
2023-01-01,SOS008L02P,factory_issue,weight,12.5
2023-01-02,SOS008L02P,factory_issue,unit,120.333
2023-01-02,SOS008L02P,production,unit,700.0
"""
MOVEMENTS = """\
Posting Date,Plant,Storage Location,Material,Movement Type,Quantity,Unit
2024-01-08,1000,0001,100-300,261,-5,PC
2024-01-08,1000,0001,100-300,262,2,PC
2024-01-09,1000,0001,100-300,201,7,PC
2024-01-09,1000,0001,100-300,101,500,PC
2024-01-09,1000,0001,100-300,601,-1,PC
"""
BEWEGUNGEN = """\
Buchungsdatum;Werk;Lagerort;Material;Bewegungsart;Menge;Basismengeneinheit
08.01.2024;1000;0001;100-300;261;1.234,000-;ST
08.01.2024;1000;0001;100-300;262;34,000;ST
09.01.2024;1000;0001;100-300;311;5,000-;ST
"""
PURCHASES = """\
Order,Supplier,Plant,Material,Ordered,Promised,Received,Quantity
4500012345,Acme,1000,BOLT-M8,2024-01-10,2024-01-24,2024-01-25 06:30,500
4500012346,Acme,1000,NUT-M8,2024-01-12,,,200
"""
BESTELLUNGEN = """\
Bestellung;Lieferant;Werk;Material;Bestelldatum;Liefertermin;Wareneingang;Bestellmenge
4500012345;Muster GmbH;1000;BOLT-M8;10.01.2024;24.01.2024;;500
"""
ORDERS = """\
Order,Customer,Material,Plant,Wanted Date,Quantity
SO-1,C-77,BIKE,1000,2024-02-01,3
SO-2,C-78,BIKE,1000,2024-02-01,2
"""


def write(folder: Path, text: str) -> Source:
    path = folder / "t.csv"
    path.write_text(text, encoding="utf-8")
    return open_table(path)


def recognised(source: Source) -> Profile:
    profile = choose_profile(source, None, None, None)
    assert profile is not None
    return profile


def check(source: Source, said: Said | None = None) -> Checked:
    profile = recognised(source)
    wanted = Wanted(kind=profile.kind, profile=profile, said=said or Said())
    return check_source(source, wanted)


def days(checked: Checked) -> list[tuple[str, str, date, int]]:
    frame = checked.or_raise().frame
    day = pl.col("period_start").dt.date()
    return frame.select("location_id", "part_id", day, "consumed").rows()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (UCI, "uci-online-retail"),
        (UCI_2, "uci-online-retail"),
        (PRODUCT_DEMAND, "historical-product-demand"),
        (PRODUCT_DEMAND.lower().replace("na,", ","), "historical-product-demand"),
        (STORE_ITEM, "store-item"),
        ("date,store_id,item_id,units\n2013-01-01,1,1,13\n", "store-item"),
        ("store_id,item_id,date,units\nCA_1,FOODS_1_001,2016-03-28,2\n", "m5-long"),
        (M5_WIDE, "m5-wide"),
        (M5_LONG, "m5-long"),
        (FLOWS, "supplygraph"),
        (MOVEMENTS, "erp-movements"),
        (BEWEGUNGEN, "erp-movements-de"),
        (PURCHASES, "purchase-orders"),
        (BESTELLUNGEN, "purchase-orders"),
        (ORDERS, "customer-orders"),
    ],
)
def test_a_layout_is_recognised_from_its_header(tmp_path: Path, text: str, name: str) -> None:
    assert recognised(write(tmp_path, text)).name == name


def test_other_sales_are_no_known_layout(tmp_path: Path) -> None:
    for text in (
        "store_id,item_id,date,units\nBerlin,bread,2024-01-01,3\n",
        "warehouse_id,sku_id,date,units_sold,order_id\nW,P,2024-01-01,1,o1\n",
        "unique_id,ds,y\nW/P,2024-01-01,1\n",
    ):
        assert choose_profile(write(tmp_path, text), None, None, None) is None


def test_cancelled_invoices_are_returns_and_fees_are_no_products(tmp_path: Path) -> None:
    """12/1 is the first of December: 6 sold less 4 cancelled, twice 6 lanterns; then 12 - 10."""
    checked = check(write(tmp_path, UCI))
    uk = "United-Kingdom"
    december = [("85123A", 1, 2), ("85123A", 13, 2), ("71053", 1, 12)]
    wanted = {(uk, part, date(2010, 12, day), quantity) for part, day, quantity in december}
    assert {row for row in days(checked) if row[3]} == wanted
    assert {(count, says.split(",")[0]) for count, says in checked.decisions} == {
        (3, "rows of postage"),
        (1, "rows of cancelled invoices count as returns"),
    }
    assert (checked.repeats, checked.returns, checked.accepted) == (1, 2, 6)


def test_the_second_online_retail_file_has_other_headings(tmp_path: Path) -> None:
    checked = check(write(tmp_path, UCI_2))
    assert days(checked) == [
        ("Australia", "22087", date(2009, 12, 1), 0),
        ("United-Kingdom", "85048", date(2009, 12, 1), 12),
    ]


def test_a_shop_can_be_one_place(tmp_path: Path) -> None:
    checked = check(write(tmp_path, UCI_2), Said(constants={"location_id": "WEB"}))
    assert {row[0] for row in days(checked)} == {"WEB"}


def test_online_retail_in_excel_has_a_sheet_per_year(tmp_path: Path) -> None:
    """Numbers and words in one column, real dates, and a second sheet with the same header."""
    pytest.importorskip("fastexcel")
    xlsxwriter = pytest.importorskip("xlsxwriter")
    head = UCI_2.split("\n", 1)[0].split(",")
    moment = datetime(2009, 12, 1, 7, 45)  # noqa: DTZ001 - Excel knows no zones
    rows: list[list[object]] = [
        [489434, 85048, "BALL", 12, moment, 6.95, 13085, "EIRE"],
        ["C489449", "79323P", "BOX", -12, moment, 2.95, 16321, "EIRE"],
    ]
    with xlsxwriter.Workbook(tmp_path / "t.xlsx", {"default_date_format": "d/m/yyyy h:mm"}) as book:
        sheets: dict[str, list[list[object]]] = {
            "Year 2009-2010": [[*head], *rows],
            "Year 2010-2011": [[*head], rows[0], [*rows[0][:3], "x", *rows[0][4:]]],
            "Notes": [["about"], ["this file"]],
        }
        for name, body in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(body):
                for column, cell in enumerate(row):
                    sheet.write(number, column, cell)
    checked = check(open_table(tmp_path / "t.xlsx"), Said(options={"on_error": "skip"}))
    assert [(m.file, m.row, m.column) for m in checked.mistakes] == [
        ("t.xlsx sheet Year 2010-2011", 3, "Quantity")
    ]
    assert days(checked) == [
        ("EIRE", "79323P", date(2009, 12, 1), 0),
        ("EIRE", "85048", date(2009, 12, 1), 24),
    ]


def test_brackets_of_product_demand_are_returns_and_empty_dates_mistakes(tmp_path: Path) -> None:
    checked = check(write(tmp_path, PRODUCT_DEMAND))
    assert checked.counts == {"missing": 1}
    skipped = check(write(tmp_path, PRODUCT_DEMAND), Said(options={"on_error": "skip"}))
    assert days(skipped) == [
        ("Whse_J", "Product_0979", date(2012, 1, 19), 300),
        ("Whse_J", "Product_0993", date(2012, 7, 27), 200),
    ]
    assert (skipped.repeats, skipped.returns) == (1, 1)


def test_what_is_said_wins_over_the_layout(tmp_path: Path) -> None:
    said = Said(options={"duplicates": "drop", "brackets": "positive", "on_error": "skip"})
    assert [row[3] for row in days(check(write(tmp_path, PRODUCT_DEMAND), said))] == [700, 100]
    strict = Said(options={"brackets": "error", "on_error": "skip"})
    assert check(write(tmp_path, PRODUCT_DEMAND), strict).counts == {"bracketed": 1, "missing": 1}


def test_columns_of_days_become_rows(tmp_path: Path) -> None:
    checked = check(write(tmp_path, M5_WIDE))
    assert days(checked)[:4] == [
        ("CA_1", "HOBBIES_1_001", date(2011, 1, 29), 0),
        ("CA_1", "HOBBIES_1_001", date(2011, 1, 30), 3),
        ("CA_1", "HOBBIES_1_001", date(2011, 1, 31), 1),
        ("WI_3", "FOODS_3_827", date(2011, 1, 29), 2),
    ]
    assert (checked.rows, checked.accepted) == (6, 6)


def test_a_wrong_cell_of_a_wide_table_is_named_by_its_own_column(tmp_path: Path) -> None:
    checked = check(write(tmp_path, M5_WIDE.replace("0,5\n", "many,5\n")))
    assert [(m.row, m.column, m.value) for m in checked.mistakes] == [(3, "d_2", "many")]


def test_a_column_that_is_no_day_is_not_read(tmp_path: Path) -> None:
    checked = check(write(tmp_path, M5_WIDE.replace("d_3", "d_999999999")))
    assert (checked.accepted, "d_999999999" in checked.unused) == (4, True)


def test_a_wide_row_that_is_there_twice_is_one_mistake(tmp_path: Path) -> None:
    last = M5_WIDE.splitlines()[-1]
    checked = check(write(tmp_path, M5_WIDE + last + "\n"))
    assert [(m.row, m.wrong) for m in checked.mistakes] == [(4, "the row repeats row 3")]


def test_days_may_be_numbers_in_a_column(tmp_path: Path) -> None:
    assert [(row[2].day, row[3]) for row in days(check(write(tmp_path, M5_LONG)))] == [
        (29, 0),
        (30, 0),
        (31, 4),
    ]
    wrong = check(write(tmp_path, M5_LONG.replace("d_3", "day 3")))
    assert [(m.row, m.column, m.kind) for m in wrong.mistakes] == [(3, "d", "bad_date")]


def test_one_flow_of_a_factory_is_chosen(tmp_path: Path) -> None:
    issues = check(write(tmp_path, FLOWS))
    assert [(row[0], row[3]) for row in days(issues)] == [("factory", 1000), ("factory", 120)]
    assert [count for count, _ in issues.decisions] == [2, 1, 1]
    orders = check(write(tmp_path, FLOWS), Said(where={"flow": ["sales_order"]}))
    assert [row[3] for row in days(orders)] == [1355]
    with pytest.raises(InvalidInput, match="the file has no column 'flows'; it has date, product"):
        check(write(tmp_path, FLOWS), Said(where={"flows": ["sales_order"]}))


def test_issues_less_their_reversals_are_consumption(tmp_path: Path) -> None:
    """Whatever sign the export gives them; a receipt (101) is none."""
    checked = check(write(tmp_path, MOVEMENTS))
    assert days(checked) == [
        ("1000.0001", "100-300", date(2024, 1, 8), 3),
        ("1000.0001", "100-300", date(2024, 1, 9), 8),
    ]
    assert (1, "rows whose Movement Type is not 201 or 261 or 601 or 202 or 262 or 602") in {
        (count, says.removesuffix(" were left out")) for count, says in checked.decisions
    }


def test_german_movements_have_german_numbers(tmp_path: Path) -> None:
    assert days(check(write(tmp_path, BEWEGUNGEN))) == [
        ("1000.0001", "100-300", date(2024, 1, 8), 1200)
    ]


def test_purchase_orders_are_deliveries(tmp_path: Path) -> None:
    frame = check(write(tmp_path, PURCHASES)).or_raise().frame
    first, second = frame.rows(named=True)
    assert first["received_at"] == datetime(2024, 1, 25, 6, 30, tzinfo=UTC)
    assert (first["from_location"], first["quantity"]) == ("Acme", 500)
    assert (second["due_at"], second["received_at"]) == (None, None)
    german = check(write(tmp_path, BESTELLUNGEN), Said(options={"time_zone": "Europe/Berlin"}))
    assert german.or_raise().frame["ordered_at"].item() == datetime(2024, 1, 9, 23, tzinfo=UTC)
    assert german.frame["from_location"].item() == "Muster-GmbH"


def test_customer_orders_are_demand_on_the_day_that_is_wanted(tmp_path: Path) -> None:
    assert days(check(write(tmp_path, ORDERS))) == [("1000", "BIKE", date(2024, 2, 1), 5)]


@pytest.mark.parametrize(
    ("file", "name", "rows", "series"),
    [
        ("product_demand_head/orders", "historical-product-demand", 21_999, 1155),
        ("m5_walmart/store_dept_daily", "m5-long", 133_910, 70),
        ("m5_walmart/item_full_history", "m5-long", 36_080, 21),
        ("supplygraph/flows", "supplygraph", 9061, 41),
    ],
)
def test_real_files_are_recognised_and_taken_whole(
    shared_data: Path, file: str, name: str, rows: int, series: int
) -> None:
    source = open_table(shared_data / f"{file}.parquet")
    assert recognised(source).name == name
    checked = check(source).or_raise()
    assert (checked.accepted, len(checked.series), checked.total) == (rows, series, 0)


@pytest.mark.parametrize(
    ("file", "name"), [("m5_walmart/item_last28", "m5-long"), ("store_item/sales", "store-item")]
)
def test_equal_headers_are_told_apart_by_their_cells(
    shared_data: Path, file: str, name: str
) -> None:
    assert recognised(open_table(shared_data / f"{file}.parquet")).name == name
