"""Versions of a plant's model in the books: listed, promoted, rolled back, compared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from supplynet.errors import InvalidInput, NotFound
from supplynet.learning.manifest import read_manifest
from supplynet.services import forecasting, models
from supplynet.services.books import Books, open_books
from supplynet.services.model_versions import versions_of
from supplynet.storage import audit


@pytest.fixture
def books(demo_workspace: Path) -> Iterator[Books]:
    opened = open_books(demo_workspace)
    yield opened
    opened.store.close()


def demo_champion(books: Books) -> str:
    """An LSTM, or LightGBM where there is no torch."""
    return versions_of(books).aliases.history()[0].version


def train(books: Books, model: str) -> str:
    version: str = forecasting.train(books, [model], promote="always")["model_version"]
    return version


def test_every_move_of_an_alias_is_in_the_audit_log(books: Books) -> None:
    first, second = train(books, "shift_mean"), train(books, "seasonal_naive")
    models.rollback(books, reason="too high at night", actor="ann")
    with books.store.read() as tx:
        last = audit.entries(tx, subject="champion")[-1]
        assert audit.first_bad_row(tx) is None
    assert (last.actor, last.reason) == ("ann", "too high at night")
    assert (last.before["model_version"], last.after["model_version"]) == (second, first)
    told = models.show(books, first)
    assert [(row["alias"], row["actor"]) for row in told["history"]] == [
        ("champion", "train"),
        ("champion", "ann"),
    ]
    assert told["history"][-1]["rolled_back"] == second
    assert models.rollback(books, actor="ann")["version"] == demo_champion(books)


def test_versions_of_the_demo_are_listed(books: Books) -> None:
    rows = models.list_models(books)
    assert {"lightgbm-demo"} <= {row["version"] for row in rows}
    assert all(row["state"] == "ok" and len(row["data_hash"]) == 64 for row in rows)
    champions = [row["version"] for row in rows if "champion" in row["aliases"]]
    assert champions == [demo_champion(books)]


def test_old_versions_are_removed_but_never_the_champion(books: Books) -> None:
    names = [train(books, "shift_mean") for _ in range(3)]
    with pytest.raises(InvalidInput, match="is champion"):
        models.remove(books, names[-1])
    assert set(models.prune(books, 0)) >= {names[0], demo_champion(books)}
    assert {row["version"] for row in models.list_models(books)} == {*names[1:]}
    assert models.rollback(books, actor="me")["version"] == names[1]


def test_settings_are_compared_where_no_period_is_unseen(books: Books) -> None:
    good, bad = train(books, "shift_mean"), train(books, "naive")
    found = models.compare(books, good, bad)
    assert found["basis"].startswith("their settings, fitted again on what lies before the last")
    whole = found["difference"]
    assert whole["difference"] == pytest.approx(whole["first"] - whole["second"])
    assert (whole["first"] < whole["second"], whole["better"]) == (True, "first")
    assert whole["low"] <= whole["difference"] <= whole["high"] < 0
    assert sum(row["series"] for row in found["classes"]) == len(
        forecasting.history_panel(books).series
    )
    rows = {row["model"]: row["pinball"] for row in found["rows"]}
    assert rows[good] == pytest.approx(whole["first"])
    assert {"seasonal_naive", "shift_mean"} <= set(rows)


def test_models_are_compared_as_saved_on_what_neither_has_seen(books: Books) -> None:
    """The demo's models know nothing of its unseen days."""
    panel = forecasting.history_panel(books)
    known = read_manifest(books.workspace.folder, "lightgbm-demo").known_until
    assert known is not None
    names = [row["version"] for row in models.list_models(books)]
    if len(names) == 1:
        pytest.skip("one model alone: no torch here")
    found = models.compare(books, *names)
    assert found["basis"] == "as saved, on the periods after both had been trained"
    assert found["start"] == min(start for start in panel.period_starts if start >= known)


def test_a_comparison_needs_two_versions_that_are_there(books: Books) -> None:
    with pytest.raises(InvalidInput, match="cannot be compared with itself"):
        models.compare(books, demo_champion(books))
    with pytest.raises(NotFound, match="nobody"):
        models.compare(books, "nobody")


def test_the_history_of_an_alias_has_no_end(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("supplynet.services.model_versions._PAGE", 2)
    names = [train(books, "shift_mean") for _ in range(3)]
    history = versions_of(books).aliases.history()
    promoted = [each.version for each in history if each.alias == "champion"]
    assert promoted == [demo_champion(books), *names]
