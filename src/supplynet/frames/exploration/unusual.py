"""The series that differ most from the others, each with its curve and the reason."""

from __future__ import annotations

from typing import Any

import polars as pl

from supplynet.frames.exploration.charts import spark
from supplynet.frames.exploration.section import Section, Table
from supplynet.frames.exploration.series_facts import FEATURES
from supplynet.frames.exploration.source import Source
from supplynet.frames.exploration.wording import (
    clip,
    count,
    day,
    listing,
    number,
    percent,
    prose,
    safe,
    signed,
)

_CARDS = 8
_FAR = 1.5  # robust standard deviations from which a feature is named
_MANY = 0.06  # share of the series from which being odd is nothing special
_ODD = 2.5  # score from which a series is unusual


def unusual(source: Source, facts: pl.DataFrame) -> Section:
    """Ranked by a robust score over change of level, spread, zeros, season and outliers."""
    names = [
        "location_id",
        "part_id",
        "demand_class",
        "score",
        *FEATURES,
        *(f"{n}_z" for n in FEATURES),
    ]
    order = facts.with_row_index("series").sort("score", "series", descending=[True, False])
    odd = order.filter(pl.col("score") >= _ODD)
    frame = order.select(names)
    title = "The most unusual series"
    if facts.height < 5:
        said = f"With {count(facts.height, 'series')} there is nothing to compare with."
        return Section(key="unusual", title=title, sentence=said, frame=frame, wide=True)
    if odd.is_empty():
        said = f"None of {facts.height:,} series stands out from the others."
        return Section(key="unusual", title=title, sentence=said, frame=frame, wide=True)
    shown = _unlike(odd)
    cards = "".join(_card(source, facts, row) for row in shown)
    return Section(
        key="unusual",
        title=title,
        sentence=_sentence(facts, odd, shown),
        table=_table(odd),
        frame=frame,
        method=(
            (
                "For each of five features (change of level, spread from week to week, share of "
                "zeros, strength of season, share of outliers) it is counted by how many robust "
                "standard deviations a series is above the middle of its likes (used nearly "
                "always, or now and then); the score is their root mean square. Curves show the "
                "use of a week without the weekday wave, from 0."
            ),
        ),
        wide=True,
        extra=f'<ul class="cards">{cards}</ul>',
        stands_out=True,
    )


def _unlike(odd: pl.DataFrame) -> list[dict[str, Any]]:
    """The first of each location and reason, with ``alike``, how many more it stands for."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in odd.iter_rows(named=True):
        first = max(FEATURES, key=lambda name: row[f"{name}_z"])
        if (row["location_id"], first) in found:
            found[row["location_id"], first]["alike"] += 1
        else:
            found[row["location_id"], first] = {**row, "alike": 0}
    return list(found.values())[:_CARDS]


def _sentence(facts: pl.DataFrame, odd: pl.DataFrame, shown: list[dict[str, Any]]) -> str:
    names = [f"{row['location_id']}/{row['part_id']}" for row in shown]
    if odd.height > _MANY * facts.height:
        return (
            f"The {facts.height:,} series differ in many ways; furthest from the rest are "
            f"{listing(names[:2], 2)}."
        )
    has = "differs" if odd.height == 1 else "differ"
    return (
        f"{odd.height:,} of {facts.height:,} series {has} clearly from the rest, "
        f"{'namely' if odd.height == 1 else 'first of all'} {listing(names[:2], 2)}."
    )


def reason(row: dict[str, Any], facts: pl.DataFrame, since: str) -> str:
    """Why a series is unusual: its one or two furthest features, in words."""
    ranked = sorted(FEATURES, key=lambda name: (name != "level_change", -row[f"{name}_z"]))
    far = [name for name in ranked if row[f"{name}_z"] >= _FAR]
    told = far[:2] or [max(FEATURES, key=lambda name: row[f"{name}_z"])]
    said = "; ".join(_feature(name, row, facts, since) for name in told)
    alike = row.get("alike", 0)
    if alike:
        said += (
            f"; {alike} more {'part' if alike == 1 else 'parts'} of {row['location_id']} likewise"
        )
    return f"{said[0].upper()}{said[1:]}."


def _feature(name: str, row: dict[str, Any], facts: pl.DataFrame, since: str) -> str:
    often = ["smooth", "erratic"]
    likes = facts.filter(pl.col("demand_class").is_in(often) == (row["demand_class"] in often))
    middle = float(likes[name].median() or 0.0)  # type: ignore[arg-type] # a number column
    if name == "level_change":
        return _moved(float(row["change"]), since)
    if name == "cv":
        return f"weeks vary by {percent(row['cv'])} of their mean, usually {percent(middle)}"
    if name == "zero_share":
        return f"{percent(row['zero_share'])} of its days are 0, usually {percent(middle)}"
    if name == "season_strength":
        return f"its season has strength {row['season_strength']:.2f}, usually {middle:.2f}"
    return f"{percent(row['outlier_share'])} of its days are outliers, usually {percent(middle)}"


def _moved(change: float, since: str) -> str:
    if change <= -0.97:
        return f"its use fell to nothing around {since}"
    if change >= 9.9:
        return f"its use began around {since}"
    word = "rose" if change > 0 else "fell"
    return f"its level {word} by {percent(abs(change))} around {since}"


def _card(source: Source, facts: pl.DataFrame, row: dict[str, Any]) -> str:
    weekly, weeks = source.parts_of_demand.weekly, source.parts_of_demand.weeks
    name = f"{row['location_id']}/{row['part_id']}"
    since, cuts = "", []
    if row["changed"] is not None:
        since = day(source.day_of(int(weeks[row["changed"]])))
        cuts = [row["changed"] / max(1, weekly.shape[1] - 1)]
    curve = spark(weekly[row["series"]], label=f"{name} over time", height=54, changes=cuts)
    why = reason(row, facts, since).replace("days", f"{source.unit.name}s")
    hover = f' title="{safe(name)}"' if len(name) > 40 else ""
    return f"<li><strong{hover}>{safe(clip(name, 40))}</strong>{curve}<p>{prose(why)}</p></li>"


def _table(odd: pl.DataFrame) -> Table:
    rows = tuple(
        (
            f"{row['location_id']}/{row['part_id']}",
            number(row["score"]),
            "–" if row["change"] is None else signed(row["change"]),  # noqa: RUF001 - an empty cell
            number(row["cv"]),
            percent(row["zero_share"]),
            number(row["season_strength"]),
            percent(row["outlier_share"]),
        )
        for row in odd.head(20).iter_rows(named=True)
    )
    rest = odd.height - len(rows)
    more = f"; {rest:,} more in the frame" if rest else ""
    return Table(
        caption=f"Unusual series, the furthest first{more}.",
        head=("Series", "Score", "Level", "CV of weeks", "Zeros", "Season", "Outliers"),
        rows=rows,
    )
