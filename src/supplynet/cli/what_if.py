"""``what-if``: the plant as it might be, beside the plant as it is."""

from __future__ import annotations

from typing import Annotated

import typer

from supplynet.cli import options
from supplynet.cli.output import emit, table


def register(app: typer.Typer) -> None:
    """Add this group's command."""
    examples = ("what-if --rate SR1.ST1.A=1.2", "what-if --line SR1.ST1.B=off --days 7")
    app.command("what-if", epilog=options.example(*examples))(what_if)


def what_if(
    workspace: options.Workspace = options.HERE,
    rate: Annotated[
        list[str] | None, typer.Option(help="LINE=FACTOR on what it uses; repeatable, as all.")
    ] = None,
    line: Annotated[list[str] | None, typer.Option(help="LINE=off or LINE=on.")] = None,
    lead_time: Annotated[
        list[str] | None, typer.Option(help="LANE=MINUTES from departure to use.")
    ] = None,
    departures: Annotated[
        list[str] | None, typer.Option(help="LANE=06:00,14:00, local clock times.")
    ] = None,
    truck: Annotated[list[str] | None, typer.Option(help="LANE=LITRES of one trip.")] = None,
    stock: Annotated[list[str] | None, typer.Option(help="PLACE/PART=PARTS now.")] = None,
    shift: Annotated[
        list[str] | None, typer.Option(help="NAME=06:00-14:00 or NAME=off, for all lines.")
    ] = None,
    days: Annotated[int, typer.Option(help="How far to look.")] = 14,
    futures: Annotated[int, typer.Option(help="Sampled futures to play.")] = 100,
    seed: options.Seed = None,
    as_json: options.Json = False,
) -> None:
    """See what a change would do to halts, stock and trips.

    Both plants start from the books as they are now and meet the same sampled futures. Nothing is
    written.
    """
    from supplynet.services.what_if import ask_in
    from supplynet.services.what_if_question import Question, pairs_of

    question = Question(
        rate=pairs_of(rate or (), "--rate", float, "SR1.ST1.A=1.2"),
        line=pairs_of(line or (), "--line", str, "SR1.ST1.A=off"),
        lead_time=pairs_of(lead_time or (), "--lead-time", int, "LANE=90"),
        departures=pairs_of(departures or (), "--departures", str, "LANE=06:00,14:00"),
        truck=pairs_of(truck or (), "--truck", float, "LANE=2000"),
        stock=pairs_of(stock or (), "--stock", int, "SR1/P-001=50"),
        shift=pairs_of(shift or (), "--shift", str, "night=off"),
        days=days,
        futures=futures,
        seed=seed,
    )
    outcome = ask_in(workspace, question)
    emit(outcome.as_dict(), as_json, lambda: outcome.lines(table))
