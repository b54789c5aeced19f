from __future__ import annotations

import re
from pathlib import Path

import pytest

from supplynet.errors import ConfigError
from supplynet.notify.settings_file import read_settings, secrets_of

ERP = '[[channel]]\nname = "erp"\nkind = "webhook"\nurl = "https://erp.example/x"\n'
SIGNED = ERP + 'secret_env = "ERP"\n'
FILES = '[[channel]]\nname = "files"\nkind = "file"\nfolder = "out"\n'
NTFY = '[[channel]]\nname = "push"\nkind = "apprise"\nurl = "ntfys://ntfy.sh/plant"\n'


def write(folder: Path, text: str) -> Path:
    (folder / "notify.toml").write_text(text, encoding="utf-8")
    return folder


def test_without_a_file_there_are_no_channels(tmp_path: Path) -> None:
    assert read_settings(tmp_path).channels == ()


def test_the_example_of_the_documentation_is_taken_as_it_is_written(tmp_path: Path) -> None:
    page = Path(__file__).parents[2] / "docs" / "notifications.md"
    (text,) = re.findall(r"```toml\n(# notify\.toml\n.*?)```", page.read_text(), re.DOTALL)
    settings = read_settings(write(tmp_path, text))
    assert [channel.kind for channel in settings.channels] == [
        "webhook",
        "file",
        "apprise",
        "apprise",
        "apprise",
    ]
    assert len(settings.rules) == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x = [", "cannot be read"),
        ("allow_host = []", "unknown key 'allow_host'; did you mean 'allow_hosts'?"),
        ("allow_hosts = 3", "allow_hosts: Input should be"),
        ('time_zone = "Berlin"', "time_zone: 'Berlin' is no time zone"),
        ("channel = 3", r"under a line \[\[channel\]\]"),
        (SIGNED.replace("url", "urll"), "channel 'erp': unknown key 'urll'; did you mean 'url'"),
        (SIGNED.replace("webhook", "webhok"), "channel 'erp': kind 'webhok' is none; did you mean"),
        (SIGNED.replace('"webhook"', "3"), "kind 3 is none; it is webhook, file, apprise"),
        (SIGNED.replace('name = "erp"', 'name = "a b"'), "channel 'a b': name"),
        (ERP, "a webhook is signed: name its secret"),
        (SIGNED + 'messages = "orders"', "channel 'erp': messages.0"),
        (
            SIGNED + 'quiet_hours = "22-6"',
            "'22-6' is no stretch of a day; write it like 22:00-06:00",
        ),
        (SIGNED + 'quiet_hours = "22:00-22:00"', "no stretch of a day"),
        (SIGNED + SIGNED, "two channels are named 'erp'"),
        (SIGNED + 'role = "lead"', "channel 'erp' would never get an alert"),
        (NTFY.replace("ntfys:", "ntfyz:"), r"may not use ntfyz://; did you mean ntfy://"),
        (NTFY.replace("ntfys://ntfy.sh/plant", "dbus://"), "may not use dbus://"),
        (NTFY.replace("ntfys://ntfy.sh/plant", "macosx://"), "may not use macosx://"),
        (NTFY.replace("ntfys://ntfy.sh/plant", "file:///etc/passwd"), "may not use file://"),
        (NTFY.replace("ntfys://ntfy.sh/plant", "plant"), "may not use this://"),
        (NTFY.replace("ntfy.sh/plant", "ann:pw@ntfy.sh/plant"), "carries a password"),
        (NTFY.replace("plant", "plant?verify=no"), "may not set 'verify'"),
        (NTFY.replace("plant", "{secret}"), "stands for the one secret"),
        (NTFY + 'secret_env = "X"', "stands for the one secret"),
        (FILES + '[[rule]]\nrole = "led"', "no channel has the role 'led'"),
        (
            FILES + 'role = "lead"\n[[rule]]\nrole = "led"',
            "no channel has the role 'led'; did you mean 'lead'?",
        ),
        (
            FILES + 'role = "lead"\n[[rule]]\nrole = "lead"\nescalate_to = "files"',
            "rule 'lead': escalate_after_minutes and escalate_to go together",
        ),
        (
            FILES + 'role = "lead"\n[[rule]]\nrole = "lead"\nescalate_after_minutes = 5\n'
            'escalate_to = "filez"',
            "no channel has the role or channel 'filez'; did you mean 'files'?",
        ),
    ],
)
def test_a_mistake_is_named_with_file_key_and_what_is_right(
    tmp_path: Path, text: str, says: str
) -> None:
    with pytest.raises(ConfigError, match=says) as refused:
        read_settings(write(tmp_path, text))
    assert "notify.toml" in str(refused.value)


def test_secrets_come_from_variables_and_files_the_newest_first(tmp_path: Path) -> None:
    (tmp_path / "old.txt").write_text("old\n")
    text = ERP + 'secret_env = ["NEW"]\nsecret_file = "old.txt"\n'
    (channel,) = read_settings(write(tmp_path, text)).channels
    assert secrets_of(channel, tmp_path, {"NEW": " new "}) == ("new", "old")
    assert "NEW" in repr(channel)
    with pytest.raises(ConfigError, match="variable NEW is not set"):
        secrets_of(channel, tmp_path, {})
    (tmp_path / "old.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"old\.txt cannot be read \(it is no text\)"):
        secrets_of(channel, tmp_path, {"NEW": "new"})
    (tmp_path / "old.txt").unlink()
    with pytest.raises(ConfigError, match="cannot be read"):
        secrets_of(channel, tmp_path, {"NEW": "new"})


def test_a_secret_of_several_lines_is_refused_unseen(tmp_path: Path) -> None:
    (channel,) = read_settings(write(tmp_path, SIGNED)).channels
    with pytest.raises(ConfigError, match="one line") as refused:
        secrets_of(channel, tmp_path, {"ERP": "hid\nden"})
    assert "hid" not in str(refused.value)
