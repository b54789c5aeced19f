"""``supplynet models``: what it prints, and how it ends."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from supplynet.services import forecasting
from supplynet.services.books import open_books
from supplynet.services.model_versions import versions_of

Call = Callable[..., Any]


@pytest.fixture(scope="module")
def trained_twice(ready: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A workspace with a first champion, and a second one of another model. Read only."""
    folder = Path(shutil.copytree(ready, tmp_path_factory.mktemp("twice") / "workspace"))
    books = open_books(folder)
    first = versions_of(books).champion()
    assert first is not None
    second: str = forecasting.train(books, ["seasonal_naive"], promote="always")["model_version"]
    books.store.close()
    return folder, first, second


@pytest.fixture
def workspace(trained_twice: tuple[Path, str, str], tmp_path: Path) -> Path:
    """A copy that may be changed."""
    return Path(shutil.copytree(trained_twice[0], tmp_path / "workspace"))


@pytest.fixture
def two(trained_twice: tuple[Path, str, str]) -> tuple[str, str]:
    """The champion before and the champion."""
    return trained_twice[1:]


def test_versions_are_listed_for_people_and_programs(
    call: Call, workspace: Path, two: tuple[str, str]
) -> None:
    first, second = two
    people = call("models", "list", "-w", workspace)
    assert people.status == 0
    assert [line.split()[0] for line in people.lines[2:]] == [second, first]
    assert "champion" in people.lines[2]
    rows = call("models", "list", "-w", workspace, "--json").json
    assert [(row["model"], row["aliases"], row["state"]) for row in rows] == [
        ("seasonal_naive", ["champion"], "ok"),
        ("shift_mean", [], "ok"),
    ]


def test_a_damaged_version_is_named_and_the_status_is_1(
    call: Call, workspace: Path, two: tuple[str, str]
) -> None:
    first, second = two
    (workspace / f"metrics/{second}.json").write_text("{}")
    answer = call("models", "list", "-w", workspace)
    assert answer.status == 1
    assert answer.lines[-1].startswith(f"{second} is damaged: metrics/{second}.json has")
    assert call("models", "show", second, "-w", workspace).status == 1
    assert call("models", "show", first, "-w", workspace).status == 0
    forecast = call("forecast", "-w", workspace, "--horizon", "1", "--json")
    assert (forecast.status, bool(forecast.json)) == (0, True)
    assert f"{first} serves instead" in forecast.err
    doctor = call("doctor", "-w", workspace)
    assert (doctor.status, f"champion {second} cannot be opened" in doctor.out) == (1, True)
    plan = call("plan", "-w", workspace)
    assert (plan.status, f"{first} serves instead" in plan.out) == (0, True)


def test_a_version_is_promoted_rolled_back_and_shown_with_its_history(
    call: Call, workspace: Path, two: tuple[str, str]
) -> None:
    first, second = two
    gone_back = call("models", "rollback", "-w", workspace, "--reason", "too high at night")
    assert (gone_back.status, gone_back.out) == (0, f"{first} is champion again\n")
    again = call("models", "rollback", "-w", workspace)
    assert (again.status, again.err.count("\n")) == (2, 1)
    promoted = call("models", "promote", second, "-w", workspace, "--json").json
    assert promoted["aliases"] == ["champion"]
    told = call("models", "show", first, "-w", workspace)
    assert told.lines[-1].startswith("champion since ")
    assert told.lines[-1].endswith(": too high at night")
    assert "data_hash" in told.out


def test_versions_are_removed_and_pruned_but_never_the_champion(
    call: Call, workspace: Path, two: tuple[str, str]
) -> None:
    first, second = two
    refused = call("models", "remove", second, "-w", workspace)
    assert (refused.status, "is champion; promote another" in refused.err) == (2, True)
    assert call("models", "prune", "--keep", "0", "-w", workspace, "--json").json["removed"] == []
    assert call("models", "remove", first, "-w", workspace).out == f"removed {first}\n"
    assert call("models", "remove", first, "-w", workspace).status == 2


def test_two_versions_are_compared(
    call: Call, workspace: Path, two: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = two
    found = call("models", "compare", first, "-w", workspace, "--json").json
    assert (found["first"], found["second"]) == (first, second)
    assert found["difference"]["first"] > 0
    monkeypatch.setattr("supplynet.worker.jobs.run_here", lambda *_, **__: found)
    people = call("models", "compare", first, second, "-w", workspace)
    assert people.lines[0].startswith(f"first {first}, second {second}")
    assert people.lines[4].split()[0] == "all"


def test_a_model_that_is_not_promoted_is_named_with_the_way_to_promote_it(
    call: Call, workspace: Path
) -> None:
    answer = call("train", "-w", workspace, "--model", "naive", "--promote", "never")
    assert answer.lines[-2].startswith("champion: seasonal_naive (seasonal_naive-")
    assert answer.lines[-1].startswith("challenger: naive-")
    assert "supplynet models promote naive-" in answer.lines[-1]


@pytest.mark.parametrize(
    "arguments",
    [["show", "nobody"], ["promote", "../x"], ["prune"], ["promote"]],
)
def test_what_is_not_there_is_refused_in_one_line(
    call: Call, ready: Path, arguments: list[str]
) -> None:
    answer = call("models", *arguments, "-w", ready)
    assert (answer.status, answer.out, answer.err.count("\n")) == (2, "", 1)
