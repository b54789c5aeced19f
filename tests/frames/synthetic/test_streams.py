import numpy as np
import pytest

from supplynet.frames.synthetic.streams import carry, stream


def test_a_stream_depends_on_seed_purpose_and_name_alone() -> None:
    first = stream(1, "shock", "SR1.ST1.A").random(3).tolist()
    assert stream(1, "shock", "SR1.ST1.A").random(3).tolist() == first
    others = [(2, "shock", "SR1.ST1.A"), (1, "stop", "SR1.ST1.A"), (1, "shock", "SR1.ST1.B")]
    assert all(stream(*key).random(3).tolist() != first for key in others)
    assert stream(-5, "shock", "Zeile ä").random() < 1


def test_half_of_each_step_is_left_in_the_next() -> None:
    assert carry(np.array([[8.0, 0.0, 0.0, 1.0]]), 0.5).tolist() == [[8.0, 4.0, 2.0, 2.0]]


def test_what_is_carried_keeps_its_spread() -> None:
    steps = stream(1, "test", "").standard_normal((2000, 30))
    steps[:, 1:] *= np.sqrt(1 - 0.8**2)
    level = carry(steps, 0.8)
    assert level.std(axis=0) == pytest.approx(np.ones(30), abs=0.08)
    assert np.corrcoef(level[:, 10], level[:, 11])[0, 1] == pytest.approx(0.8, abs=0.03)
