"""``models``: the versions of the model that plans, compared, promoted and rolled back."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from supplynet.cli import options
from supplynet.cli.output import emit, progress, table
from supplynet.cli.person import person

Version = Annotated[str, typer.Argument(help="A version that 'models list' shows.")]
Reason = Annotated[str, typer.Option(help="Why; kept in the audit log.")]
_LISTED = {
    "version": "version",
    "model": "model",
    "alias": "alias",
    "trained": "trained",
    "series": "series",
    "pinball": "pinball",
    "MASE": "mase",
    "kB": "kilobytes",
    "state": "state",
}
_COMPARED = ("first", "second", "difference", "low", "high", "p_value")


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    group = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="List, compare, promote and roll back model versions.",
        epilog=options.example("models list", "models rollback --reason 'too high at night'"),
    )
    group.command(name="list", epilog=options.example("models list"))(list_models)
    group.command(epilog=options.example("models show lightgbm-20260301T080000000000"))(show)
    group.command(epilog=options.example("models compare lstm-20260301T080000000000"))(compare)
    group.command(
        epilog=options.example("models promote lstm-20260301T080000000000 --reason 'new line'")
    )(promote)
    group.command(epilog=options.example("models rollback --reason 'too high at night'"))(rollback)
    group.command(epilog=options.example("models export lstm-20260301T080000000000 --int8"))(export)
    group.command(epilog=options.example("models adopt lstm-20260301T080000000000"))(adopt)
    group.command(epilog=options.example("models remove lstm-20260301T080000000000"))(remove)
    group.command(epilog=options.example("models prune --keep 5"))(prune)
    app.add_typer(group, name="models")


def list_models(workspace: options.Workspace = options.HERE, as_json: options.Json = False) -> None:
    """List all versions, the newest first.

    Every byte of them is checked; exit status 1 when one is damaged.
    """
    from supplynet.services import models
    from supplynet.services.books import open_books

    found = models.list_models(open_books(workspace))
    rows = [[_cells(row)[key] for key in _LISTED.values()] for row in found]
    emit(found, as_json, lambda: [*table(list(_LISTED), rows), *_damages(found)])
    _fail_if_damaged(found)


def show(
    version: Version, workspace: options.Workspace = options.HERE, as_json: options.Json = False
) -> None:
    """Show one version: settings, packages, data, figures, and who promoted it when and why."""
    from supplynet.services import models
    from supplynet.services.books import open_books

    found = models.show(open_books(workspace), version)
    emit(found, as_json, lambda: _facts(found))
    _fail_if_damaged([found])


def compare(
    version: Version,
    other: Annotated[
        str | None, typer.Argument(help="Another version; default: the champion.")
    ] = None,
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Compare two versions on the same periods, with a paired test, per class of demand.

    As they were saved, where both were trained two weeks ago or earlier; else by fitting the
    settings of both again without the last four weeks.
    """
    from supplynet.worker import jobs

    params = {"first": version, "second": other}
    with progress() as report:
        found = jobs.run_here(workspace, "compare", params, report=report)
    emit(found, as_json, lambda: _comparison(found))


def promote(
    version: Version,
    workspace: options.Workspace = options.HERE,
    alias: Annotated[
        Literal["champion", "challenger"], typer.Option(help="What it becomes.")
    ] = "champion",
    reason: Reason = "",
    as_json: options.Json = False,
) -> None:
    """Let a version plan from now on."""
    from supplynet.services import models
    from supplynet.services.books import open_books

    books = open_books(workspace)
    found = models.promote(books, version, alias=alias, reason=reason, actor=person())
    emit(found, as_json, lambda: [f"{found['version']} is {alias}"])


def rollback(
    workspace: options.Workspace = options.HERE,
    reason: Reason = "",
    as_json: options.Json = False,
) -> None:
    """Go back to the champion before this one; twice goes back two."""
    from supplynet.services import models
    from supplynet.services.books import open_books

    found = models.rollback(open_books(workspace), reason=reason, actor=person())
    emit(found, as_json, lambda: [f"{found['version']} is champion again"])


