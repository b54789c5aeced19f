from __future__ import annotations

from pathlib import Path

import pytest

from supplynet.config import Settings, load_settings
from supplynet.errors import ConfigError


@pytest.fixture(autouse=True)
def _no_settings_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.upper().startswith("SUPPLYNET_"):
            monkeypatch.delenv(name)


def write(folder: Path, text: str) -> None:
    (folder / "supplynet.toml").write_text(text)


def test_without_a_file_the_defaults_hold_and_the_database_is_in_the_workspace(
    tmp_path: Path,
) -> None:
    settings = load_settings(tmp_path)
    assert settings.database_url == f"sqlite:///{tmp_path / 'supplynet.db'}"
    assert (settings.host, settings.port) == ("127.0.0.1", 8321)
    assert (settings.automation_mode, settings.policy) == ("suggest", "no_stockout")
    assert (settings.model, settings.paths, settings.seed) == ("lightgbm", 500, 1)
    assert settings.target_halts_per_line_month == 0.02


def test_the_environment_wins_over_the_file_and_the_file_over_the_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, 'seed = 7\npaths = 100\nautomation_mode = "auto"\n')
    monkeypatch.setenv("SUPPLYNET_PATHS", "50")
    monkeypatch.setenv("SUPPLYNET_WORKSPACE", str(tmp_path))
    settings = load_settings(tmp_path)
    assert (settings.seed, settings.paths, settings.automation_mode) == (7, 50, "auto")


def test_settings_made_in_code_do_not_read_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SUPPLYNET_SEED", "7")
    assert Settings().seed == 1
    assert Settings(seed=2).seed == 2


def test_an_unknown_key_is_refused_with_the_nearest_right_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, 'modle = "lstm"\n')
    with pytest.raises(ConfigError, match=r"'modle' in .*supplynet.toml; did you mean 'model'\?"):
        load_settings(tmp_path)
    write(tmp_path, "")
    monkeypatch.setenv("SUPPLYNET_DATABASE", "x")
    with pytest.raises(
        ConfigError,
        match="'SUPPLYNET_DATABASE' in the environment; did you mean 'SUPPLYNET_DATABASE_URL'",
    ):
        load_settings(tmp_path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("port = 0", "'port'"),
        ('automation_mode = "always"', "'automation_mode'"),
        ("target_halts_per_line_month = -1", "'target_halts_per_line_month'"),
        ("paths = 0\nseed = -1", "and 1 more"),
        ("port = ", "cannot be read"),
        ('database_url = "sqlite:///:memory:"', "lost"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_name(
    tmp_path: Path, text: str, says: str
) -> None:
    write(tmp_path, text)
    with pytest.raises(ConfigError, match=says):
        load_settings(tmp_path)


def test_a_password_is_shown_nowhere(tmp_path: Path) -> None:
    url = "postgresql+psycopg://ann:secret@localhost/plant"
    write(tmp_path, f'database_url = "{url}"\n')
    settings = load_settings(tmp_path)
    assert settings.database_url == url
    assert "secret" not in repr(settings)
    write(tmp_path, 'database_url = ["secret"]\n')
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path)
    assert "secret" not in str(caught.value)
