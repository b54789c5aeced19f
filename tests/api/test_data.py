"""What the history is worth, the page to explore it, and templates, over HTTP."""

from __future__ import annotations

import io

import polars as pl
import pytest
from starlette.testclient import TestClient

from supplynet.services import importing

API = "/api/v1"


def test_quality_is_a_score_with_reasons(reader: TestClient) -> None:
    found = reader.get(f"{API}/quality").json()
    assert 0 <= found["quality_score"] <= 100
    assert found["rows"] > 0
    said = {rule["sentence"] for rule in found["rules"] if rule["sentence"]}
    assert len(found["issues"]) == len(said)


def test_the_page_brings_its_styles_and_may_ask_for_nothing(reader: TestClient) -> None:
    answer = reader.get(f"{API}/exploration")
    assert answer.headers["content-type"].startswith("text/html")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "<svg" in answer.text
    assert "<script" not in answer.text


@pytest.mark.parametrize("kind", sorted(importing.KINDS))
def test_a_template_has_the_headings_that_the_import_knows(reader: TestClient, kind: str) -> None:
    answer = reader.get(f"{API}/templates/{kind}/csv")
    assert answer.headers["content-disposition"] == f'attachment; filename="{kind}.csv"'
    assert pl.read_csv(io.BytesIO(answer.content)).columns == importing.template(kind).columns


def test_a_template_for_excel_is_one(reader: TestClient) -> None:
    content = reader.get(f"{API}/templates/stock/xlsx").content
    assert pl.read_excel(io.BytesIO(content)).columns == importing.template("stock").columns


@pytest.mark.parametrize("path", ["templates/nonsense/csv", "templates/stock/doc"])
def test_what_is_no_template_is_refused(reader: TestClient, path: str) -> None:
    answer = reader.get(f"{API}/{path}")
    assert answer.status_code in {404, 422}
    assert answer.headers["content-type"] == "application/problem+json"
