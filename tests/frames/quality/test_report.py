from __future__ import annotations

import json
from datetime import date, timedelta

import polars as pl
import pytest

from supplynet.frames.quality import FINDINGS_SCHEMA, TABLE_HEAD, QualityReport, check_quality


@pytest.fixture(scope="module")
def report() -> QualityReport:
    """Ten SKUs, one with returns, one with gaps; one SKU's id would be markup."""
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(120)]
    tables = [
        pl.DataFrame(
            {
                "warehouse_id": "W",
                "sku_id": f"<b>{n}",
                "date": days,
                "units_sold": [20 + (3 * n + 7 * day.day) % 9 for day in days],
            }
        )
        for n in range(10)
    ]
    tables[3] = tables[3].with_columns(units_sold=-pl.col("units_sold"))
    tables[5] = tables[5].gather_every(2)
    return check_quality(pl.concat(tables))


def test_the_guide_reads_it_as_a_mapping(report: QualityReport) -> None:
    assert report["quality_score"] == report.score < 100
    assert report["issues"] == list(report.issues)
    assert set(report["errors"]) | set(report["warnings"]) <= set(report["issues"])
    assert {row["part_id"] for row in report["series"][:2]} == {"<b>3", "<b>5"}
    assert report.get("nothing") is None
    assert report.get("quality_score") == report.score


def test_an_unknown_key_is_refused_with_those_there_are(report: QualityReport) -> None:
    with pytest.raises(KeyError, match="no 'score_total'; it has quality_score"):
        report["score_total"]
    with pytest.raises(KeyError, match="no outcome of rule 'typo'"):
        report.check("typo")


def test_it_becomes_json_and_back(report: QualityReport) -> None:
    again = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert again == report.to_dict()
    assert again["quality_score"] == again["score"] == report.score


def test_errors_come_first_and_the_costly_first_among_them(report: QualityReport) -> None:
    lost = {check.sentence: check.lost for check in report.checks}
    errors = [lost[issue] for issue in report.errors]
    assert report.issues[: len(errors)] == report.errors
    assert errors == sorted(errors, reverse=True)


def test_every_issue_says_what_where_how_much_and_what_to_do(report: QualityReport) -> None:
    returns = next(issue for issue in report.issues if "below 0" in issue)
    assert returns == (
        "120 of 1,140 rows (10.5 %) are below 0: W/<b>3 at 2026-01-01, W/<b>3 at 2026-01-02, "
        "W/<b>3 at 2026-01-03 and 117 more; book returns as returns, not as demand "
        "(--negatives return)."
    )


def test_findings_are_rows_with_rule_and_place(report: QualityReport) -> None:
    assert report.findings.schema == FINDINGS_SCHEMA
    counts = dict(report.findings.group_by("rule").len().iter_rows())
    assert counts["negatives_and_returns"] == 120
    assert counts["missing_periods"] == 59


def test_the_table_has_a_row_per_rule_that_found_something(report: QualityReport) -> None:
    rows = {row[0]: dict(zip(TABLE_HEAD, row, strict=True)) for row in report.table()}
    assert rows["missing_periods"]["found"] == 59
    assert rows["negatives_and_returns"]["points"] == 15
    assert "few_records" not in rows


def test_a_notebook_shows_it_escaped_and_short(report: QualityReport) -> None:
    shown = report._repr_html_()
    assert "<b>" not in shown
    assert "&lt;b&gt;3" in shown
    assert len(shown) < 20_000
    assert "Quality" in shown


def test_a_clean_report_says_so() -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(100)]
    frame = pl.DataFrame({"warehouse_id": "W", "sku_id": "P", "date": days})
    frame = frame.with_columns(units_sold=20 + pl.col("date").dt.day() % 7)
    clean = check_quality(frame, minimum_records=100)
    assert "Nothing to complain about" in clean._repr_html_()
    assert repr(clean) == "<QualityReport score 100.0 of 100, ok, 100 rows>"
