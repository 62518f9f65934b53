"""Settings: the file in the repository is the defaults; every mistake is one line that names the path."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicestream.config import Config, as_yaml, load_config
from voicestream.errors import ConfigError

ROOT = Path(__file__).resolve().parents[1]


def test_the_file_in_the_repository_is_made_from_the_code() -> None:
    assert (ROOT / "config.yaml").read_text(encoding="utf-8") == as_yaml()


def test_the_file_says_the_defaults() -> None:
    assert load_config(ROOT / "config.yaml") == load_config() == Config()


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("speaking.rate=900", "config: speaking.rate: expected `int` <= 450, found the number 900"),
        ("speaking.rat=160", "config: speaking.rat: unknown key; did you mean rate?"),
        ("xyzzy.rate=1", "config: xyzzy: unknown key; allowed are "),
        ("hearing.model=3", "config: hearing.model: expected `str`, got `int`, found the number 3"),
        ("hearing=3", "config: hearing: expected `object`, got `int`, found the number 3"),
        ("speaking.engine=x", "config: speaking.engine: invalid enum value 'x'"),
        ("speaking", "--set speaking: expected key.path=value"),
        ("hearing.model.size=3", "config: hearing.model: expected `str`"),
    ],
)
def test_a_mistake_names_its_path(override: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(overrides=[override])
    assert str(caught.value).startswith(expected)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_status == 78


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("speaking: [", "is not YAML"),
        ("- 1\n- 2\n", "found a list, expected sections"),
        ("just words", "found text, expected sections"),
        ("speaking:\n  rate: fast\n", "speaking.rate"),
        ("\x00", "is not YAML"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load_config(tmp_path / "none.yaml")


def test_an_empty_file_means_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("# nothing\nspeaking:\n", encoding="utf-8")
    assert load_config(path) == Config()


def test_set_wins_over_the_file(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("speaking: {rate: 150, volume: 0.5}\n", encoding="utf-8")
    config = load_config(path, ["speaking.rate=200"])
    assert (config.speaking.rate, config.speaking.volume) == (200, 0.5)
