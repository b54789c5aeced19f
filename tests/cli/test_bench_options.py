"""Options that belong to one benchmark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from supplynet.cli import benchmarking
from supplynet.cli.bench_options import Asked, Option, number, read, whole

Call = Callable[..., Any]
TOY = '''
"""A toy with options."""
from supplynet.cli.bench_options import Option, number, whole
from supplynet.cli.benchmarking import Result

OPTIONS = (
    Option(name="lead-time", default=2, read=whole(0, 9), help="Periods."),
    Option(name="price", read=number(-5), help="Of a part."),
    Option(name="kind", default="plain", choices=("plain", "fancy"), help="What it is."),
    Option(name="loud", default=False, help="Whether it says more."),
)

def run(setup):
    return Result(rows=[{"table": "it", **setup.options, "asked": setup.asked}])
'''


@pytest.fixture(autouse=True)
def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkout with a benchmark that has options and one that has none."""
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "toy_shop.py").write_text(TOY.strip())
    bare = TOY.split("OPTIONS", maxsplit=1)[0] + "def run(setup):\n    return Result(rows=[])\n"
    (tmp_path / "benchmarks" / "bare.py").write_text(bare.strip())
    monkeypatch.setattr(benchmarking, "find_checkout", lambda: tmp_path)


def row(call: Call, *typed: str) -> dict[str, Any]:
    found: dict[str, Any] = call("bench", *typed, "--json").json["rows"][0]
    return {key: value for key, value in found.items() if key != "table"}


def test_without_options_it_gets_the_defaults_and_knows_that_none_were_given(call: Call) -> None:
    usual = {"lead-time": 2, "price": None, "kind": "plain", "loud": False}
    assert row(call, "toy-shop") == usual | {"asked": False}


@pytest.mark.parametrize(
    "typed",
    [
        ("toy-shop", "--lead-time", "3", "--price", "-1.5", "--kind", "fancy", "--loud"),
        ("toy_shop", "--price=-1.5", "--loud", "--lead-time=3", "--kind=fancy"),
    ],
)
def test_options_are_read_in_any_order_and_spelling(call: Call, typed: tuple[str, ...]) -> None:
    chosen = {"lead-time": 3, "price": -1.5, "kind": "fancy", "loud": True}
    assert row(call, *typed) == chosen | {"asked": True}


def test_the_commands_own_options_may_stand_anywhere(call: Call) -> None:
    found = call("bench", "--seed", "7", "toy-shop", "--json", "--lead-time", "1", "--quick").json
    assert (found["seed"], found["params"]["quick"], found["rows"][0]["lead-time"]) == (7, True, 1)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("toy-shop", "--lead-tine", "3"), "no option --lead-tine, perhaps --lead-time"),
        (("toy-shop", "--lead-time", "ten"), "'ten'; use a whole number from 0 to 9"),
        (("toy-shop", "--lead-time", "10"), "use a whole number from 0 to 9"),
        (("toy-shop", "--price", "nan"), "use a number from -5 up"),
        (("toy-shop", "--price", "inf"), "use a number from -5 up"),
        (("toy-shop", "--kind", "odd"), "choose from plain, fancy"),
        (("toy-shop", "--kind"), "--kind needs a value: What it is."),
        (("toy-shop", "--lead-time", "--loud"), "--lead-time needs a value"),
        (("toy-shop", "--loud=yes"), "--loud takes no value"),
        (("toy-shop", "--loud", "--loud"), "given twice"),
        (("toy-shop", "--loud", "bare"), "'bare' follows no option"),
        (("bare", "--loud"), "it has none of its own"),
        (("toy-shop", "bare", "--loud"), "follow the name of that one"),
        (("--lead-time", "3"), "follow the name of that one"),
        (("--sede", "3"), "perhaps --seed"),
    ],
)
def test_what_cannot_be_understood_is_refused(
    call: Call, typed: tuple[str, ...], said: str
) -> None:
    answer = call("bench", *typed)
    assert (answer.status, answer.out) == (2, "")
    assert said in answer.err
    assert len(answer.err.strip().splitlines()) == 1


def test_the_list_says_the_options_of_those_that_are_named(call: Call) -> None:
    assert call("bench", "toy-shop", "--list").lines == [
        "toy-shop: A toy with options.",
        "  --lead-time VALUE: Periods. Default: 2.",
        "  --price VALUE: Of a part.",
        "  --kind plain|fancy: What it is. Default: plain.",
        "  --loud: Whether it says more.",
    ]
    assert len(call("bench", "--list").lines) == 2


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("9", 9), ("1e1", None), ("", None)])
def test_whole_numbers(text: str, value: int | None) -> None:
    if value is None:
        with pytest.raises(ValueError, match="whole number"):
            whole(0, 9)(text)
    else:
        assert whole(0, 9)(text) == value


def test_numbers() -> None:
    assert number(0, 1)("0.5") == 0.5
    for text in ("1.01", "-0.1", "x", "nan"):
        with pytest.raises(ValueError, match="use a number from 0 to 1"):
            number(0, 1)(text)


@pytest.mark.parametrize("typed", ["min-shortage", "min_shortage"])
def test_a_choice_may_be_written_with_dashes_or_underscores(typed: str) -> None:
    rule = Option(name="rule", help="Who gets how much.", choices=("min-shortage", "marginal"))
    asked = Asked(names=["toy"], options=["--rule", typed])
    assert read(asked, {"toy": [rule]}, ()) == {"rule": "min-shortage"}
