"""The columns of an export while mistakes are put in, one kind after the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from supplynet.core.network import Plant
from supplynet.core.sample_paths import FloatArray
from supplynet.frames.synthetic.effects import effects_of
from supplynet.frames.synthetic.misspelling import misspelt_ids, misspelt_shifts
from supplynet.frames.synthetic.recorded import MINUTE, Bools, Longs, Recorded, moments_of
from supplynet.frames.synthetic.stretches import Stretch, covered, recorded_amounts
from supplynet.frames.tables import MOMENT

RAW_SCHEMA = pl.Schema(
    {
        "location_id": pl.String(),
        "part_id": pl.String(),
        "period_start": MOMENT,
        "shift": pl.String(),
        "consumed": pl.Int64(),
        "starved_minutes": pl.Int32(),
        "stopped_minutes": pl.Int32(),
    }
)
"""Columns of an export: what is counted, without what follows from it (rate, demand)."""
SHARES = {
    "missing_rows": "missing_rows",
    "nulls": "nulls",
    "duplicate": "duplicates",
    "negative": "negatives",
    "future": "future_rows",
    "outlier": "outliers",
    "miscount": "miscounts",
    "shift_name": "shift_names",
    "unknown_id": "unknown_ids",
}
"""Defects of single rows, and the name of their share."""
FUTURE_DAYS = 364  # the year is mistyped; whole weeks, so that weekday and shift still fit
OUTLIER_FROM = 0.5  # of the series' mean: a small number times 8 need not stand out
TWICE_AGAIN = 0.1  # share of the duplicates that are there three times


class Export:
    """The columns of the export while mistakes are put in; rows are those of the clean frame."""

    def __init__(self, rows: Recorded, lasting: Sequence[Stretch], chosen: Longs) -> None:
        self.rows, self.chosen = rows, chosen
        self.free = (chosen < 0) & ~covered(rows, list(lasting))
        self.frame = rows.frame.select(RAW_SCHEMA.names())
        self.consumed = rows.consumed.copy()
        self.null = np.zeros(len(chosen), dtype=bool)
        self.stamp = rows.stamp.copy()
        self.copies = np.ones(len(chosen), dtype=np.int64)
        self.shift = self.frame["shift"]
        self.location, self.part = self.frame["location_id"], self.frame["part_id"]
        self.future: tuple[Longs, pl.Series] = np.empty(0, dtype=np.int64), moments_of([])
        self.effects: list[pl.DataFrame] = []

    def chosen_for(self, kind: str, visible: Bools | None = None) -> Longs:
        """Rows that were drawn for ``kind`` and can show it."""
        hit = self.chosen == list(SHARES).index(kind)
        return np.flatnonzero(hit if visible is None else hit & visible)

    def note(self, kind: str, where: Longs, **columns: npt.ArrayLike | pl.Series) -> None:
        """Write down a defect of the rows ``where``; other columns as given."""
        place: dict[str, pl.Series] = {
            "location_id": self.location.gather(where),
            "part_id": self.part.gather(where),
            "period_start": moments_of(self.stamp[where]),
        }
        given = {
            name: values if isinstance(values, pl.Series) else pl.Series(np.asarray(values))
            for name, values in columns.items()
        }
        self.effects.append(effects_of(kind, place | given))

    def stretch(self, lasting: Sequence[Stretch]) -> None:
        """Put in the lasting defects."""
        for kind in sorted({each.kind for each in lasting}):
            found = [each for each in lasting if each.kind == kind]
            self.note(
                kind,
                np.array([each.first for each in found]),
                period_end=moments_of([self.rows.end_of(each.end - 1) for each in found]),
                strength=pl.Series([each.strength for each in found], dtype=pl.Float64),
                detail=pl.Series([self._amounts(each) for each in found], dtype=pl.String),
            )
            for each in found:
                self._put_in(each)

    def _amounts(self, stretch: Stretch) -> str | None:
        """The true amounts of rows that are left out or changed."""
        true = self.rows.consumed[stretch.first : stretch.end]
        return None if stretch.kind == "time_shift" else " ".join(map(str, true))

    def _put_in(self, stretch: Stretch) -> None:
        some = slice(stretch.first, stretch.end)
        if stretch.kind == "missing_rows":
            self.copies[some] = 0
        elif stretch.kind == "time_shift":
            self.stamp[some] += int(stretch.strength or 0) * 60 * MINUTE
        else:
            self.consumed[some] = recorded_amounts(stretch, self.rows.consumed[some])

    def leave_out(self) -> None:
        """Single rows that are not there."""
        hit = self.chosen_for("missing_rows")
        self.copies[hit] = 0
        ends = moments_of([self.rows.end_of(int(row)) for row in hit])
        amounts = pl.Series(self.rows.consumed[hit]).cast(pl.String)
        self.note("missing_rows", hit, period_end=ends, strength=np.ones(len(hit)), detail=amounts)

    def nulls(self) -> None:
        """Amounts that nobody wrote down."""
        hit = self.chosen_for("nulls")
        self.null[hit] = True
        self.note("nulls", hit, strength=self.rows.consumed[hit])

    def negatives(self) -> None:
        """Amounts with the wrong sign."""
        hit = self.chosen_for("negative", self.rows.consumed > 0)
        self.consumed[hit] *= -1
        self.note("negative", hit, strength=self.rows.consumed[hit])

    def outliers(self, factor: float) -> None:
        """Amounts that are several times too high."""
        usual = self.rows.consumed >= np.maximum(OUTLIER_FROM * self.rows.mean, 1)[self.rows.series]
        hit = self.chosen_for("outlier", usual & ~self._starved())
        factors = factor * (0.75 + 0.5 * self.rows.of_rows("outlier", hit))
        true = self.rows.consumed[hit]
        self.consumed[hit] = np.rint(true * factors)
        self.note("outlier", hit, strength=factors, detail=pl.Series(true).cast(pl.String))

    def miscounts(self, spread: float) -> None:
        """Parts that are counted a period too early or too late."""
        hit = self.chosen_for("miscount")
        hit = hit[hit + 1 < len(self.chosen)]
        hit = hit[self.free[hit + 1] & (self.rows.series[hit + 1] == self.rows.series[hit])]
        share = 2 * self.rows.of_rows("miscount", hit) - 1
        amount = np.rint(self._signed(share) * spread * self.rows.consumed[hit]).astype(np.int64)
        amount = np.clip(amount, -self.rows.consumed[hit], self.rows.consumed[hit + 1])
        hit, amount = hit[amount != 0], amount[amount != 0]
        self.consumed[hit] += amount
        self.consumed[hit + 1] -= amount
        following = moments_of(self.stamp[hit + 1]).dt.strftime("%Y-%m-%dT%H:%M:%SZ")
        self.note("miscount", hit, strength=amount, detail=following)

    def shift_names(self) -> None:
        """Shifts spelt by hand."""
        hit = self.chosen_for("shift_name", self.frame["shift"].is_not_null().to_numpy())
        was = self.shift.gather(hit)
        self.shift = self.shift.scatter(hit, misspelt_shifts(was, self.rows.of_rows("shift", hit)))
        self.note("shift_name", hit, detail=was)

    def unknown_ids(self, plant: Plant) -> None:
        """Ids of lines and parts that the plant does not have."""
        hit = self.chosen_for("unknown_id")
        draw = self.rows.of_rows("unknown id", hit)
        true = self.location.gather(hit) + "/" + self.part.gather(hit)
        in_part = draw < 0.5
        parts, lines = hit[in_part], hit[~in_part]
        known_parts, known_lines = set(plant.part_by_id), set(plant.location_by_id)
        wrong = misspelt_ids(self.part.gather(parts), 2 * draw[in_part], known_parts)
        self.part = self.part.scatter(parts, wrong)
        wrong = misspelt_ids(self.location.gather(lines), 2 * draw[~in_part] - 1, known_lines)
        self.location = self.location.scatter(lines, wrong)
        self.note("unknown_id", hit, detail=true)

    def duplicates(self) -> None:
        """Rows that are there again."""
        hit = self.chosen_for("duplicate")
        extra = 1 + (self.rows.of_rows("duplicate", hit) < TWICE_AGAIN)
        self.copies[hit] += extra
        self.note("duplicate", hit, strength=extra)

    def future_rows(self) -> None:
        """Rows that are there again with a year that is still to come."""
        hit = self.chosen_for("future")
        late = self.stamp[hit]
        if len(hit):
            span = FUTURE_DAYS * 1440 * MINUTE
            late += span * ((self.rows.stamp.max() - late) // span + 1)
        self.future = hit, moments_of(late)
        self.note("future", hit, period_start=self.future[1])

    def table(self) -> pl.DataFrame:
        """The export: copies beside their row, rows of the future at the end."""
        frame = self.frame.with_columns(
            location_id=self.location,
            part_id=self.part,
            period_start=moments_of(self.stamp),
            shift=self.shift,
            consumed=pl.Series(self.consumed).set(pl.Series(self.null), None),
        )
        rows, moments = self.future
        order = np.repeat(np.arange(len(self.copies)), self.copies)
        last = frame[rows].with_columns(period_start=moments)
        return pl.concat([frame[order], last]).cast(RAW_SCHEMA)

    def _starved(self) -> Bools:
        starved: Bools = self.frame["starved_minutes"].to_numpy() > 0
        return starved

    @staticmethod
    def _signed(share: FloatArray) -> FloatArray:
        """From (-1, 1) to the same signs between half and one and a half."""
        signed: FloatArray = np.sign(share) * (0.5 + np.abs(share))
        return signed
