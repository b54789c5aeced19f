"""What is asked of an import, and what it says it did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from supplynet.connectors.sales_plant import SupplyTermsGiven
from supplynet.connectors.table_checked import Checked
from supplynet.connectors.table_import import ImportOptions
from supplynet.connectors.table_layout import Said
from supplynet.connectors.table_profile import Profile
from supplynet.connectors.table_results import is_history
from supplynet.errors import Mistake


@dataclass(frozen=True, kw_only=True)
class ImportRequest:
    """What to import and how. What is said here wins over every profile.

    Attributes:
        kind: Of ``connectors.table_kinds``: demand, consumption, stock, plan, deliveries; None =
            the profile's, or else demand.
        columns: Our column to theirs.
        constants: Our column to one value for all rows.
        where: Their column to the values whose rows are taken.
        options: Of ``ImportOptions``: only what is not to be left to the profile. Of a whole
            ``ImportOptions``, what differs from its defaults.
        profile: Name, TOML file or ``none``; None = recognised from the header.
        save_profile: Name under which the workspace is to remember how this file was read.
        problems: File (csv, parquet, xlsx) for all mistakes; None = only the first are named.
        dry_run: Check everything, take nothing.
        terms: Supply of locations that the plant does not have yet; sales do not tell it.
    """

    file: Path
    kind: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    where: Mapping[str, Sequence[str]] = field(default_factory=dict)
    options: Mapping[str, Any] | ImportOptions = field(default_factory=dict)
    profile: str | None = None
    save_profile: str | None = None
    problems: Path | None = None
    dry_run: bool = False
    terms: SupplyTermsGiven | None = None

    def said(self) -> Said:
        """What is said of the file itself."""
        options = self.options
        if isinstance(options, ImportOptions):
            default = asdict(ImportOptions())
            chosen = asdict(options).items()
            options = {name: value for name, value in chosen if value != default[name]}
        return Said(
            columns=self.columns, constants=self.constants, where=self.where, options=options
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Rows of history or of a table, or counts of stock, by what became of them."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0


@dataclass(frozen=True, kw_only=True)
class ImportOutcome:
    """What an import found and took.

    Attributes:
        profile, recognised_as: Name and title of the profile; None without one.
        rows, accepted: Rows of the file (cells of a wide one), and of those good.
        written: New and changed rows that were written; 0 in a dry run.
        series: What the accepted rows are of.
        filled_days: Days without a row that count as days without demand.
        days_below_zero: Days on which more was returned than used; their demand is 0.
        new, changed, unchanged: Days or rows by what became (in a dry run: would become) of them.
        decisions: What was done without asking, each with a number of rows.
        mapping: Our column to theirs.
        unused: Columns of the file that were not read.
        counts: All mistakes by kind.
        mistakes: The first of each kind, by cell.
        problems_file: Where all of them are.
        saved_profile: The profile that was written.
    """

    file: str
    kind: str
    dry_run: bool
    profile: str | None
    recognised_as: str | None
    rows: int
    accepted: int
    written: int
    series: int
    filled_days: int
    days_below_zero: int
    new: int
    changed: int
    unchanged: int
    decisions: tuple[str, ...]
    mapping: Mapping[str, str]
    unused: tuple[str, ...]
    counts: dict[str, int]
    mistakes: tuple[Mistake, ...]
    problems_file: Path | None = None
    saved_profile: Path | None = None

    @property
    def refused(self) -> bool:
        """Whether mistakes kept everything out."""
        return bool(self.counts) and not self.accepted

    @property
    def total(self) -> int:
        """All mistakes."""
        return sum(self.counts.values())

    def lines(self) -> list[str]:
        """For people: the outcome first, then every mistake that is shown."""
        lines = [f"{self.file}: {self._head()}"]
        if self.recognised_as is not None:
            lines.append(f"recognised as {self.recognised_as} (--profile {self.profile})")
        lines += self.decisions
        if self.new or self.changed or self.unchanged:
            what = "days" if self.kind == "demand" else "rows"
            lines.append(
                f"{what}: {self.new:,} new, {self.changed:,} changed, {self.unchanged:,} as before"
            )
        if self.saved_profile is not None:
            lines.append(f"profile written to {self.saved_profile}")
        if self.problems_file is not None:
            lines.append(f"{self.total:,} problems written to {self.problems_file}")
        return [*lines, *(str(mistake) for mistake in self.mistakes)]

    def _head(self) -> str:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(self.counts.items()))
        if self.refused:
            mistakes = "1 mistake" if self.total == 1 else f"{self.total:,} mistakes"
            rows = "1 row" if self.rows == 1 else f"{self.rows:,} rows"
            return f"{mistakes} in {rows}, nothing taken ({kinds})"
        verb = "would take" if self.dry_run else "took"
        took = f"{verb} {self.accepted:,} of {self.rows:,} rows as {self.series:,} series"
        return took + (f"; left out {kinds}" if self.total else "; no mistakes")


def outcome_of(
    checked: Checked,
    taken: Taken,
    request: ImportRequest,
    profile: Profile | None,
    saved: Path | None,
) -> ImportOutcome:
    """The outcome of an import that has been checked and, unless it was a dry run, taken."""
    return ImportOutcome(
        file=checked.file,
        kind=checked.kind.name,
        dry_run=request.dry_run,
        profile=None if profile is None else profile.name,
        recognised_as=None if profile is None else profile.title,
        rows=checked.rows,
        accepted=checked.accepted,
        written=0 if request.dry_run else taken.new + taken.changed,
        series=len(checked.series) if checked.accepted else 0,
        filled_days=checked.filled_days,
        days_below_zero=checked.days_below_zero,
        new=taken.new,
        changed=taken.changed,
        unchanged=taken.unchanged,
        decisions=tuple(_decisions(checked)),
        mapping=checked.mapping,
        unused=checked.unused,
        counts=checked.counts,
        mistakes=checked.mistakes,
        problems_file=request.problems,
        saved_profile=saved,
    )


def _decisions(checked: Checked) -> list[str]:
    """What was done on the person's behalf, as sentences."""
    said = [f"{count:,} {says}" for count, says in checked.decisions]
    if not checked.accepted:
        return said
    counted = {"sum": "were all counted", "drop": "were counted once"}
    if checked.repeats and checked.options.duplicates in counted:
        how = "have the key of an earlier one"
        if is_history(checked.kind) and not checked.kind.key:
            how = "repeat an earlier one in every cell"
        said.append(f"{checked.repeats:,} rows {how} and {counted[checked.options.duplicates]}")
    if checked.returns:
        said.append(f"{checked.returns:,} rows below 0 were taken off their day as returns")
    if checked.days_below_zero:
        said.append(f"{checked.days_below_zero:,} days had more returned than used: demand 0")
    if checked.filled_days:
        said.append(f"{checked.filled_days:,} days without a row count as days without demand")
    return said
