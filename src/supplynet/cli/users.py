"""``user``: who may sign in, and what they may do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from supplynet.cli import options
from supplynet.cli.output import emit, table
from supplynet.cli.own_hand import at_the_machine, typed_password
from supplynet.errors import InvalidInput

if TYPE_CHECKING:
    from supplynet.security.principal import Grant
    from supplynet.services.books import Books

group = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Add people; change roles, passwords, badges.",
    epilog=options.example("user add ana --role administrator", "user list"),
)
Row = dict[str, Any]
Name = Annotated[str, typer.Argument(help="The user's name.")]
Roles = Annotated[
    list[str] | None,
    typer.Option(
        "--role",
        help="viewer, line_leader, picker, planner, data_scientist, administrator; repeat.",
    ),
]
Sites = Annotated[
    list[str] | None, typer.Option("--site", help="Only at this site; repeat. Default: all.")
]
Shown = Annotated[str | None, typer.Option("--display-name", help="As people call them.")]
Contact = Annotated[str | None, typer.Option(help='Mail or phone; "" takes it away.')]
Stdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]
Generate = Annotated[
    bool, typer.Option("--generate", help="Make a password and print it this once.")
]
Reason = Annotated[str, typer.Option(help="Why; kept in the audit log.")]
_HEAD = ("name", "state", "may", "password", "badge", "display name")


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(group, name="user")


@group.command(
    epilog=options.example(
        "user add ana --role administrator",
        "user add ben --role picker --role line_leader --site SR1 --no-password",
    )
)
def add(
    name: Name,
    role: Roles = None,
    site: Sites = None,
    display_name: Shown = None,
    contact: Contact = None,
    password_stdin: Stdin = False,
    generate: Generate = False,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="A badge or tokens only.")
    ] = False,
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Add a user; asks for a password, unless it is made, piped in or not wanted."""
    from supplynet.security.credentials import new_password
    from supplynet.security.passwords import Passwords
    from supplynet.services import users

    _one_of(password_stdin, generate, no_password)
    books, grants = _books(workspace), _grants(role, site)
    made = new_password() if generate else None
    password = made
    if not generate and not no_password:
        password = typed_password(from_stdin=password_stdin)
    new = users.NewUser(
        name=name,
        grants=grants,
        display_name=display_name or "",
        contact=contact or "",
        password=password,
        must_change_password=generate,
    )
    row = users.add(books, Passwords(), new, at_the_machine())
    _told({"user": row, "password": made}, as_json, f"user {row['name']} is {_may(row)}")


@group.command("list", epilog=options.example("user list", "user list --json"))
def show_all(workspace: options.Workspace = options.HERE, as_json: options.Json = False) -> None:
    """List users."""
    from supplynet.services import users

    found, _ = users.list_users(_books(workspace), at_the_machine(), limit=100_000)

    def lines() -> list[str]:
        if not found:
            return ["no users yet; add one: supplynet user add NAME --role administrator"]
        return table(_HEAD, [_cells(row) for row in found])

    emit(found, as_json, lines)


@group.command(epilog=options.example("user show ana"))
def show(
    name: Name, workspace: options.Workspace = options.HERE, as_json: options.Json = False
) -> None:
    """Show one user."""
    from supplynet.services import users

    row = users.show(_books(workspace), name, at_the_machine())
    lines = [f"{key}: {value}" for key, value in row.items() if key != "grants"]
    emit(row, as_json, lambda: [f"may: {_may(row)}", *lines])


