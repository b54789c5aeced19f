"""The rules: what is looked for, how much it weighs, what it means, what to do. Data, no code.

A rule takes ``weight * min(1, share / tolerance)`` points from 100, where share = units with a
finding / units looked at; so it takes its whole weight where the share reaches its tolerance, and
less below in proportion. The score is what is left, at least 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters, the worst first."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule.

    Attributes:
        name: Key in ``RULES`` and in the findings.
        severity: Of a finding; an error means that models must not be trained on this as it is.
        error_above: Share above which a warning becomes an error; None = never.
        weight: Points of 100 that it takes at most.
        tolerance: Share at which it takes all of them, > 0.
        unit: What is counted: rows, periods, series, or the frame as a whole.
        meaning: What is wrong, as a sentence goes on after "3 of 40 rows (7.5 %)".
        remedy: What to do.
        explanation: How it is found, for the documentation.
    """

    name: str
    severity: Severity
    weight: float
    tolerance: float
    unit: str
    meaning: str
    remedy: str
    explanation: str
    error_above: float | None = None


ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
_TABLE = (
    Rule(
        name="schema_and_types",
        severity=ERROR,
        weight=30,
        tolerance=0.02,
        unit="rows",
        meaning="have a cell that cannot be read",
        remedy="correct the cells, or map the right column",
        explanation=(
            "A column that is needed is missing (score 0), or a cell is not of its column's type: "
            "a time, a number, whole minutes; numbers beyond 2^53 are no amounts."
        ),
    ),
    Rule(
        name="few_records",
        severity=ERROR,
        weight=30,
        tolerance=1.0,
        unit="frame",
        meaning="has too few records",
        remedy="collect more, or import older records",
        explanation="The whole training frame has fewer than 1,000 records.",
    ),
    Rule(
        name="short_series",
        severity=ERROR,
        weight=30,
        tolerance=0.5,
        unit="series",
        meaning="have too few days",
        remedy="collect more, import older records, or leave the series out of the training",
        explanation="A series has rows on fewer than 100 different days.",
    ),
    Rule(
        name="missing_values",
        severity=WARNING,
        error_above=0.05,
        weight=15,
        tolerance=0.10,
        unit="rows",
        meaning="lack their key or their amount although the line was not starved",
        remedy="fill them in at the source, or let cleaning estimate them",
        explanation=(
            "Location, part, time or amount is empty; amounts that starvation hides do not count."
        ),
    ),
    Rule(
        name="missing_periods",
        severity=WARNING,
        error_above=0.05,
        weight=15,
        tolerance=0.10,
        unit="periods",
        meaning="have no row, and nothing says whether demand was 0",
        remedy="import what is missing, or say that a day without a row means 0 (--gaps zero)",
        explanation=(
            "Between its first and last row a series lacks a period that its line worked: one that "
            "the plant's calendar has, or, without a plant, one that another part of the line has "
            "or that the line has in most weeks. Weekdays without work miss nothing."
        ),
    ),
    Rule(
        name="closed_days",
        severity=INFO,
        weight=0,
        tolerance=1.0,
        unit="days",
        meaning="have no row of any line: days of rest, or records that were lost",
        remedy="give the plant with its holidays to have them checked",
        explanation=(
            "A day on which at least three lines usually work has no row at all. Longer than three "
            "weeks, it counts as missing periods instead."
        ),
    ),
    Rule(
        name="duplicates",
        severity=ERROR,
        weight=15,
        tolerance=0.02,
        unit="rows",
        meaning="have a key that an earlier row has",
        remedy="sum rows that are separate bookings, drop what was sent twice (--duplicates)",
        explanation=(
            "Location, part and time are those of an earlier row: an exact twin, or other content. "
            "Rows with an order id are separate orders as long as the ids differ."
        ),
    ),
    Rule(
        name="negatives_and_returns",
        severity=ERROR,
        weight=15,
        tolerance=0.02,
        unit="rows",
        meaning="are below 0",
        remedy="book returns as returns, not as demand (--negatives return)",
        explanation="Consumed, demand or minutes are below 0.",
    ),
    Rule(
        name="future_dates",
        severity=ERROR,
        weight=10,
        tolerance=0.01,
        unit="rows",
        meaning="lie in the future",
        remedy="check the sender's clock and the order of day and month (--date-order)",
        explanation="The period starts after the moment of the check; without one nothing is said.",
    ),
    Rule(
        name="mixed_time_zones",
        severity=WARNING,
        weight=10,
        tolerance=0.05,
        unit="rows",
        meaning="are stamped in another time zone than the rest",
        remedy="say the zone of the sender at the import (--time-zone), or shift them back",
        explanation=(
            "Rows start whole or half hours beside the usual start of their shift while the line's "
            "other parts do not (summer time moves all), or stamps in text carry several offsets "
            "that summer time does not explain."
        ),
    ),
    Rule(
        name="unknown_ids",
        severity=ERROR,
        weight=10,
        tolerance=0.02,
        unit="rows",
        meaning="name a line or part that the plant does not have",
        remedy="correct the spelling, or add it to the plant folder",
        explanation="The plant that was given has no such location, or no such part.",
    ),
    Rule(
        name="id_spelling",
        severity=WARNING,
        weight=5,
        tolerance=0.02,
        unit="rows",
        meaning="have an id that is another one's in other spelling",
        remedy="use one spelling, so that both become one series again",
        explanation=(
            "The id differs from a more frequent one only by letter case, spaces or the kind of "
            "dash; or it is rare (2 % of the other's rows or fewer) and looks like it (O and 0, l "
            "and 1, a dash left out, letters at its end)."
        ),
    ),
    Rule(
        name="shift_names",
        severity=WARNING,
        weight=2,
        tolerance=0.05,
        unit="rows",
        meaning="have another shift name than is usual at that line and hour, or none",
        remedy="use the names of the shift calendar",
        explanation=(
            "At least three of four rows of that line at that hour have another name; daily data, "
            "all without a shift, are consistent."
        ),
    ),
    Rule(
        name="unit_jumps",
        severity=WARNING,
        weight=10,
        tolerance=0.05,
        unit="rows",
        meaning="are counted in another unit than the rest of their series",
        remedy="multiply the stretch by the factor, or let cleaning do it",
        explanation=(
            "The level of at least four rows in turn is three or more times lower or higher than "
            "the series' usual one, from one row to the next, while the line's other parts go on: "
            "a pack counted as a piece, or the reverse. The nearest container size or whole factor "
            "is named."
        ),
    ),
    Rule(
        name="outliers",
        severity=WARNING,
        weight=8,
        tolerance=0.02,
        unit="rows",
        meaning="are far from anything that the series usually shows",
        remedy="check the booking; cleaning replaces what is wrong and leaves what was real",
        explanation=(
            "More than six standard deviations away and 2.5 times too much or too little from the "
            "level of the weeks around, by shift and weekday, moved with what the line's other "
            "parts did in that period. The deviation is that of counts (negative binomial, or "
            "lumps), so slow and lumpy parts are no outliers."
        ),
    ),
    Rule(
        name="miscounts",
        severity=WARNING,
        weight=4,
        tolerance=0.02,
        unit="rows",
        meaning="are off, with the opposite in the row before or after",
        remedy="check the count at the change of shift; cleaning can move the parts back",
        explanation=(
            "Two neighbouring rows are both beyond what noise explains, in opposite directions and "
            "by about the same number of parts."
        ),
    ),
    Rule(
        name="constant_series",
        severity=WARNING,
        weight=6,
        tolerance=0.5,
        unit="series",
        meaning="repeat one value for longer than chance explains",
        remedy="check whether the counter is stuck or the figures are estimates",
        explanation=(
            "All observed rows of a series (seven or more) are the same, or a stretch repeats one "
            "value so long that its share in the rest of the series does not explain it. Zeros "
            "before a part's first use are not counted."
        ),
    ),
    Rule(
        name="dead_series",
        severity=WARNING,
        weight=4,
        tolerance=0.5,
        unit="series",
        meaning="are at 0 from some day on, or have ended",
        remedy="say whether the part is still in use; end its requirement if it is not",
        explanation=(
            "The series ends with zeros for longer than its earlier zeros explain although its "
            "line works, or its last row lies in the first nine tenths of the time and more than "
            "four weeks before the end. A part that faded out before is none."
        ),
    ),
    Rule(
        name="censored_shifts",
        severity=INFO,
        weight=5,
        tolerance=0.30,
        unit="rows",
        meaning="hide their demand because the line was starved",
        remedy="let cleaning estimate what they would have been; halts cost more than data",
        explanation="The line was starved in that period, so that its demand is not known.",
    ),
    Rule(
        name="level_shift",
        severity=INFO,
        weight=0,
        tolerance=1.0,
        unit="series",
        meaning="have changed their level for good",
        remedy="tell the planner; models that weigh recent weeks follow by themselves",
        explanation=(
            "The median of the four weeks after a week differs from that of the four before by a "
            "third or more, by more than four times what weeks usually differ, and otherwise than "
            "most parts of its line: a season is none."
        ),
    ),
)
RULES: dict[str, Rule] = {rule.name: rule for rule in _TABLE}
"""Every rule by name, in the order in which they are shown."""


def markdown_table() -> list[str]:
    """The rules as lines of a Markdown table, for the documentation."""
    head = ("rule", "severity", "weight", "tolerance", "of", "how it is found", "what to do")
    rows = [head, ("---",) * len(head)]
    for rule in RULES.values():
        severity = str(rule.severity)
        if rule.error_above is not None:
            severity += f"; error above {rule.error_above:.0%}"
        rows.append(
            (
                f"`{rule.name}`",
                severity,
                f"{rule.weight:g}",
                f"{rule.tolerance:.0%}",
                rule.unit,
                rule.explanation,
                rule.remedy[0].upper() + rule.remedy[1:] + ".",
            )
        )
    return ["| " + " | ".join(row) + " |" for row in rows]
