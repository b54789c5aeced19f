"""``alerts``: what needs somebody, and who looks after it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from supplynet.cli import options
from supplynet.cli.output import capped, emit, table
from supplynet.cli.person import person
from supplynet.errors import InvalidInput

group = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="See alerts, acknowledge and snooze them.",
    epilog=options.example("alerts list", "alerts list --resolved"),
)
AlertId = Annotated[str, typer.Argument(help="Id of the alert, as list shows it.")]
Reason = Annotated[str, typer.Option(help="Why; kept in the audit log.")]


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(group, name="alerts")


@group.command("list", epilog=options.example("alerts list", "alerts list --resolved --json"))
def show(
    workspace: options.Workspace = options.HERE,
    resolved: Annotated[bool, typer.Option("--resolved", help="Those that are over.")] = False,
    rows: options.Rows = 30,
    as_json: options.Json = False,
) -> None:
    """List open alerts, the most severe first."""
    from supplynet.services import alerts
    from supplynet.services.books import open_books

    books = open_books(workspace)
    found = alerts.resolved_alerts(books)[0] if resolved else alerts.open_alerts(books)
    head = ("state", "severity", "raised", "message", "by", "id")

    def lines() -> list[str]:
        if not found:
            return ["nothing is over yet" if resolved else "nothing needs you"]
        cells = [
            (
                row["state"],
                row["severity"],
                row["raised_at"],
                row["message"],
                row["acknowledged_by"],
                row["alert_id"],
            )
            for row in found
        ]
        made = table(head, cells)
        return [*made[:2], *capped(made[2:], rows)]

    emit(found, as_json, lines)


@group.command(epilog=options.example("alerts ack 5f0b6d1c-6f0f-4b43-9d0a-0c9d4c0b6b1e"))
def ack(
    alert_id: AlertId,
    reason: Reason = "",
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Look after an alert: nobody else is asked; it stays open until its cause is gone."""
    from supplynet.services import alerts
    from supplynet.services.books import open_books
    from supplynet.services.orders import Said

    step = alerts.Step(action="acknowledge", alert_id=alert_id)
    row = alerts.answer(open_books(workspace), step, Said(actor=person(), reason=reason))
    emit(row, as_json, lambda: [_line(row, f"looked after by {row['acknowledged_by']}")])


@group.command(
    epilog=options.example(
        "alerts snooze ID --minutes 60", "alerts snooze ID --until 2026-01-06T06:00+01:00"
    )
)
def snooze(
    alert_id: AlertId,
    minutes: Annotated[int | None, typer.Option(min=1, help="For so long.")] = None,
    until: Annotated[str | None, typer.Option(help="Until then, with offset or Z.")] = None,
    reason: Reason = "",
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Be told of an alert again later, a week at most; sooner if it gets worse."""
    from supplynet.services import alerts
    from supplynet.services.books import open_books
    from supplynet.services.orders import Said

    end = None if until is None else _moment(until)
    step = alerts.Step(action="snooze", alert_id=alert_id, minutes=minutes, until=end)
    row = alerts.answer(open_books(workspace), step, Said(actor=person(), reason=reason))
    emit(row, as_json, lambda: [_line(row, f"asleep until {row['snoozed_until']:%Y-%m-%d %H:%M}Z")])


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"--until {text!r} is no moment; write 2026-01-06T06:00Z") from None
    if moment.utcoffset() is None:
        raise InvalidInput(f"--until {text!r} has no zone; add Z or an offset such as +01:00")
    return moment


def _line(row: dict[str, Any], what: str) -> str:
    return f"{row['severity']} {row['kind']}: {row['message']} ({what})"
