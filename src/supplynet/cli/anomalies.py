"""``detect``: what is odd in the history or in a file, since when, and what to check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from supplynet.cli import options
from supplynet.cli.output import capped, emit, jsonable, progress, table

_HEAD = ("#", "since", "line", "part", "kind", "observed", "expected", "odds")
_SHOWN_PARTS = 22  # letters

Row = Mapping[str, Any]


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command(
        epilog=options.example(
            "detect --days 14",
            "detect sales.csv --plot odd.html",
            "detect sales.csv --review review.csv",
        )
    )(detect)


def detect(
    file: Annotated[
        Path | None,
        typer.Argument(help="CSV, Parquet or Excel file of sales; default: the history."),
    ] = None,
    workspace: options.Workspace = options.HERE,
    model: Annotated[
        str | None, typer.Option(help="ensemble, sub_pca, lstm_reconstruction, ...")
    ] = None,
    alarms_per_week: Annotated[
        float | None, typer.Option(help="False alarms of the whole plant; default: 35.")
    ] = None,
    fdr: Annotated[
        float | None,
        typer.Option(help="Instead: share of the alarms of each period that may be false."),
    ] = None,
    location: Annotated[str | None, typer.Option(help="Only this line.")] = None,
    part: Annotated[str | None, typer.Option(help="Only this part.")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="Only the last days.")] = None,
    retrain: Annotated[
        bool, typer.Option("--retrain", help="Train again although a detector is kept.")
    ] = False,
    plot: Annotated[
        Path | None, typer.Option(help="Write what was seen to this .html or .svg file.")
    ] = None,
    review: Annotated[
        Path | None,
        typer.Option(help="Write a CSV in which a person says what cleaning may drop."),
    ] = None,
    rows: options.Rows = 20,
    seed: options.Seed = None,
    as_json: options.Json = False,
) -> None:
    """Say what is odd in the history, since when, and what to check.

    Without --model it is the detector that watches the plant; --retrain has it learn from all of
    the history anew. One that is named learns once and is kept beside it. A file is learnt from and
    judged by itself. Nothing is changed or removed.
    """
    from supplynet.services.anomaly_plant import DetectRequest
    from supplynet.services.anomaly_plant import detect as find

    request = DetectRequest(
        file=file,
        model=model,
        alarms_per_week=alarms_per_week,
        false_discovery_rate=fdr,
        location=location,
        part=part,
        days=days,
        retrain=retrain,
        plot=plot,
        review=review,
        seed=seed,
    )
    with progress() as report:
        found = find(workspace, request, report=report)
    emit(found, as_json, lambda: _lines(found, rows))


def _lines(found: Row, rows: int) -> list[str]:
    incidents = found["incidents"]
    lines = [*_about(found), ""]
    if not incidents:
        lines.append("nothing is odd")
    else:
        made = [_row(place + 1, row) for place, row in enumerate(incidents)]
        head, rule, *body = table(_HEAD, made[:rows])
        lines += [head, rule, *capped(body, rows, total=len(incidents)), ""]
        lines += [
            f"{place + 1:>3}. {row['sentence']}" for place, row in enumerate(incidents[:rows])
        ]
    lines += [f"not learnt from: {said}" for said in list(found["refused"].values())[:rows]]
    lines += [f"{what}: {found[what]}" for what in ("plot", "review") if found[what] is not None]
    if found["warning"]:
        lines.append(f"warning: {found['warning']}")
    return lines


def _about(found: Row) -> list[str]:
    """What was judged, by what, and how strictly."""
    data, judged, alarms = found["data"], found["judged"], found["alarms"]
    which = found["model"]
    if found["model_version"]:
        state = "trained now" if found["trained_now"] else "kept"
        which = f"{which}, version {found['model_version']} ({state})"
    until = jsonable(found["known_until"])
    if "alarms_per_week" in alarms:
        rule = (
            f"at most {alarms['alarms_per_week']:g} false alarms a week: 1 value in "
            f"{1 / alarms['p_value']:,.0f}"
        )
    else:
        rule = f"of the alarms of a period {alarms['false_discovery_rate']:.0%} may be false"
    span = f"{jsonable(judged['first'])[:10]} to {jsonable(judged['end'])[:10]}"
    many = f"{data['series']:,} series, {judged['periods']:,} periods ({data['frequency']})"
    return [
        f"{many} from {span}",
        f"{which}, learnt until {until[:10] if until else '-'}",
        f"{rule}; {judged['flagged']:,} of {judged['values']:,} values flagged",
    ]


def _row(place: int, row: Row) -> Sequence[Any]:
    parts = row["parts"]
    name = parts[0] if len(parts) == 1 else f"{len(parts)} parts: {', '.join(parts)}"
    return (
        place,
        jsonable(row["since"])[:16].replace("T", " ").removesuffix(" 00:00"),
        row["location_id"],
        name if len(name) <= _SHOWN_PARTS else f"{name[: _SHOWN_PARTS - 1]}…",
        row["kind"].replace("_", " "),
        round(row["observed"]),
        f"{row['expected']:,.0f} ({row['low']:,.0f} to {row['high']:,.0f})",
        odds(row["p_value"]),
    )


def odds(p_value: float) -> str:
    """``1 in 66,000``: how often a normal history shows something as odd."""
    if p_value <= 1e-6:
        return "< 1 in 1 million"
    many = 1 / p_value
    digits = 1 - len(str(int(many)))
    return f"1 in {round(many, min(0, digits + 1)):,.0f}"
