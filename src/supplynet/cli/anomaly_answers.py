"""``anomalies``: what is odd in the plant's consumption, and what people say of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from supplynet.cli import options
from supplynet.cli.output import capped, emit, table
from supplynet.cli.person import person

group = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="See odd consumption that waits for an answer, and answer.",
    epilog=options.example("anomalies list", "anomalies list --all"),
)
_HEAD = ("state", "since", "what", "id")


class Answer(StrEnum):
    """What an anomaly is."""

    REAL = "real"
    WRONG_RECORD = "wrong_record"
    DISMISSED = "dismissed"


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(group, name="anomalies")


@group.command("list", epilog=options.example("anomalies list", "anomalies list --all --json"))
def show(
    workspace: options.Workspace = options.HERE,
    every: Annotated[
        bool, typer.Option("--all", help="Answered ones and those over, too.")
    ] = False,
    location: Annotated[str | None, typer.Option(help="Only this line.")] = None,
    part: Annotated[str | None, typer.Option(help="Only this part.")] = None,
    rows: options.Rows = 30,
    as_json: options.Json = False,
) -> None:
    """List what waits for an answer, the last seen first."""
    from supplynet.services import anomalies
    from supplynet.services.books import open_books
    from supplynet.storage.anomalies import AnomalyState

    states = None if every else [AnomalyState.OPEN]
    wanted = anomalies.Filter(states=states, location_id=location, part_id=part)
    found, _ = anomalies.list_anomalies(open_books(workspace), wanted, limit=100_000)

    def lines() -> list[str]:
        if not found:
            return ["nothing odd waits for an answer"]
        cells = [(row["state"], row["start"], row["sentence"], row["anomaly_id"]) for row in found]
        made = table(_HEAD, cells)
        return [*made[:2], *capped(made[2:], rows)]

    emit(found, as_json, lines)


@group.command(
    epilog=options.example("anomalies answer ID wrong_record --note 'the pallet was sent twice'")
)
def answer(
    anomaly_id: Annotated[str, typer.Argument(help="Id of the anomaly, as list shows it.")],
    what: Annotated[Answer, typer.Argument(help="It happened, is recorded wrongly, or neither.")],
    note: Annotated[str, typer.Option(help="Why; kept in the audit log.")] = "",
    key: Annotated[
        str | None, typer.Option(help="The same key and content is done once, however often sent.")
    ] = None,
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Say what it is: nothing is held back for it from then on."""
    from supplynet.services import anomalies
    from supplynet.services.books import open_books
    from supplynet.services.orders import Said
    from supplynet.storage.anomalies import AnomalyState

    said = Said(actor=person(), reason=note, key=key)
    row = anomalies.answer(open_books(workspace), anomaly_id, AnomalyState(what.value), said)
    told = [f"{row['state']}: {row['sentence']}"]
    emit(row, as_json, lambda: [*told, *([row["next_step"]] if row["next_step"] else [])])
