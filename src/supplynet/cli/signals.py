"""``signals``: prices, weather, economic series and indices from outside."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from supplynet.cli import options
from supplynet.cli.output import capped, emit, progress, table
from supplynet.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl

    from supplynet.services.signals import DriverSummary, Fetched, ProviderInfo


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    group = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Fetch prices, weather, economy and indices from outside.",
        epilog=options.example("signals list", "signals fetch frankfurter EUR/USD"),
    )
    group.command(name="list", epilog=options.example("signals list"))(list_providers)
    group.command(
        epilog=options.example(
            "signals fetch frankfurter EUR/USD --start 2025-01-01",
            "signals fetch open_meteo_archive plant --set latitude=48.1 --set longitude=11.6",
            "signals fetch csv steel_price",
        )
    )(fetch)
    group.command(epilog=options.example("signals show"))(show)
    app.add_typer(group, name="signals")


def list_providers(
    workspace: options.Workspace = options.HERE, as_json: options.Json = False
) -> None:
    """List the providers, what they have, and whether they can be asked."""
    from supplynet.services import signals

    found = signals.providers(workspace)
    emit(found, as_json, lambda: _provider_lines(found))


def fetch(
    provider: Annotated[str, typer.Argument(help="A name that 'signals list' shows.")],
    symbols: Annotated[list[str], typer.Argument(help="As the provider knows them.")],
    workspace: options.Workspace = options.HERE,
    start: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="First day; default: a year ago."),
    ] = None,
    end: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Last day; default: today."),
    ] = None,
    fields: Annotated[
        list[str] | None, typer.Option("--field", help="Only this value; repeatable.")
    ] = None,
    values: Annotated[
        list[str] | None,
        typer.Option("--set", help="name=value of the provider, e.g. latitude=48.1; repeatable."),
    ] = None,
    location: Annotated[
        str | None, typer.Option(help="What the signal is about; default: everywhere.")
    ] = None,
    part: Annotated[str | None, typer.Option(help="Likewise; default: every part.")] = None,
    lag_hours: Annotated[
        float | None,
        typer.Option(min=0, max=100_000, help="Publication lag, instead of the provider's own."),
    ] = None,
    rows: options.Rows = 20,
    as_json: options.Json = False,
) -> None:
    """Fetch signals and keep them in the workspace, each value with the time it was known."""
    from supplynet.services import signals

    with progress() as report:
        fetched = signals.collect(
            workspace,
            provider,
            symbols,
            None if start is None else start.date(),
            None if end is None else end.date(),
            fields=fields or [],
            scope=(location, part),
            values=_parsed(values or []),
            lag=None if lag_hours is None else timedelta(hours=lag_hours),
            report=report,
        )
    for warning in fetched.warnings:
        sys.stderr.write(f"supplynet: warning: {' '.join(warning.split())}\n")
    emit(_document(fetched), as_json, lambda: _fetched_lines(fetched, rows))


def show(workspace: options.Workspace = options.HERE, as_json: options.Json = False) -> None:
    """Show which signals the workspace has, and up to when."""
    from supplynet.services import signals

    found = signals.stored(workspace)
    emit(found, as_json, lambda: _stored_lines(found))


def _parsed(pairs: list[str]) -> dict[str, str]:
    parsed = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name or not value:
            raise InvalidInput(f"--set {pair!r} must be name=value, such as latitude=48.1")
        parsed[name] = value
    return parsed


def _provider_lines(found: list[ProviderInfo]) -> list[str]:
    head = ["provider", "kind", "asks", "key", "what"]
    return table(
        head, [[each.name, each.kind, _asks(each), _key(each), each.title] for each in found]
    )


def _asks(info: ProviderInfo) -> str:
    if info.host is None:
        return "nobody"
    return info.host if info.allowed else f"{info.host} (not allowed: signal_hosts)"


def _key(info: ProviderInfo) -> str:
    if info.key is None:
        return "none needed"
    return f"{info.key} is set" if info.has_key else f"set {info.key}"


def _fetched_lines(fetched: Fetched, rows: int) -> list[str]:
    count, drivers = fetched.frame.height, fetched.frame["driver"].n_unique()
    head = ["driver", "at", "value", "known at"]
    lines = table(head, [list(row) for row in _newest(fetched.frame).rows()])
    return [
        f"fetched {count:,} values of {drivers:,} drivers; {fetched.added:,} are new or revised",
        "the newest of each:",
        *lines[:2],
        *capped(lines[2:], rows),
    ]


def _newest(frame: pl.DataFrame) -> pl.DataFrame:
    newest = frame.sort("at", "known_at").group_by("driver", maintain_order=True).last()
    return newest.sort("driver").select("driver", "at", "value", "known_at")


def _document(fetched: Fetched) -> dict[str, Any]:
    return {
        "values": fetched.frame.height,
        "added": fetched.added,
        "warnings": fetched.warnings,
        "rows": fetched.frame.rows(named=True),
    }


def _stored_lines(found: list[DriverSummary]) -> list[str]:
    if not found:
        return ["no signals yet; supplynet signals list shows where they may come from"]
    head = ["driver", "location", "part", "values", "from", "to", "newest", "known at"]
    return table(
        head,
        [
            [
                each.driver,
                each.location_id or "everywhere",
                each.part_id or "every part",
                each.rows,
                each.first_at,
                each.last_at,
                each.last_value,
                each.last_known_at,
            ]
            for each in found
        ],
    )