@group.command(epilog=options.example("user change ana --role planner --site SR1 --site SR2"))
def change(
    name: Name,
    role: Roles = None,
    site: Sites = None,
    display_name: Shown = None,
    contact: Contact = None,
    reason: Reason = "",
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Change a user; other roles stand for all the old ones, and end the user's sessions."""
    from supplynet.services.users import UserChange

    if site and not role:
        raise InvalidInput("--site goes with --role: say each role again")
    grants = _grants(role, site) if role else None
    wanted = UserChange(display_name=display_name, contact=contact, grants=grants)
    _change(workspace, name, wanted, reason, as_json)


@group.command(epilog=options.example("user disable ana --reason 'left the company'"))
def disable(
    name: Name,
    reason: Reason = "",
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Let nothing of a user's open anything: password, badge, sessions, tokens."""
    _set_state(workspace, name, "disabled", reason, as_json)


@group.command(epilog=options.example("user enable ana"))
def enable(
    name: Name,
    reason: Reason = "",
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Let a disabled user in again."""
    _set_state(workspace, name, "active", reason, as_json)


@group.command(epilog=options.example("user password ana --generate"))
def password(
    name: Name,
    password_stdin: Stdin = False,
    generate: Generate = False,
    reason: Reason = "",
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Give a user another password; one that is made is to be changed at the next sign-in."""
    from supplynet.security.passwords import Passwords
    from supplynet.services import user_secrets

    _one_of(password_stdin, generate)
    made = user_secrets.reset_password(
        _books(workspace),
        Passwords(),
        name,
        at_the_machine(),
        password=None if generate else typed_password(from_stdin=password_stdin),
        must_change=generate,
        reason=reason,
    )
    row = made.user
    _told({"user": row, "password": made.secret}, as_json, f"{row['name']} has another password")


@group.command(epilog=options.example("user badge ben", "user badge ben --take"))
def badge(
    name: Name,
    take: Annotated[bool, typer.Option("--take", help="The badge opens nothing more.")] = False,
    reason: Reason = "",
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Make a badge for a line leader or picker and print its code this once."""
    from supplynet.services import user_secrets

    books, by = _books(workspace), at_the_machine()
    if take:
        row = user_secrets.take_badge(books, name, by, reason=reason)
        emit({"user": row}, as_json, lambda: [f"{row['name']} has no badge"])
        return
    made = user_secrets.give_badge(books, name, by, reason=reason)
    emit({"user": made.user, "badge": made.secret}, as_json, lambda: [f"{made.secret}"])


@group.command("sign-out", epilog=options.example("user sign-out ana"))
def sign_out(
    name: Name,
    reason: Reason = "",
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """End a user's sessions; tokens stay good."""
    from supplynet.services import user_secrets

    ended = user_secrets.end_sessions(_books(workspace), name, at_the_machine(), reason=reason)
    emit({"ended": ended}, as_json, lambda: [f"sessions ended: {ended}"])


def _books(workspace: Path) -> Books:
    from supplynet.services.books import open_books

    return open_books(workspace)


def _grants(roles: list[str] | None, sites: list[str] | None) -> tuple[Grant, ...]:
    from supplynet.security.access import Role
    from supplynet.security.principal import Grant

    wrong = [each for each in roles or () if each not in set(Role)]
    if wrong or not roles:
        said = f"--role {wrong[0]!r} is none" if wrong else "say what the user is with --role"
        raise InvalidInput(f"{said}; roles are {', '.join(Role)}")
    where = frozenset(sites) if sites else None
    return tuple(Grant(role=Role(each), sites=where) for each in roles)


def _one_of(*chosen: bool) -> None:
    if sum(chosen) > 1:
        raise InvalidInput("--password-stdin, --generate and --no-password: one of them at most")


def _set_state(
    workspace: Path, name: str, state: Literal["active", "disabled"], reason: str, as_json: bool
) -> None:
    from supplynet.services.users import UserChange

    _change(workspace, name, UserChange(state=state), reason, as_json)


def _change(workspace: Path, name: str, wanted: Any, reason: str, as_json: bool) -> None:
    from supplynet.services import users

    row = users.change(_books(workspace), name, wanted, at_the_machine(), reason=reason)
    emit(row, as_json, lambda: [f"user {row['name']} is {row['state']}: {_may(row)}"])


def _told(made: Row, as_json: bool, line: str) -> None:
    password = made["password"]
    lines = [line] if password is None else [line, f"password, shown this once: {password}"]
    emit(made, as_json, lambda: lines)


def _may(row: Row) -> str:
    said = []
    for grant in row["grants"]:
        where = "" if grant["sites"] is None else f" at {', '.join(grant['sites'])}"
        said.append(f"{grant['role']}{where}")
    return "; ".join(said)


def _cells(row: Row) -> list[str]:
    words = ["yes" if row[key] else "no" for key in ("has_password", "has_badge")]
    return [row["name"], row["state"], _may(row), *words, row["display_name"]]
