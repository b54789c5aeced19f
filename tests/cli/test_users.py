"""Users and tokens on the command line: whoever may write the files is trusted."""

from __future__ import annotations

import getpass
import io
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from supplynet.security import passwords
from supplynet.security.passwords import Cost
from supplynet.services.books import open_books
from supplynet.storage import audit, init_workspace

GOOD = "thing lamp seven cow"
Call = Callable[..., Any]


@pytest.fixture
def workspace(tmp_path: Path, plant_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Empty books with a plant of one showroom; hashing is cheap."""
    folder = tmp_path / "workspace"
    init_workspace(folder)
    shutil.copytree(plant_folder, folder / "plant", dirs_exist_ok=True)
    cheap = Cost(memory_kib=8, passes=1)
    monkeypatch.setattr(passwords, "Passwords", lambda: real(cost=cheap))
    return folder


real = passwords.Passwords


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """What comes in over standard input, or is typed at a terminal."""

    def give(*lines: str, terminal: bool = False) -> None:
        given = io.StringIO("".join(f"{line}\n" for line in lines))
        monkeypatch.setattr(given, "isatty", lambda: terminal)
        monkeypatch.setattr("sys.stdin", given)
        answers = iter(lines)
        monkeypatch.setattr(getpass, "getpass", lambda _prompt: next(answers))

    return give


def test_a_first_administrator_is_added_listed_and_audited_by_name(
    call: Call, workspace: Path, typed: Callable[..., None]
) -> None:
    here = ("-w", workspace)
    assert "supplynet user add NAME --role administrator" in call("user", "list", *here).out
    typed(GOOD)
    added = call("user", "add", "ana", "--role", "administrator", "--password-stdin", *here)
    assert (added.status, added.lines) == (0, ["user ana is administrator"])
    (row,) = call("user", "list", "--json", *here).json
    assert (row["name"], row["has_password"], row["must_change_password"]) == ("ana", True, False)
    books = open_books(workspace)
    with books.store.read() as tx:
        (entry,) = audit.entries(tx)
    books.store.close()
    assert entry.actor == f"cli:{getpass.getuser()}"


def test_a_password_is_typed_twice(call: Call, workspace: Path, typed: Callable[..., None]) -> None:
    add = ("user", "add", "ana", "--role", "viewer", "-w", workspace)
    typed(GOOD, GOOD + "!", terminal=True)
    differs = call(*add)
    assert (differs.status, "not the same" in differs.err) == (2, True)
    typed(GOOD, GOOD, terminal=True)
    assert call(*add).status == 0
    typed()
    no_terminal = call("user", "password", "ana", "-w", workspace)
    assert (no_terminal.status, "--password-stdin" in no_terminal.err) == (2, True)


def test_a_password_that_is_made_is_printed_once_and_is_to_be_changed(
    call: Call, workspace: Path
) -> None:
    here = ("-w", workspace)
    made = call("user", "add", "ana", "--role", "viewer", "--generate", "--json", *here).json
    assert len(made["password"]) == 24
    assert made["user"]["must_change_password"]
    again = call("user", "password", "ana", "--generate", *here)
    assert again.lines[0] == "ana has another password"
    assert made["password"] not in again.out
    for command in (("list",), ("show", "ana")):
        shown = call("user", *command, *here)
        assert made["password"] not in shown.out
        assert "argon2" not in shown.out


def test_a_password_is_never_the_value_of_an_option(call: Call) -> None:
    for command in ("add", "password"):
        said = call("user", command, "--help").out
        assert "--password-stdin" in said
        assert "--password " not in said


def test_a_user_is_changed_disabled_and_enabled(call: Call, workspace: Path) -> None:
    here = ("-w", workspace)
    call("user", "add", "ben", "--role", "picker", "--no-password", *here)
    changed = call(
        *("user", "change", "ben", "--role", "picker", "--role", "line_leader"),
        *("--site", "SR1", "--site", "WH1", "--contact", "ben@plant", *here),
    )
    assert changed.lines == ["user ben is active: line_leader at SR1, WH1; picker at SR1, WH1"]
    assert call("user", "disable", "ben", "--reason", "left", "--json", *here).json["state"] == (
        "disabled"
    )
    assert "is active" in call("user", "enable", "ben", *here).out
    assert "ben@plant" in call("user", "show", "ben", *here).out
    assert call("user", "sign-out", "ben", "--json", *here).json == {"ended": 0}


def test_a_badge_is_printed_once_and_taken(call: Call, workspace: Path) -> None:
    here = ("-w", workspace)
    call("user", "add", "ben", "--role", "picker", "--no-password", *here)
    code = call("user", "badge", "ben", *here).out.strip()
    assert code.startswith("SNB-")
    assert code not in call("user", "show", "ben", "--json", *here).out
    assert call("user", "badge", "ben", "--take", *here).lines == ["ben has no badge"]


def test_a_token_is_printed_once_listed_and_revoked(call: Call, workspace: Path) -> None:
    here = ("-w", workspace)
    call("user", "add", "ana", "--role", "planner", "--no-password", *here)
    assert call("token", "list", *here).lines == ["no tokens yet"]
    add = ("token", "add", "plc-7", "--user", "ana", "--scope", "events.send", "--site", "SR1")
    secret = call(*add, *here).out.strip()
    assert secret.startswith("sn_")
    listed = call("token", "list", *here).out
    assert "ana/plc-7" in listed
    assert secret not in listed
    (row,) = call("token", "list", "--json", *here).json
    assert call("token", "revoke", row["token_id"], *here).lines == ["ana/plc-7 is revoked"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["user", "add", "ana", "--no-password"], "say what the user is with --role"),
        (["user", "add", "ana", "--role", "king", "--no-password"], "'king' is none"),
        (["user", "add", "ana", "--role", "viewer", "--generate", "--no-password"], "at most"),
        (["user", "add", "a", "--role", "viewer", "--site", "X", "--no-password"], "no site 'X'"),
        (["user", "change", "ana", "--site", "SR1"], "--site goes with --role"),
        (["user", "show", "eve"], "no user 'eve'"),
        (["token", "add", "x", "--user", "eve", "--scope", "events.send"], "no user 'eve'"),
    ],
)
def test_what_is_wrong_is_one_line_and_exit_2(
    call: Call, workspace: Path, arguments: list[str], words: str
) -> None:
    answer = call(*arguments, "-w", workspace)
    assert (answer.status, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert words in answer.err
