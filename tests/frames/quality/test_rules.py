from __future__ import annotations

from pathlib import Path

import pytest

from supplynet.frames.quality import RULES, Severity, markdown_table
from supplynet.frames.quality.scoring import lost_points, severity_of

PAGE = Path(__file__).parents[3] / "docs" / "quality.md"


def test_the_page_for_users_has_the_rules_as_they_are() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    table = [line for line in lines if line.startswith("| ")]
    assert table == markdown_table()


def test_every_rule_can_take_points_or_is_only_information() -> None:
    for rule in RULES.values():
        assert 0 < rule.tolerance <= 1
        assert rule.weight > 0 or rule.severity is Severity.INFO


@pytest.mark.parametrize(("count", "lost"), [(0, 0.0), (1, 7.5), (2, 15.0), (50, 15.0)])
def test_a_rule_takes_its_whole_weight_at_its_tolerance(count: int, lost: float) -> None:
    assert RULES["duplicates"].tolerance == 0.02
    assert lost_points(RULES["duplicates"], count, 100) == lost


def test_more_than_5_percent_missing_is_an_error() -> None:
    rule = RULES["missing_values"]
    assert severity_of(rule, 5, 100) is Severity.WARNING
    assert severity_of(rule, 6, 100) is Severity.ERROR
    assert severity_of(RULES["outliers"], 100, 100) is Severity.WARNING
