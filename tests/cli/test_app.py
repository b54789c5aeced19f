from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from supplynet.cli import app as cli
from supplynet.errors import StoreError

Call = Callable[..., Any]
GROUP: Any = get_command(cli.app)
COMMANDS: dict[str, Any] = GROUP.commands
HEAVY = {
    "fastapi",
    "holidays",
    "lightgbm",
    "numpy",
    "polars",
    "pydantic",
    "rich",
    "scipy",
    "sklearn",
    "sqlalchemy",
    "torch",
    "uvicorn",
}


def supplynet(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, as people run it."""
    program = [sys.executable, "-c", "from supplynet.cli import main; main()"]
    return subprocess.run(
        [*program, *map(str, arguments)], capture_output=True, text=True, check=False
    )


def test_help_loads_no_heavy_library() -> None:
    code = "import sys, supplynet.cli.app; print(*{name.split('.')[0] for name in sys.modules})"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(said.stdout.split())


def test_a_result_is_on_stdout_and_nothing_else_anywhere(ready: Path) -> None:
    done = supplynet("verify", "-w", ready)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "balances, orders, numbers, audit log and history agree with the ledger\n"


def test_an_expected_error_is_exit_2_and_one_line_on_stderr(tmp_path: Path) -> None:
    done = supplynet("plan", "--json", "-w", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("supplynet: no workspace ")


def test_a_reader_that_has_seen_enough_is_no_error(ready: Path) -> None:
    program = [sys.executable, "-c", "from supplynet.cli import main; main()"]
    with subprocess.Popen(
        [*program, "forecast", "--json", "-w", str(ready)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        complaint = running.stderr.read()
    assert (running.returncode, complaint) == (0, b"")


def test_without_a_command_it_shows_the_help(call: Call) -> None:
    answer = call()
    assert answer.status == 0
    assert all(name in answer.out for name in COMMANDS)


def test_it_says_its_version(call: Call) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*\n", call("--version").out)


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["forecast", "--nonsense"], "No such option: --nonsense"),
        (["forecast", "--horizon", "0"], "Invalid value for '--horizon'"),
        (["forecast", "--horizon", "many"], "Invalid value for '--horizon'"),
        (["generate", "--seed", "-1"], "Invalid value for '--seed'"),
        (["generate", "--start", "9999-12-31"], "the year must be 1970 to 2100"),
        (["demo", "--size", "huge"], "'huge' is not one of 'full', 'tiny'"),
        (["import"], "say which file"),
    ],
)
def test_wrong_use_is_exit_2_and_one_line_that_names_the_help(
    call: Call, arguments: list[str], wrong: str
) -> None:
    answer = call(*arguments)
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.count("\n") == 1
    assert wrong in answer.err
    assert "--help)" in answer.err


@pytest.mark.parametrize(
    "command",
    ["doctor", "forecast", "generate", "plan", "quality", "simulate", "train", "verify"],
)
def test_a_folder_without_a_workspace_is_named_with_what_to_do(
    call: Call, command: str, tmp_path: Path
) -> None:
    answer = call(command, "--workspace", tmp_path / "nowhere")
    assert "supplynet init --workspace" in answer.out + answer.err
    assert answer.status == (0 if command == "doctor" else 2)


def test_a_folder_that_cannot_be_written_is_an_expected_error(call: Call, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    answer = call("init", "--workspace", tmp_path / "file")
    assert (answer.status, answer.err.count("\n")) == (2, 1)


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (KeyboardInterrupt(), 130, "supplynet: interrupted\n"),
        (StoreError("the disk\n  is full"), 2, "supplynet: the disk is full\n"),
        (PermissionError(13, "Permission denied", "plant.toml"), 2, "plant.toml: Permission"),
    ],
)
def test_what_ends_a_command_is_one_line_without_a_traceback(
    call: Call,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    error: BaseException,
    status: int,
    said: str,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("supplynet.services.setup.init", fail)
    answer = call("init", "--workspace", tmp_path)
    assert (answer.status, answer.out) == (status, "")
    assert said in answer.err
    assert answer.err.count("\n") == 1


def test_our_own_bug_is_not_hidden(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("supplynet.services.setup.init", fail)
    with pytest.raises(ZeroDivisionError):
        cli.run(["init", "--workspace", str(tmp_path)])


def _options(command: str) -> set[str]:
    """Options of a command, or those that all commands of a group share."""
    alone = [COMMANDS[command]]
    several = list(getattr(COMMANDS[command], "commands", {}).values()) or alone
    return set.intersection(
        *({name for each in one.params for name in each.opts} for one in several)
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_takes_the_common_options(command: str) -> None:
    absent = {
        "serve": {"--json"},
        "worker": {"--json"},
        "bench": {"--workspace"},
        "restore": {"--workspace"},  # it makes one, and names it with --to
    }.get(command, set())
    assert _options(command) >= {"--json", "--workspace"} - absent


@pytest.mark.parametrize("command", ["bench", "demo", "generate", "plan", "simulate", "train"])
def test_what_is_random_takes_a_seed(command: str) -> None:
    assert "--seed" in _options(command)


def _examples(command: str) -> list[list[str]]:
    lines = (COMMANDS[command].epilog or "").splitlines()
    return [line.split()[1:] for line in lines if line.startswith("  supplynet ")]


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "serve"])
def test_the_help_has_an_example_that_can_be_typed(command: str) -> None:
    assert _examples(command)
    for name, *arguments in _examples(command):
        assert name == command
        COMMANDS[command].make_context(name, arguments)  # raises where an option is wrong


@pytest.mark.parametrize("command", COMMANDS)
def test_the_list_of_commands_shows_each_summary_whole(call: Call, command: str) -> None:
    shown = [line for line in call("--help").lines if line.startswith(f"  {command} ")]
    assert len(shown) == 1
    assert "..." not in shown[0]
