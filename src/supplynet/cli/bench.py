"""``bench``: comparisons that are measured, never tested."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from supplynet.cli import options
from supplynet.cli.output import jsonable, progress, say, table


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command(epilog=options.example("bench --list", "bench policies --seeds 5 --json"))(bench)


def bench(
    name: Annotated[list[str] | None, typer.Argument(help="Benchmarks; default: all.")] = None,
    seeds: Annotated[int, typer.Option(min=1, max=1000, help="Seeds, where many are used.")] = 3,
    quick: Annotated[
        bool, typer.Option("--quick", help="Small sizes, to see that it runs; no real figures.")
    ] = False,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Only these parts, such as data sets.")
    ] = None,
    only_list: Annotated[bool, typer.Option("--list", help="Say what there is.")] = False,
    seed: options.Seed = 1,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document per line and benchmark.")
    ] = False,
) -> None:
    """Measure: accuracy, policies, speed.

    Prints what it ran on with the figures. Needs the source checkout.
    """
    from supplynet.cli import benchmarking

    checkout = benchmarking.find_checkout()
    wanted = name or benchmarking.names(checkout)
    modules = {each: benchmarking.load(checkout, each) for each in wanted}
    if only_list:
        summaries = {key: (module.__doc__ or "").split("\n")[0] for key, module in modules.items()}
        say(
            json.dumps(summaries)
            if as_json
            else "\n".join(f"{k}: {v}" for k, v in summaries.items())
        )
        return
    for each, module in modules.items():
        with progress() as report:
            setup = benchmarking.Setup(
                seed=seed or 0,
                seeds=seeds,
                quick=quick,
                checkout=checkout,
                report=report,
                only=tuple(only or ()),
            )
            found = benchmarking.document(each, setup, module.run)
        say(json.dumps(jsonable(found), allow_nan=False) if as_json else "\n".join(_lines(found)))


def _lines(found: dict[str, Any]) -> list[str]:
    """For people: what it ran on, then one table per kind of row."""
    lines = [f"{found['bench']}, seed {found['seed']}"]
    lines += [f"  {key}: {value}" for key, value in found["params"].items()]
    lines += [f"  {key}: {value}" for key, value in found["machine"].items()]
    if "skipped" in found:
        lines.append(f"skipped: {found['skipped']}")
    by_table: dict[str, list[dict[str, Any]]] = {}
    for row in found["rows"]:
        by_table.setdefault(row["table"], []).append(row)
    for title, rows in by_table.items():
        head = [key for key in rows[0] if key != "table"]
        lines += ["", f"{title}:", *table(head, [[row.get(key) for key in head] for row in rows])]
    return [*lines, ""]
