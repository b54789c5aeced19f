"""Trees in ONNX say what LightGBM says, whatever they are asked."""

import lightgbm
import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("onnx")

from supplynet.errors import ModelError
from supplynet.learning.lightgbm_text import read_booster
from supplynet.learning.onnx_session import OnnxSession
from supplynet.learning.onnx_trees import Tree, TreeTable, tree_graph

Table = npt.NDArray[np.float32]
CATEGORIES = (0, 1)


def table(rows: int, seed: int) -> Table:
    """Weekdays, 40 codes, a rounded column, others; a tenth of all cells missing."""
    rng = np.random.default_rng(seed)
    made = rng.standard_normal((rows, 6)).astype(np.float32)
    made[:, 0], made[:, 1] = rng.integers(0, 7, rows), rng.integers(0, 40, rows)
    made[:, 3] = np.round(made[:, 3])
    made[rng.random(made.shape) < 0.1] = np.nan
    return made


def booster(objective: str, **settings: object) -> str:
    rows = table(1500, 1)
    seen = np.nan_to_num(rows)
    target = np.abs(3 * np.isin(rows[:, 0], (1, 5)) + seen[:, 1] % 5 + seen[:, 2])
    known = {"objective": objective, "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 5}
    data = lightgbm.Dataset(
        rows, target, categorical_feature=list(CATEGORIES), params={"verbosity": -1, **settings}
    )
    return str(lightgbm.train({**known, **settings}, data, 20).model_to_string())


def run(texts: list[str], rows: Table) -> Table:
    boosters = [read_booster(text) for text in texts]
    trees = [(tree, place) for place, one in enumerate(boosters) for tree in one.trees]
    graph = tree_graph("t", TreeTable(trees, features=6, targets=len(texts)))
    return OnnxSession(graph).run(table=rows)


def test_boosters_say_the_same_of_known_new_missing_and_negative_values() -> None:
    texts = [booster("quantile", alpha=alpha) for alpha in (0.1, 0.9)]
    rows = np.concatenate([table(400, 2), table(400, 3)])
    rows[400:, 0] = np.arange(400) % 12 - 2  # weekdays that there are not
    rows[400:, 1] = np.arange(400) % 90
    wanted = [lightgbm.Booster(model_str=text).predict(rows, raw_score=True) for text in texts]
    np.testing.assert_allclose(run(texts, rows), np.stack(wanted, axis=1), atol=1e-5)
    assert any(tree.sets for tree in read_booster(texts[0]).trees)


def test_a_row_on_a_threshold_goes_left_as_before() -> None:
    """Every cell is a threshold of the trees, told in single precision, or next to one."""
    text = booster("quantile", alpha=0.5)
    trees = read_booster(text).trees
    cuts = np.concatenate([t.threshold[~t.leaf & (t.feature == 2)] for t in trees])
    near = cuts.astype(np.float32)
    values = np.concatenate([near, np.nextafter(near, np.float32(9)), np.nextafter(near, -near)])
    rows = np.zeros((len(values), 6), dtype=np.float32)
    rows[:, 2] = values
    wanted = lightgbm.Booster(model_str=text).predict(rows, raw_score=True)
    np.testing.assert_allclose(run([text], rows)[:, 0], wanted, atol=1e-5)


def test_without_a_notion_of_missing_a_gap_counts_as_zero() -> None:
    text = booster("quantile", alpha=0.5, use_missing=False)
    rows = table(300, 4)
    wanted = lightgbm.Booster(model_str=text).predict(rows, raw_score=True)
    np.testing.assert_allclose(run([text], rows)[:, 0], wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("objective", "exponential"), [("quantile", False), ("tweedie", True), ("poisson", True)]
)
def test_an_objective_that_learns_the_logarithm_says_so(objective: str, exponential: bool) -> None:
    assert read_booster(booster(objective)).exponential is exponential


def test_what_no_graph_can_say_is_refused() -> None:
    with pytest.raises(ModelError, match="0 as missing"):
        read_booster(booster("quantile", zero_as_missing=True))
    text = booster("quantile")
    with pytest.raises(ModelError, match="linear leaves"):
        read_booster(text.replace("is_linear=0", "is_linear=1"))
    with pytest.raises(ModelError, match="cannot be read"):
        read_booster(text.replace("leaf_value=", "leaf="))


def test_a_tree_may_be_a_single_leaf() -> None:
    constant = "max_feature_idx=5\nobjective=quantile\n\nTree=0\nleaf_value=2.5\n\nend of trees"
    np.testing.assert_array_equal(run([constant], table(3, 0)), np.full((3, 1), 2.5))


def test_a_tree_by_hand() -> None:
    """Column 0 at most 1.5 goes left to 10, else right to 20; without a value left."""
    node = np.array([0, 0, 0])
    stump = Tree(
        feature=node,
        threshold=np.array([1.5, 0, 0]),
        left=np.array([1, 0, 0]),
        right=np.array([2, 0, 0]),
        missing_left=np.array([True, False, False]),
        leaf=np.array([False, True, True]),
        value=np.array([0.0, 10.0, 20.0]),
    )
    session = OnnxSession(tree_graph("t", TreeTable([(stump, 0)], features=1, targets=1)))
    rows = np.array([[1.5], [1.6], [np.nan], [-np.inf], [np.inf]], dtype=np.float32)
    assert session.run(table=rows).ravel().tolist() == [10, 20, 10, 10, 20]
    with pytest.raises(ModelError, match="does not take this input"):
        session.run(table=rows.astype(np.float64))


def test_bytes_that_are_no_graph_are_refused() -> None:
    with pytest.raises(ModelError, match="cannot be opened"):
        OnnxSession(b"no graph")
