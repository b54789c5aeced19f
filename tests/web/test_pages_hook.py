"""The build hook: when pages are built, reused, missed."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from subprocess import CompletedProcess
from types import ModuleType

import pytest

pytest.importorskip("hatchling", reason="hatchling is a build requirement")
HOOK = Path(__file__).parents[2] / "hatch_build.py"


class FakeNode:
    """Stands for node and npm: 'builds' one file, or fails."""

    def __init__(self, fails: bool = False) -> None:
        self.fails = fails
        self.builds = 0

    def npm(self, arguments: list[str], folder: Path) -> CompletedProcess[str]:
        assert arguments[0] == "ci"
        assert (folder / "package.json").is_file()
        return CompletedProcess(arguments, int(self.fails), "", "ECONNREFUSED")

    def node(self, arguments: list[str], folder: Path) -> CompletedProcess[str]:
        self.builds += 1
        out = Path(arguments[arguments.index("--outDir") + 1])
        out.mkdir()
        (out / "index.html").write_text((folder / "package.json").read_text())
        return CompletedProcess(arguments, 0, "", "")


@pytest.fixture
def hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build", HOOK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def ui(tmp_path: Path) -> Path:
    folder = tmp_path / "ui"
    folder.mkdir()
    (folder / "package.json").write_text("{}")
    return folder


def use(node: FakeNode, hook: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hook, "find_node", lambda: (node.node, node.npm))


def test_pages_are_built_once_for_the_same_sources(
    hook: ModuleType, ui: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = FakeNode()
    use(node, hook, monkeypatch)
    static = tmp_path / "static"
    hook.build_pages(ui, static)
    (ui / "node_modules").mkdir()
    (ui / "node_modules" / "other.js").write_text("not a source")
    hook.build_pages(ui, static)
    assert node.builds == 1
    (ui / "package.json").write_text('{"changed": true}')
    hook.build_pages(ui, static)
    assert node.builds == 2
    assert (static / "index.html").read_text() == '{"changed": true}'


def test_pages_without_their_sources_are_used_as_they_are(
    hook: ModuleType, ui: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(FakeNode(), hook, monkeypatch)
    hook.build_pages(ui, tmp_path / "static")
    use(FakeNode(fails=True), hook, monkeypatch)
    hook.build_pages(tmp_path / "nowhere", tmp_path / "static")


def test_a_failed_build_leaves_the_older_pages(
    hook: ModuleType, ui: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(FakeNode(), hook, monkeypatch)
    static = tmp_path / "static"
    hook.build_pages(ui, static)
    (ui / "package.json").write_text('{"changed": true}')
    use(FakeNode(fails=True), hook, monkeypatch)
    with pytest.raises(hook.PagesNotBuilt, match="ECONNREFUSED"):
        hook.build_pages(ui, static)
    assert (static / "index.html").read_text() == "{}"


def test_a_release_without_pages_fails_and_an_editable_install_does_not(
    hook: ModuleType, ui: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(FakeNode(fails=True), hook, monkeypatch)
    assert ui.is_dir()
    pages = hook.PagesHook(str(tmp_path), {}, None, None, str(tmp_path), "wheel")
    with pytest.raises(SystemExit, match="could not be built"):
        pages.initialize("standard", {})
    pages.initialize("editable", {})
