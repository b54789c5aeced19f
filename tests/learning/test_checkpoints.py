from pathlib import Path

import numpy as np

from supplynet.learning.checkpoints import Checkpoint, Checkpoints


def at(epoch: int) -> Checkpoint:
    arrays = {"network/layer.weight": np.full((2, 3), epoch, dtype=np.float32)}
    return Checkpoint(arrays=arrays, facts={"losses": [0.1, float("inf")], "epoch": epoch})


def epoch_of(found: Checkpoint | None) -> int:
    assert found is not None
    return int(found.facts["epoch"])


def test_what_is_saved_is_what_is_found(tmp_path: Path) -> None:
    kept = Checkpoints(folder=tmp_path / "new", key="a")
    assert kept.latest() is None
    kept.save(1, at(1))
    found = kept.latest()
    assert found is not None
    assert found.facts == at(1).facts
    assert list(found.arrays) == ["network/layer.weight"]
    np.testing.assert_array_equal(found.arrays["network/layer.weight"], np.ones((2, 3)))
    assert found.arrays["network/layer.weight"].dtype == np.float32


def test_the_last_two_stay_and_the_newest_is_taken(tmp_path: Path) -> None:
    kept = Checkpoints(folder=tmp_path, key="a")
    for epoch in (9, 10, 11, 100):
        kept.save(epoch, at(epoch))
    assert len(list(tmp_path.iterdir())) == 2
    assert epoch_of(kept.latest()) == 100


def test_a_damaged_one_is_passed_over_for_the_one_before(tmp_path: Path) -> None:
    kept = Checkpoints(folder=tmp_path, key="a")
    first, second = kept.save(1, at(1)), kept.save(2, at(2))
    content = bytearray(second.read_bytes())
    content[len(content) // 2] ^= 1
    second.write_bytes(bytes(content))
    assert epoch_of(kept.latest()) == 1
    first.write_bytes(first.read_bytes()[:-9])
    assert kept.latest() is None


def test_another_training_in_the_folder_is_left_alone(tmp_path: Path) -> None:
    one, other = (Checkpoints(folder=tmp_path, key=key) for key in "ab")
    one.save(5, at(5))
    assert other.latest() is None
    for epoch in (1, 2, 3):
        other.save(epoch, at(epoch))
    assert epoch_of(one.latest()) == 5
