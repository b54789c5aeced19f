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


def test_a_secret_may_lie_in_a_file_that_only_its_owner_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2\n")
    secret.chmod(0o640)
    monkeypatch.setenv("SUPPLYNET_MQTT_PASSWORD_FILE", str(secret))
    settings = load_settings(tmp_path)
    assert settings.mqtt_password == "hunter2"
    assert "hunter2" not in repr(settings)


def test_a_secret_file_that_is_open_missing_or_empty_is_refused_without_its_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret"
    monkeypatch.setenv("SUPPLYNET_DATABASE_URL_FILE", str(secret))
    for content, mode, says in (
        ("sqlite:///hunter2.db", 0o644, "everybody may read"),
        (" \n", 0o600, "holds no secret"),
        (None, 0, "cannot be read"),
    ):
        secret.unlink(missing_ok=True)
        if content is not None:
            secret.write_text(content)
            secret.chmod(mode)
        with pytest.raises(ConfigError, match=says) as raised:
            load_settings(tmp_path)
        assert "hunter2" not in str(raised.value)


def test_a_secret_is_said_once_and_only_secrets_lie_in_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPPLYNET_MQTT_PASSWORD", "x")
    monkeypatch.setenv("SUPPLYNET_MQTT_PASSWORD_FILE", "y")
    with pytest.raises(ConfigError, match="both set"):
        load_settings(tmp_path)
    monkeypatch.delenv("SUPPLYNET_MQTT_PASSWORD_FILE")
    monkeypatch.setenv("SUPPLYNET_PORT_FILE", "y")
    with pytest.raises(ConfigError, match="SUPPLYNET_PORT_FILE"):
        load_settings(tmp_path)
