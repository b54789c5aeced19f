"""Which files are complete, and that taking them loses none."""

from __future__ import annotations

from pathlib import Path

import pytest

from supplynet.connectors.drop_folder import DropFolder
from supplynet.errors import ConfigError


@pytest.fixture
def box(tmp_path: Path) -> DropFolder:
    made = DropFolder(tmp_path / "drop", still_seconds=3.0)
    made.prepare()
    return made


def test_a_file_is_complete_when_it_has_stood_still_for_a_while(box: DropFolder) -> None:
    file = box.folder / "x.csv"
    file.write_text("a")
    assert box.complete(0.0) == []
    file.write_text("ab")
    assert box.complete(2.0) == []
    assert box.complete(4.9) == []
    assert box.complete(5.0) == ["x.csv"]


def test_a_file_that_was_renamed_from_part_is_complete_at_once(box: DropFolder) -> None:
    part = box.folder / "x.csv.part"
    part.write_text("a")
    assert box.complete(0.0) == []
    part.rename(box.folder / "x.csv")
    assert box.complete(0.1) == ["x.csv"]


def test_another_file_under_the_name_waits_like_any_other(box: DropFolder) -> None:
    part = box.folder / "x.csv.part"
    part.write_text("a")
    box.complete(0.0)
    (box.folder / "y.csv").write_text("a")
    assert box.complete(0.1) == []


def test_what_was_taken_before_is_never_replaced(box: DropFolder) -> None:
    for content in ("first", "second"):
        (box.folder / "x.csv").write_text(content)
        path = box.take("x.csv")
        assert path is not None
        box.put_away(path, clean=True)
    assert {path.name: path.read_text() for path in box.done.iterdir()} == {
        "x.csv": "first",
        "x-2.csv": "second",
    }


def test_a_file_that_somebody_took_away_is_no_error(box: DropFolder) -> None:
    assert box.take("gone.csv") is None


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a\nb.csv", "a_b.csv"),
        ("=cmd|x.csv", "_cmd_x.csv"),
        ("x.csv.problems.csv", "x.csv.again.csv"),
        ("ü" * 120 + ".csv", "ü" * 90 + ".csv"),
    ],
)
def test_a_name_is_kept_as_far_as_it_is_safe(box: DropFolder, name: str, kept: str) -> None:
    (box.folder / name).write_text("a")
    path = box.take(name)
    assert path == box.taking / kept


def test_a_second_process_does_not_work_on_the_folder(box: DropFolder) -> None:
    with box.only_one() as first, box.only_one() as second:
        assert (first, second) == (True, False)
    with box.only_one() as again:
        assert again


def test_a_folder_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    (tmp_path / "drop" / "done").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(ConfigError, match="is a link"):
        DropFolder(tmp_path / "drop").prepare()
