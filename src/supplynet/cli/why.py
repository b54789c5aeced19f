"""``why``: what was decided for a part, and on what grounds; also why nothing was ordered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from supplynet.cli import options
from supplynet.cli.output import emit

_UNLIMITED = 2**28
Row = dict[str, Any]
Clock = Callable[[datetime | str], str]


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command(epilog=options.example("why SR2 P-017", "why SR2 P-017 --at 2026-01-06T03:00"))(why)


def why(
    stock_point: Annotated[str, typer.Argument(help="Stock point id.")],
    part: Annotated[str, typer.Argument(help="Part id.")],
    at: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d"],
            help="As it was decided then, plant time; default: the newest decision.",
        ),
    ] = None,
    workspace: options.Workspace = options.HERE,
    as_json: options.Json = False,
) -> None:
    """Say why a part was ordered, or why not.

    One sentence, then the numbers: stock, expected use, risk with and without the order, what set
    its size, what the simple rule would have done, and the smallest change that would flip it.
    """
    from supplynet.services import decisions

    row = decisions.why_in(workspace, stock_point, part, at=at)
    emit(row, as_json, lambda: _lines(row))


def _lines(row: Row) -> list[str]:
    clock = _clock(row["time_zone"])
    lines = [_head(row, clock), row["why"], ""]
    record: Row | None = row["record"]
    if record is None:
        facts = _compact(row, clock)
    else:
        if row["unchanged_since"] is not None:
            lines.append(f"Nothing new since {clock(row['unchanged_since'])}, whose numbers were:")
        facts = _facts(record, clock)
    return [*lines, *(f"  {name:<12} {text}" for name, text in facts if text)]


def _head(row: Row, clock: Clock) -> str:
    settings = ", ".join(f"{name} {value}" for name, value in row["parameters"].items())
    return (
        f"{row['location_id']} {row['part_id']}: {row['granted']:,} for the departure at "
        f"{clock(row['departure_at'])}; decided {clock(row['decided_at'])} by {row['policy']}"
        + (f" ({settings})" if settings else "")
    )


def _compact(row: Row, clock: Clock) -> list[tuple[str, str]]:
    use = f"{row['window_likely']:,} ({row['window_low']:,} to {row['window_high']:,})"
    before = f"{_chance(row['stockout_before'])} before it arrives"
    then = f"{_chance(row['stockout_without'])} without, {_chance(row['stockout_with'])} with"
    return [
        ("stock", f"{row['on_hand']:,} on hand, {row['on_order']:,} on the way"),
        ("use", f"{use} until {clock(row['window_until'])}"),
        ("stock-out", f"{before}; then {then}"),
        ("set by", row["binding"]),
    ]


def _facts(record: Row, clock: Clock) -> list[tuple[str, str]]:
    return [
        ("stock", _stock(record, clock)),
        ("limits", _limits(record)),
        ("use", _use(record, clock)),
        ("stock-out", _risk(record)),
        ("lines", _halts(record)),
        ("set by", _set_by(record)),
        ("shortage", _shortage(record)),
        ("would flip", _flips(record)),
        ("forecast", _forecast(record)),
        ("stands in", " ".join(record["fallbacks"])),
    ]


def _stock(record: Row, clock: Clock) -> str:
    due = ", ".join(
        f"{each['quantity']:,} due {clock(each['arrives_at'])}" for each in record["due"]
    )
    way = f"{record['on_order']:,} on the way" + (f" ({due})" if due else "")
    return f"{record['on_hand']:,} on hand, {way}: position {record['position']:,}"


def _limits(record: Row) -> str:
    texts = [f"container {record['container_size']:,}"]
    if record["bin_room"] < _UNLIMITED:
        texts.append(f"bin room {record['bin_room']:,}")
    if record["available"] is not None:
        texts.append(f"warehouse {record['available']:,} free")
    if record["truck_room_litres"] is not None:
        texts.append(f"vehicle {record['truck_room_litres']:,.0f} l")
    return ", ".join(texts)


def _use(record: Row, clock: Clock) -> str:
    until = (
        f"{record['window_likely']:,} ({record['window_low']:,} to {record['window_high']:,}) "
        f"until {clock(record['next_arrives_at'])}"
    )
    if record["arrival_likely"] is None:
        return until
    return (
        f"{record['arrival_likely']:,} ({record['arrival_low']:,} to {record['arrival_high']:,}) "
        f"until {clock(record['arrives_at'])}, {until}"
    )


def _risk(record: Row) -> str:
    text = (
        f"{_chance(record['stockout_before'])} before it arrives; then "
        f"{_chance(record['stockout_without'])} without, {_chance(record['stockout_with'])} with, "
        f"{_chance(record['stockout_one_pack_more'])} with one container more"
    )
    if record["stockout_one_pack_less"] is not None:
        text += f", {_chance(record['stockout_one_pack_less'])} with one less"
    return text + ("" if record["target"] is None else f"; allowed {_chance(record['target'])}")


def _halts(record: Row) -> str:
    if record["worst_line"] is None:
        return ", ".join(record["lines"])
    return (
        f"{record['worst_line']} halts with {_chance(record['risk_before'])} without the "
        f"proposals, {_chance(record['risk_after'])} with them"
    )


def _set_by(record: Row) -> str:
    simple = record["simple_rule"]
    text: str = record["binding"]
    return text + ("" if simple is None else f"; min/max would order {simple:,}")


def _shortage(record: Row) -> str:
    if not record["claims"]:
        return ""
    ranked = ", ".join(
        f"{each['stock_point_id']} {each['granted']:,} of {each['wanted']:,} "
        f"({_chance(each['stockout_with'])}, had it all {_chance(each['stockout_if_wanted'])})"
        for each in record["claims"]
    )
    return (
        f"shared by {record['rationing'] or 'another departure'}: {ranked}; one container more "
        f"here saves {record['one_more_pack_saves']:g} parts short"
    )


def _flips(record: Row) -> str:
    texts = []
    if record["flip_stock"] is not None:
        texts.append(f"{record['flip_stock']:+,} parts on hand")
    if record["flip_demand"] is not None:
        texts.append(f"{record['flip_demand']:+.1%} demand")
    if record["flip_minutes"] is not None:
        texts.append(f"{record['flip_minutes']:+,} working minutes to the next delivery")
    return ", or ".join(texts)


def _forecast(record: Row) -> str:
    quality = record["forecast_quality"]
    if not quality:
        return f"{record['model_version']}; no past decisions to judge it by yet"
    return (
        f"{record['model_version']}; last {quality['windows']} windows: error "
        f"{_share(quality['wape'])} of use, bias {_share(quality['bias'], '+')}, "
        f"{quality['coverage']:.0%} within the range that should hold 90%"
    )


def _share(value: float | None, sign: str = "") -> str:
    return "-" if value is None else f"{value:{sign}.0%}"


def _chance(value: float) -> str:
    from supplynet.monitor.why import chance

    return chance(value)


def _clock(time_zone: str) -> Clock:
    """Moments, or their text in a record, in the plant's time."""
    zone = ZoneInfo(time_zone)

    def read(moment: datetime | str) -> str:
        when = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
        return f"{when.astimezone(zone):%a %Y-%m-%d %H:%M}"

    return read
