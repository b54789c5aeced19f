import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.core.keyed import name_key, uniform, words


def test_numbers_do_not_depend_on_what_else_is_asked() -> None:
    whole = uniform(1, "shock", np.arange(100)[:, None], np.arange(6))
    assert uniform(1, "shock", 17, 3) == whole[17, 3]
    np.testing.assert_array_equal(
        uniform(1, "shock", np.arange(5)[:, None], np.arange(2)), whole[:5, :2]
    )


def test_seed_and_purpose_make_other_numbers() -> None:
    keys = np.arange(1000)
    one = uniform(1, "shock", keys)
    assert not (one == uniform(2, "shock", keys)).any()
    assert not (one == uniform(1, "transit", keys)).any()


def test_numbers_are_uniform_and_neighbours_independent() -> None:
    values = uniform(0, "x", np.arange(300)[:, None], np.arange(300))
    assert np.histogram(values, 10, (0, 1))[0] == pytest.approx(9000, rel=0.05)
    for left, right in ((values[1:], values[:-1]), (values[:, 1:], values[:, :-1])):
        assert abs(np.corrcoef(left.ravel(), right.ravel())[0, 1]) < 0.015


@given(st.integers(-(2**63), 2**63 - 1), st.text(max_size=5))
def test_every_number_lies_strictly_between_zero_and_one(key: int, purpose: str) -> None:
    assert 0 < uniform(key, purpose, key) < 1


def test_names_have_the_same_key_for_ever() -> None:
    assert name_key("SR1.ST1.A/P-017") != name_key("SR1.ST1.A/P-018")
    assert name_key("") == -5426141060434712860


def test_words_are_the_bits_that_uniform_numbers_are_made_of() -> None:
    keys = np.arange(50)
    bits = words(3, "x", keys)
    np.testing.assert_array_equal(uniform(3, "x", keys), ((bits >> np.uint64(11)) + 0.5) / 2.0**53)
    ones = (bits[:, None] >> np.arange(64, dtype=np.uint64)) & np.uint64(1)
    assert ones.mean() == pytest.approx(0.5, abs=0.035)  # 4 standard errors
    assert words(3, "x", 17) == bits[17]
