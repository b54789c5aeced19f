import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from supplynet.frames.synthetic.misspelling import misspelt_ids, misspelt_shifts


def test_a_misspelt_shift_is_no_shift_of_the_plant() -> None:
    names = pl.Series(["day", "night"] * 50)
    found = misspelt_shifts(names, np.linspace(0.001, 0.999, 100))
    assert not set(found) & {"day", "night"}
    assert {"Day", "DAY", "day ", "d", "dya", "day-shift"} <= set(found)


def test_a_misspelt_id_looks_like_the_true_one() -> None:
    draw = np.linspace(0.001, 0.999, 60)
    found = misspelt_ids(pl.Series(["P-010"] * 60), draw, {"P-010", "P-0l0"})
    assert set(found) == {"p-010", "P-O10", "P010", "P-010X", "P-010-OLD"}


@given(st.sets(st.text(min_size=1, max_size=4), min_size=1, max_size=30), st.floats(0, 1))
def test_no_id_of_the_plant_is_ever_written_for_another(known: set[str], draw: float) -> None:
    names = pl.Series(sorted(known))
    found = misspelt_ids(names, np.full(len(names), draw), known)
    assert not set(found) & known
