"""Settings: the file in the repository is the defaults; every mistake is one line that names the path."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicestream.cli import main
from voicestream.config import Config
from voicestream.config_file import as_yaml, load_config, sources
from voicestream.errors import ConfigError

ROOT = Path(__file__).resolve().parents[1]


def test_the_file_in_the_repository_is_made_from_the_code() -> None:
    assert (ROOT / "config.yaml").read_text(encoding="utf-8") == as_yaml()


def test_the_file_says_the_defaults() -> None:
    assert load_config(ROOT / "config.yaml") == load_config() == Config()


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("speaking.rate=900", "config: speaking.rate: expected a whole number, 80 to 450, found '900' (--set"),
        ("speaking.rate=fast", "config: speaking.rate: expected a whole number, 80 to 450, found 'fast'"),
        ("speaking.rate=", "config: speaking.rate: expected a whole number, 80 to 450, found nothing"),
        ("speaking.rat=160", "config: speaking.rat: unknown key; did you mean rate? (--set speaking.rat)"),
        ("xyzzy.rate=1", "config: xyzzy: unknown key; allowed are "),
        ("hearing.model=[3]", "config: hearing.model: expected text, found a list"),
        ("hearing=3", "config: hearing: expected a section, found '3'"),
        ("speaking.engine=x", "config: speaking.engine: expected one of pyttsx3, espeak, "),
        ("turns.wake_phrase=hi", "config: turns.wake_phrase: expected text, 3 letters or more, found 'hi'"),
        ("turns.speculate=maybe", "config: turns.speculate: expected true or false, found 'maybe'"),
        ("tools.timeout=0", "config: tools.timeout: expected a number, more than 0, up to 600, found '0'"),
        ("tools.timeout=nan", "config: tools.timeout: expected a number"),
        ("hooks.run={turn: [3]}", "config: hooks.run: expected pairs such as {name: text}, found something else in it"),
        ("thinking.stop_at=a", "config: thinking.stop_at: expected a list such as [one, two], found 'a'"),
        (
            "thinking.key_variable=sk-secret",
            "config: thinking.key_variable: expected the name of an environment variable, which holds the key, "
            "found something else",
        ),
        ("speaking", "--set speaking: expected section.key=value"),
        ("hearing.model.size=3", "config: hearing.model: expected text, found a section (--set hearing.model.size)"),
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
        ("just words", "found 'just words', expected sections"),
        ("speaking:\n  rate: fast\n", "speaking.rate"),
        ("\x00", "is not YAML"),
        ("hearing:\n  model: tiny\n\nspeaking:\n  rate: fast\n", "line 5 of "),
        ("hearing:\n  modle: tiny\n", "unknown key; did you mean model? (line 2 of "),
        ("hearing: {}\nspeaking: {}\nhearing: {}\n", "hearing: stands twice (line 1 and line 3 of "),
        ("a: &a [*a]", "is not YAML"),
        ("? [1, 2]\n: 3", "is not YAML"),
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


def test_every_kind_of_word_is_taken_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(
        "audio: {echo_canceller: off, input: 2}\nhearing:\n  language: no\nturns: {speculate: No, sounds: on}\n"
        "speaking: {voice: 007, rate: '150', volume: 1}\nmemory: {about_you: 'I like: tea'}\n",
        encoding="utf-8",
    )
    config = load_config(path)
    assert (config.audio.echo_canceller, config.audio.input, config.hearing.language) == ("off", "2", "no")
    assert (config.turns.speculate, config.turns.sounds) == (False, True)
    assert (config.speaking.voice, config.speaking.rate, config.speaking.volume) == ("007", 150, 1.0)
    assert load_config(overrides=["memory.about_you=I like: tea"]).memory.about_you == "I like: tea"
    assert load_config(overrides=["hearing={model: small}"]).hearing.model == "small"


def test_the_environment_wins_over_the_file_and_set_over_both(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("speaking:\n  rate: 150\n  volume: 0.5\n  pitch: 40\n", encoding="utf-8")
    environment = {
        "VOICESTREAM_SPEAKING_RATE": "200",
        "VOICESTREAM_SPEAKING_PITCH": "60",
        "VOICESTREAM_REMOTE_HEARING_MODEL": "large",
        "VOICESTREAM_HEARING_MODEL": "",
        "VOICESTREAM_MODELS": "/models",
        "HOME": "/home/me",
    }
    overrides = ["speaking.pitch=70"]
    config = load_config(path, overrides, environment)
    assert (config.speaking.rate, config.speaking.volume, config.speaking.pitch) == (200, 0.5, 70)
    assert config.remote_hearing.model == "large"
    places = {key: place for key, _, place in sources(path, overrides, environment)}
    assert places["speaking.rate"] == "VOICESTREAM_SPEAKING_RATE"
    assert places["speaking.volume"] == f"line 3 of {path}"
    assert places["speaking.pitch"] == "--set speaking.pitch"
    assert places["hearing.model"] == "default"


def test_a_mistake_in_the_environment_names_the_variable() -> None:
    with pytest.raises(
        ConfigError, match=r"speaking\.rat: unknown key; did you mean rate\? \(VOICESTREAM_SPEAKING_RAT\)"
    ):
        load_config(environment={"VOICESTREAM_SPEAKING_RAT": "200"})


def test_the_command_writes_checks_and_shows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "new" / "config.yaml"
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    assert main(["config", "init", str(path)]) == 0
    assert main(["config", "init", str(path)]) == 64
    assert main(["config", "check", str(path)]) == 0
    capsys.readouterr()
    path.write_text("thinking:\n  base_url: http://me:pass-word@host/v1?key=secret\n", encoding="utf-8")
    assert main(["config", "show", str(path), "--set", "speaking.rate=160"]) == 0
    shown = capsys.readouterr().out
    assert f"# settings of {path}\n" in shown
    assert "thinking.base_url = http://…@host/v1?key=…  # line 2\n" in shown
    assert "speaking.rate = 160  # --set speaking.rate\n" in shown
    assert "hearing.model = base.en  # default\n" in shown
    assert "OPENAI_API_KEY is set  # environment\n" in shown
    assert "pass-word" not in shown
    assert "secret" not in shown
    path.write_text("speaking:\n  rate: fast\n", encoding="utf-8")
    assert main(["config", "check", str(path)]) == 78
    assert capsys.readouterr().err.count("\n") == 1
