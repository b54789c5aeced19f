"""Graphs beside a model are checked byte by byte, and belong to one training."""

import json
from pathlib import Path

import pytest

from supplynet.errors import InvalidId, ModelError
from supplynet.learning.onnx_files import Graph, load_graphs, remove_graphs, save_graphs

VERSION = "m@0123456789ab"


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    graphs = {
        "whole": Graph(content=b"graph of m"),
        "lstm-2": Graph(content=b"another", precision="int8", evidence={"pinball": 1.0}),
    }
    save_graphs(tmp_path, "m", VERSION, graphs)
    return tmp_path


def test_what_was_saved_comes_back(saved: Path) -> None:
    found = load_graphs(saved, "m", VERSION)
    assert {part: graph.content for part, graph in found.items()} == {
        "whole": b"graph of m",
        "lstm-2": b"another",
    }
    assert [(g.precision, g.evidence) for g in found.values()] == [
        ("int8", {"pinball": 1.0}),
        ("fp32", None),
    ]


def test_a_model_that_was_never_exported_has_none(tmp_path: Path) -> None:
    assert load_graphs(tmp_path, "m", VERSION) == {}


@pytest.mark.parametrize("name", ["m.whole.onnx", "m.lstm-2.onnx", "m.onnx.json"])
def test_no_flipped_bit_of_any_file_is_taken(saved: Path, name: str) -> None:
    path = saved / "models" / name
    whole = path.read_bytes()
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1 << place % 8
        path.write_bytes(bytes(changed))
        with pytest.raises(ModelError):
            load_graphs(saved, "m", VERSION)
    path.write_bytes(whole)
    assert load_graphs(saved, "m", VERSION)


@pytest.mark.parametrize("name", ["m.whole.onnx", "m.onnx.json"])
def test_a_truncated_file_is_not_taken(saved: Path, name: str) -> None:
    path = saved / "models" / name
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ModelError, match="export"):
        load_graphs(saved, "m", VERSION)


def test_a_missing_graph_is_named(saved: Path) -> None:
    (saved / "models/m.lstm-2.onnx").unlink()
    with pytest.raises(ModelError, match=r"lstm-2\.onnx cannot be read"):
        load_graphs(saved, "m", VERSION)


def test_graphs_of_another_training_are_refused(saved: Path) -> None:
    with pytest.raises(ModelError, match="were made from m@0123456789ab, not from m@other"):
        load_graphs(saved, "m", "m@other")


def test_a_list_of_another_schema_is_refused(saved: Path) -> None:
    path = saved / "models/m.onnx.json"
    told = json.loads(path.read_bytes()) | {"schema": 9}
    path.write_text(json.dumps(told))
    with pytest.raises(ModelError, match="export the model again"):
        load_graphs(saved, "m", VERSION)


def test_removing_takes_the_graphs_of_that_model_alone(saved: Path) -> None:
    save_graphs(saved, "m.whole", VERSION, {"whole": Graph(content=b"of m.whole")})
    remove_graphs(saved, "m")
    assert load_graphs(saved, "m", VERSION) == {}
    assert load_graphs(saved, "m.whole", VERSION)["whole"].content == b"of m.whole"
    remove_graphs(saved, "m.whole")
    assert list((saved / "models").iterdir()) == []
    remove_graphs(saved, "m")  # once more does no harm


def test_a_name_never_leads_out_of_the_workspace(tmp_path: Path) -> None:
    with pytest.raises(InvalidId):
        save_graphs(tmp_path, "../m", VERSION, {"whole": Graph(content=b"")})
