"""``bench risk-calibration --quick``: that it runs, and what its rows say."""

from __future__ import annotations

from supplynet.cli import benchmarking

CHECKOUT = benchmarking.find_checkout()


def test_promises_stand_beside_what_happened_for_both_risks_and_every_step() -> None:
    setup = benchmarking.Setup(
        seed=1, seeds=1, quick=True, checkout=CHECKOUT, report=lambda _fraction, _what: None
    )
    rows = benchmarking.load(CHECKOUT, "risk_calibration").run(setup).rows
    whole = [row for row in rows if row["table"] == "all line-shifts"]
    assert [(row["demand"], row["risk"]) for row in whole] == [
        ("true", "committed"),
        ("true", "policy continues"),
        ("forecast", "committed"),
        ("forecast", "policy continues"),
    ]
    assert all(row["low"] <= row["observed"] <= row["high"] for row in whole)
    assert whole[0]["observed"] > whole[1]["observed"]  # who goes on ordering halts less
    steps = [row for row in rows if row["table"] == "by step"]
    assert {row["step"] for row in steps} == set(range(1, 15))
    parts = [row for row in rows if row["table"] == "promised against observed"]
    assert sum(row["line_shifts"] for row in steps) == sum(row["line_shifts"] for row in parts)
