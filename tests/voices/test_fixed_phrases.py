"""Laws of the phrases that are the assistant's own, and of their way into the cache of a real conversation."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from spoken import has_espeak

from voicestream.cli import main
from voicestream.config import Config, Speaking, Tools
from voicestream.fixed_phrases import FixedPhrases
from voicestream.speaking.sentences import SentenceSplitter
from voicestream.speaking.verbalise import verbalise
from voicestream.thinking.durations import say_duration
from voicestream.thinking.faults import SPOKEN
from voicestream.thinking.timer_tools import confirm_timer
from voicestream.thinking.timers import Timer, announce


def voiced(phrase: str) -> list[str]:
    """Return what a voice is given for an answer that is this phrase."""
    splitter = SentenceSplitter()
    sentences = (*splitter.add(phrase), *splitter.finish())
    return [verbalise(sentence.spoken, "", {}).text for sentence in sentences if sentence.spoken]


@pytest.fixture(scope="module")
def phrases() -> FixedPhrases:
    return FixedPhrases(Config(), lambda spoken, language: verbalise(spoken, language, {}))


def test_faults_timers_and_alarms_are_known_whatever_their_numbers(phrases: FixedPhrases) -> None:
    said = [*SPOKEN.values(), Config().tools.filler, Config().sentences.code_phrase]
    for seconds in (1, 59, 60, 61, 300, 540, 693, 3_600, 3_661, 5_400, 45_000, 180_000):
        said += [confirm_timer(say_duration(seconds)), announce(Timer(0, "timer", length=seconds))]
    for hour in range(24):
        for minute in (0, 5, 17, 30):
            said.append(announce(Timer(0, "alarm", at=datetime(2026, 1, 1, hour, minute))))
    assert [text for phrase in said for text in voiced(phrase) if not phrases.holds(text)] == []


@pytest.mark.parametrize(
    "phrase",
    [
        "Your pizza timer is done.",
        "Here is your reminder to call the dentist.",
        "Pizza timer set for 5 minutes.",
        "The capital of France is Paris.",
        "Your timer for two pizzas is done.",
        "I cannot reach the language model of love.",
        "7",
    ],
)
def test_what_holds_a_users_or_a_models_words_is_not_fixed(phrases: FixedPhrases, phrase: str) -> None:
    assert not any(map(phrases.holds, voiced(phrase)))


def test_what_the_settings_let_it_say_is_known() -> None:
    config = Config(tools=Tools(filler="Hang on."), speaking=Speaking(filler="Hm, let me see."))
    phrases = FixedPhrases(config, lambda spoken, language: verbalise(spoken, language, {}))
    assert phrases.holds("Hang on.")
    assert phrases.holds("Hm, let me see.")


@pytest.mark.skipif(not has_espeak(), reason="libespeak-ng.so.1 is not installed (apt install espeak-ng)")
def test_a_conversation_keeps_its_own_phrases_on_disk_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    settings = ["--set", "thinking.provider=offline", "--set", "speaking.engine=espeak", "--output", "none", "--json"]

    def kept_after(question: str, *more: str) -> int:
        assert main(["ask", *settings, *more, question]) == 0
        return len(list(tmp_path.rglob("*.speech")))

    assert kept_after("Set a timer for 5 minutes.", "--set", "speaking.cache=false") == 0
    assert kept_after("Set a timer for 5 minutes.") == 1
    assert kept_after("Set a timer for 5 minutes.") == 1
    assert kept_after("Set a pizza timer for 5 minutes.") == 1
    assert kept_after("What is 3 times 7?") == 1
    assert kept_after("Set a timer for 6 minutes.") == 2
    assert kept_after("Set a timer for 6 minutes.", "--set", "speaking.rate=200") == 3
    assert capsys.readouterr().err == ""