def export(
    version: Version,
    workspace: options.Workspace = options.HERE,
    int8: Annotated[
        bool,
        typer.Option("--int8", help="Weights in 8 bits where that costs at most 1 % of the loss."),
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Write a version as ONNX, and serve it from there.

    The model itself stays; it serves when an exported file is damaged.
    """
    from supplynet.services import models
    from supplynet.services.books import open_books

    found = models.export(open_books(workspace), version, int8=int8)
    emit(found, as_json, lambda: _export_lines(found))


def _export_lines(found: dict[str, Any]) -> list[str]:
    lines = []
    for part, precision in found["precision"].items():
        size = f"{part}: {precision}, {found['bytes'][part] / 1000:.1f} kB"
        cost = found["cost"].get(part)
        tried = (
            f"; in 8 bits pinball {cost['pinball']:.4g} -> {cost['pinball_int8']:.4g}, "
            f"MASE {cost['mase']:.4g} -> {cost['mase_int8']:.4g}"
            if cost
            else ""
        )
        lines.append(size + tried)
    return [*lines, *found["files"]]


def adopt(
    version: Annotated[str, typer.Argument(help="Name of its files, without the ending.")],
    workspace: options.Workspace = options.HERE,
    reason: Annotated[str, typer.Option(help="Where it comes from; in the audit log.")] = "",
    as_json: options.Json = False,
) -> None:
    """Sign a version that was brought from elsewhere, so that it may serve here.

    Its sums are checked. Do it only when you know who made it: what it says is trusted afterwards.
    """
    from supplynet.services import model_adoption
    from supplynet.services.books import open_books

    found = model_adoption.adopt(open_books(workspace), version, reason=reason, actor=person())
    emit(found, as_json, lambda: [f"adopted {found['model_version']} ({found['model']})"])


def remove(
    version: Version, workspace: options.Workspace = options.HERE, as_json: options.Json = False
) -> None:
    """Delete the files of a version that is neither champion nor challenger."""
    from supplynet.services import models
    from supplynet.services.books import open_books

    models.remove(open_books(workspace), version)
    emit({"removed": [version]}, as_json, lambda: [f"removed {version}"])


def prune(
    keep: Annotated[int, typer.Option(min=0, help="How many of the newest stay.")],
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Delete old versions; champion, challenger and the champion before always stay."""
    from supplynet.services import models
    from supplynet.services.books import open_books

    gone = models.prune(open_books(workspace), keep)
    emit({"removed": gone}, as_json, lambda: [f"removed {len(gone)} versions", *gone])


def _cells(row: dict[str, Any]) -> dict[str, Any]:
    backtest = row["backtest"]
    return row | {
        "alias": ", ".join(row["aliases"]),
        "trained": (row["trained_at"] or "-")[:16].replace("T", " "),
        "pinball": backtest.get("pinball"),
        "mase": backtest.get("mase"),
        "kilobytes": row["size"] / 1000,
    }


def _damages(rows: list[dict[str, Any]]) -> list[str]:
    return [f"{row['version']} is damaged: {row['damage']}" for row in rows if row["damage"]]


def _fail_if_damaged(rows: list[dict[str, Any]]) -> None:
    if any(row["damage"] for row in rows):
        raise typer.Exit(1)


def _facts(found: dict[str, Any]) -> list[str]:
    facts = [[name, _text(value)] for name, value in found.items() if name != "history"]
    changes = [
        f"{change['alias']} since {change['at']} by {change['actor'] or '-'}: {change['reason']}"
        for change in found["history"]
    ]
    return [*table(["fact", "value"], facts), *changes]


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {item}" for name, item in value.items() if item not in {"", None})
    return ", ".join(value) if isinstance(value, list | tuple) else str(value)


def _comparison(found: dict[str, Any]) -> list[str]:
    rows = [["all", None, *_figures(found["difference"])]]
    rows += [[row["demand_class"], row["series"], *_figures(row)] for row in found["classes"]]
    head = ["class", "series", "first", "second", "difference", "low", "high", "p", "better"]
    return [
        f"first {found['first']}, second {found['second']}: mean pinball loss, parts",
        f"{found['basis']}; {found['cutoffs']} cutoffs",
        *table(head, rows),
    ]


def _figures(row: dict[str, Any]) -> list[Any]:
    return [*(row[name] for name in _COMPARED), row["better"] or "may be chance"]
