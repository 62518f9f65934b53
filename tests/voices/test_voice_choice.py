"""Laws of choosing the voice and the style by the settings, of the languages, and of the command that lists them."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
import soundfile

from voicestream.backends.voice_process import PIPER, ChildVoice
from voicestream.backends.voice_pyttsx3 import read_speech
from voicestream.backends.voice_remote import RemoteVoice
from voicestream.backends.voice_wyoming import WyomingVoice
from voicestream.cli import main
from voicestream.config import Config, Sentences, Speaking
from voicestream.errors import VoiceError
from voicestream.voice_choice import choose_language_guess, choose_voice, make_style

SENTENCES = (
    ("The weather is nice today.", "en"),
    ("Das ist gut.", "de"),
    ("10:30", "de"),
    ("C'est la vie.", "fr"),
    ("…", "fr"),
    ("Sure, here you go.", "en"),
    ("In Berlin.", "en"),
)


def test_every_engine_of_the_settings_has_its_voice(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(choose_voice(Speaking()), ChildVoice)
    piper = choose_voice(Speaking(engine="piper", voice="en_US-x-low", voices={"de": "y"}, threads=1))
    assert isinstance(piper, ChildVoice)
    assert piper._program is PIPER
    assert (piper._settings.voices, piper._settings.threads) == ((("de", "y"),), 1)
    assert isinstance(choose_voice(Speaking(engine="wyoming", address="tcp://127.0.0.1:1")), WyomingVoice)
    monkeypatch.setenv("A_KEY", "secret")
    remote = choose_voice(Speaking(engine="remote", address="http://127.0.0.1:1/v1", key_variable="A_KEY"))
    assert isinstance(remote, RemoteVoice)
    assert "secret" not in repr(remote._settings)
    with pytest.raises(VoiceError, match="NO_SUCH_KEY is not set"):
        choose_voice(Speaking(engine="remote", address="http://127.0.0.1:1/v1", key_variable="NO_SUCH_KEY"))


def test_one_voice_needs_no_guess_of_the_language() -> None:
    assert choose_language_guess(Speaking())("Das ist gut.") == ""


@pytest.mark.skipif(not importlib.util.find_spec("py3langid"), reason="py3langid is not installed (extra languages)")
def test_the_language_of_a_sentence_is_guessed_and_kept_where_it_is_too_short() -> None:
    guess = choose_language_guess(Speaking(voices={"de": "German", "fr": "French"}))
    assert [guess(text) for text, _ in SENTENCES] == [language for _, language in SENTENCES]
    with pytest.raises(VoiceError, match="'qq' is no language"):
        choose_language_guess(Speaking(voices={"qq": "x"}))


def test_the_style_puts_numbers_and_chosen_words_into_words() -> None:
    config = Config(speaking=Speaking(pause=0.4), sentences=Sentences(pronunciations={"SQL": "sequel"}))
    style = make_style(config, lambda spoken: "en", lambda error, sentence: None)
    assert style.pause == 0.4
    voiced = style.verbalise("SQL has 3 parts", "en")
    assert voiced.text == "sequel has three parts"
    assert voiced.spans


def test_voices_are_listed_by_language_and_played_into_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pyttsx3")
    assert main(["voices", "--engine", "espeak", "--language", "de", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["name"] for row in rows] == ["German"]
    assert main(["voices", "--play", "German", "--text", "Hallo", "--output", str(tmp_path / "hello.wav")]) == 0
    samples, rate = soundfile.read(tmp_path / "hello.wav")
    assert abs(samples).max() > 0.1
    assert len(samples) > 0.3 * rate
    assert main(["voices", "--play", "Grman", "--output", "none"]) == 70
    assert "German" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("kind", "subtype"),
    [("WAV", "PCM_16"), ("AIFF", "PCM_16"), ("AIFF", "FLOAT"), ("WAV", "PCM_24"), ("AIFF", "PCM_S8")],
)
def test_the_files_of_macos_and_windows_are_read_whatever_their_name(tmp_path: Path, kind: str, subtype: str) -> None:
    path = tmp_path / "speech.wav"  # nsss writes AIFF under any name
    soundfile.write(path, [[0.5, 0.1]] * 2_205, 22_050, subtype=subtype, format=kind)
    audio = read_speech(path)
    assert (audio.rate, len(audio.pcm)) == (22_050, 4_410)
    assert abs(int.from_bytes(audio.pcm[:2], "little", signed=True) - 16_384) < 200


def test_a_driver_that_wrote_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(VoiceError, match="no audio"):
        read_speech(tmp_path / "missing.wav")
    (tmp_path / "empty.wav").write_bytes(b"")
    with pytest.raises(VoiceError, match="no audio"):
        read_speech(tmp_path / "empty.wav")
