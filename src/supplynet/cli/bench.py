"""``bench``: comparisons that are measured, never tested."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Annotated, Any

import typer

from supplynet.cli import options
from supplynet.cli.output import jsonable, progress, say, table


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command(
        epilog=options.example(
            "bench --list",
            "bench policies --seeds 5 --json",
            "bench lost-sales --list",
            "bench lost-sales --demand poisson --lead-time 2 --penalty 19 --policy no_stockout",
        ),
        # What it does not know itself are options of a benchmark.
        context_settings={"ignore_unknown_options": True},
    )(bench)


def bench(
    context: typer.Context,
    name: Annotated[
        list[str] | None,
        typer.Argument(help="Benchmarks, or one and then its own options; default: all."),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, max=1000, help="Seeds, where many are used.")] = 3,
    quick: Annotated[
        bool, typer.Option("--quick", help="Small sizes, to see that it runs; no real figures.")
    ] = False,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Only these parts, such as data sets.")
    ] = None,
    only_list: Annotated[
        bool, typer.Option("--list", help="Say what there is, and the options of those named.")
    ] = False,
    seed: options.Seed = 1,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document per line and benchmark.")
    ] = False,
) -> None:
    """Measure: accuracy, policies, speed. Without a name: everything.

    Prints what it ran on with the figures. Needs the source checkout.
    """
    from supplynet.cli import bench_options, benchmarking

    own = [option for parameter in context.command.params for option in parameter.opts]
    checkout = benchmarking.find_checkout()
    asked = bench_options.split(name or [], own)
    wanted = asked.names or benchmarking.names(checkout)
    modules = {each: benchmarking.load(checkout, each) for each in wanted}
    declared = {each: getattr(module, "OPTIONS", ()) for each, module in modules.items()}
    given = bench_options.read(asked, declared, own)
    if only_list:
        say(_listed(modules, declared if asked.names else {}, as_json))
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
                options={option.name: option.default for option in declared[each]} | given,
                asked=bool(given),
            )
            found = benchmarking.document(each, setup, module.run)
        say(json.dumps(jsonable(found), allow_nan=False) if as_json else "\n".join(_lines(found)))


def _listed(
    modules: Mapping[str, ModuleType], declared: Mapping[str, Sequence[Any]], as_json: bool
) -> str:
    """What each benchmark measures; with the options of those that were named."""
    summaries = {key: (module.__doc__ or "").split("\n")[0] for key, module in modules.items()}
    if as_json:
        return json.dumps(summaries)
    lines = []
    for key, summary in summaries.items():
        lines.append(f"{key}: {summary}")
        lines += [f"  {option.line}" for option in declared.get(key, ())]
    return "\n".join(lines)


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
