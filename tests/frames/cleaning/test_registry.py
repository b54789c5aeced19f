from pathlib import Path

from supplynet.frames.cleaning.registry import STEPS, chosen, steps_table

DOCS = Path(__file__).parents[3] / "docs" / "cleaning.md"


def test_the_documentation_has_the_table_of_the_registry() -> None:
    assert steps_table() in DOCS.read_text(encoding="utf-8")


def test_by_default_every_step_runs_but_imputing_and_what_a_person_hands_over() -> None:
    assert set(STEPS) - set(chosen(None)) == {"impute", "anomalies"}
