"""``init``, ``doctor`` and ``verify``: make a workspace, and check it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from supplynet.cli import options
from supplynet.cli.output import emit

PROVEN = "balances, orders, numbers, audit log and history agree with the ledger"


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command(epilog=options.example("init --workspace plant-1 --plant my-plant"))(init)
    app.command(epilog=options.example("doctor --workspace plant-1"))(doctor)
    app.command(epilog=options.example("verify", "verify --backup FILE --deep"))(verify)


def init(
    workspace: options.Workspace = options.HERE,
    plant: Annotated[
        Path | None, typer.Option(help="Folder with plant.toml and its CSV files to take over.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Make a workspace, with your plant in it.

    Settings, books and folders; what is already there stays as it is.
    """
    from supplynet.services import setup

    made = setup.init(workspace, plant_folder=plant)
    emit(made, as_json, lambda: [f"workspace ready in {made.folder}", f"next: {made.next_step}"])


def doctor(workspace: options.Workspace = options.HERE, as_json: options.Json = False) -> None:
    """Check the plant, the server and what protects them.

    Says what is ready and what to do next; exit status 1 when something is broken.
    """
    from supplynet.services.doctor import doctor as examine

    checks = examine(workspace)
    emit(checks, as_json, lambda: [check.line for check in checks])
    if any(check.state == "broken" for check in checks):
        raise typer.Exit(1)


def verify(
    workspace: options.Workspace = options.HERE,
    backup: Annotated[
        Path | None, typer.Option(help="Check this backup instead, to its last byte.")
    ] = None,
    deep: Annotated[
        bool, typer.Option("--deep", help="Bring the backup's books up beside, and prove them.")
    ] = False,
    database_url: Annotated[
        str | None,
        typer.Option(help="For --deep, an empty PostgreSQL database; it is empty afterwards."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Prove the books from their ledger, or check a backup.

    Sums up every movement and compares balances, orders, numbers, audit and history with it; exit
    status 1 and every finding when something differs. A server may run meanwhile.
    """
    if backup is not None:
        _verify_backup(workspace, backup, deep, database_url, as_json)
        return
    from supplynet.services.verification import verify_books

    findings = verify_books(workspace)
    result = {"proven": not findings, "findings": findings}
    emit(result, as_json, lambda: findings or [PROVEN])
    if findings:
        raise typer.Exit(1)


def _verify_backup(
    workspace: Path, file: Path, deep: bool, database_url: str | None, as_json: bool
) -> None:
    from supplynet.cli.backups import checked_lines
    from supplynet.services.backup_check import verify as check

    found = check(file, folder=workspace, deep=deep, database_url=database_url)
    emit(found, as_json, lambda: checked_lines(found))
    if found.findings:
        raise typer.Exit(1)
