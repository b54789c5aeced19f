import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from supplynet.frames.synthetic.orders import deal_orders
from supplynet.frames.synthetic.scenario import SalesShape


def test_one_order_a_day_takes_it_all_also_nothing() -> None:
    units, days = np.array([5, 0, 2]), np.arange(3)
    row, ordered, client = deal_orders(units, np.zeros(3, int), days, SalesShape(), 1)
    assert (row.tolist(), ordered.tolist()) == ([0, 1, 2], [5, 0, 2])
    assert client.max() < 200


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 10_000), min_size=1, max_size=30), st.floats(1, 50), st.integers(1, 9)
)
def test_orders_sum_to_their_day_and_none_is_empty(
    sold: list[int], orders_per_day: float, clients: int
) -> None:
    units, days = np.array(sold), np.arange(len(sold))
    shape = SalesShape(orders_per_day=orders_per_day, clients=clients)
    row, ordered, client = deal_orders(units, np.zeros(len(sold), int), days, shape, 1)
    assert np.bincount(row, ordered).tolist() == sold
    assert (ordered[units[row] > 0] >= 1).all()
    assert (np.diff(row) >= 0).all()
    assert client.min() >= 0
    assert client.max() < clients
