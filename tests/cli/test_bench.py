from __future__ import annotations

import getpass
import json
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from supplynet.cli import benchmarking

Call = Callable[..., Any]
TOY = '''
"""A toy: adds up seeds.

More."""
from supplynet.cli.benchmarking import Result

def run(setup):
    if setup.quick:
        return Result(skipped="no data here")
    seeds = list(range(setup.seed, setup.seed + setup.seeds))
    row = {"table": "sums", "seeds": len(seeds), "sum": sum(seeds), "share": float("nan")}
    return Result(params={"of": "seeds"}, rows=[row])
'''


@pytest.fixture
def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkout with two toy benchmarks."""
    (tmp_path / "benchmarks").mkdir()
    for name in ("toy_a", "toy_b"):
        (tmp_path / "benchmarks" / f"{name}.py").write_text(TOY.strip())
    monkeypatch.setattr(benchmarking, "find_checkout", lambda: tmp_path)


@pytest.mark.usefixtures("toys")
def test_the_document_has_figures_and_what_they_were_measured_on(call: Call) -> None:
    found = call("bench", "toy-a", "--seed", "4", "--seeds", "2", "--json").json
    assert list(found) == ["bench", "schema", "params", "seed", "machine", "rows"]
    assert (found["bench"], found["schema"], found["seed"]) == ("toy-a", 1, 4)
    assert found["params"] == {"quick": False, "of": "seeds"}
    assert found["rows"] == [{"table": "sums", "seeds": 2, "sum": 9, "share": None}]
    assert {"processor", "cores", "python", "libraries"} <= set(found["machine"])


def test_the_machine_is_described_without_its_name_or_folders() -> None:
    said = json.dumps(benchmarking.describe_machine())
    for private in (platform.node(), str(Path.home()), str(Path.cwd())):
        assert private not in said
    assert f'"{getpass.getuser()}"' not in said


@pytest.mark.usefixtures("toys")
def test_all_benchmarks_run_when_none_is_named(call: Call) -> None:
    said = [json.loads(line)["bench"] for line in call("bench", "--json").lines]
    assert said == ["toy-a", "toy-b"]


@pytest.mark.usefixtures("toys")
def test_people_get_tables(call: Call) -> None:
    lines = call("bench", "toy_b").lines
    assert lines[0] == "toy-b, seed 1"
    assert lines[lines.index("sums:") + 3].split() == ["3", "6", "-"]


@pytest.mark.usefixtures("toys")
def test_a_benchmark_without_its_data_says_so(call: Call) -> None:
    answer = call("bench", "toy_a", "--quick", "--json")
    assert (answer.status, answer.json["skipped"], answer.json["rows"]) == (0, "no data here", [])
    assert "skipped: no data here" in call("bench", "toy_a", "--quick").lines


@pytest.mark.usefixtures("toys")
def test_the_list_says_what_each_measures(call: Call) -> None:
    assert call("bench", "--list").lines == [f"toy-{x}: A toy: adds up seeds." for x in "ab"]


@pytest.mark.usefixtures("toys")
def test_an_unknown_benchmark_is_refused_before_any_runs(call: Call) -> None:
    answer = call("bench", "toy_a", "toy_c")
    assert (answer.status, answer.out) == (2, "")
    assert "choose from toy-a, toy-b" in answer.err


def test_an_installed_package_says_where_benchmarks_are(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "lib" / "supplynet" / "cli" / "benchmarking.py"
    monkeypatch.setattr(benchmarking, "__file__", str(elsewhere))
    answer = call("bench")
    assert (answer.status, "benchmarks come with the source" in answer.err) == (2, True)


CHECKOUT = benchmarking.find_checkout()


@pytest.mark.parametrize("name", benchmarking.names(CHECKOUT))
def test_every_benchmark_can_be_loaded(name: str) -> None:
    module = benchmarking.load(CHECKOUT, name)
    assert callable(module.run)
    assert (module.__doc__ or "").split("\n")[0].endswith(".")


def test_a_benchmark_without_shared_data_is_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHARED_DATA", str(tmp_path))
    setup = benchmarking.Setup(
        seed=1,
        seeds=1,
        quick=True,
        checkout=CHECKOUT,
        report=lambda _fraction, _what: None,
        only=("m5", "car_parts"),
    )
    assert "SHARED_DATA" in benchmarking.load(CHECKOUT, "forecast").run(setup).skipped
