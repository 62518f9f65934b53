"""Button, mute, wake phrase, wake word, follow-up and sounds: whole conversations in virtual time."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace

import numpy as np
import pytest
from scripted import WORD_SECONDS, Does, Outcome, Said, converse
from virtual_time import run_in_virtual_time

from voicestream.errors import RecognitionError, VoiceError
from voicestream.parts import Parts
from voicestream.sessions.controls import Controls
from voicestream.vocabulary import Frame, Hypothesis, Pcm, Samples, Sound

LONG = "This is the first sentence of it. Here is another one that goes on. And this is the third and last one."


def talk(*arguments, **options) -> Outcome:
    return run_in_virtual_time(converse(*arguments, **options))


def turns(outcome: Outcome) -> list[str]:
    return [event.text for event in outcome.named("turn")]


def states(outcome: Outcome) -> list[str]:
    return [event.state for event in outcome.named("state")]


class Chimes:
    """Notes the short sounds on their way to the loudspeaker."""

    def __init__(self) -> None:
        self.count = 0

    def overhear(self, parts: Parts) -> Parts:
        play = parts.speaker.play

        async def playing(sound: Sound) -> None:
            self.count += sound.sentence.index < 0
            await play(sound)

        parts.speaker.play = playing
        return parts


# --------------------------------------------------------------------------------------------------------- button


def test_with_a_button_only_what_is_said_between_press_and_release_counts() -> None:
    script = [Said(1.0, "nobody asked me"), Said(5.0, "how far is the moon"), Said(9.0, "nobody asked me either")]
    does = [Does(4.5, Controls.talk), Does(6.5, Controls.talk)]
    outcome = talk(script, 11.0, {}, "turns.listening=push_to_talk", does=does)
    assert turns(outcome) == ["how far is the moon"]
    assert states(outcome)[-1] == "asleep"


def test_with_a_button_pauses_do_not_end_the_turn_and_the_release_does_at_once() -> None:
    script = [Said(1.0, "how far is"), Said(4.5, "the moon")]
    does = [Does(0.9, Controls.talk), Does(5.1, Controls.talk)]
    outcome = talk(script, 6.0, {}, "turns.listening=push_to_talk", does=does)
    assert turns(outcome)[-1] == "how far is the moon"
    assert outcome.named("turn")[-1].time < 5.5


def test_the_button_silences_an_answer_and_speech_does_not() -> None:
    script = [Said(1.0, "tell me a lot"), Said(4.0, "this is not for you"), Said(6.0, "how far is the moon")]
    does = [Does(at, Controls.talk) for at in (0.9, 2.3, 5.5, 7.4)]
    outcome = talk(script, 9.0, {"tell me a lot": LONG}, "turns.listening=push_to_talk", does=does)
    assert turns(outcome) == ["tell me a lot", "how far is the moon"]
    assert not outcome.named("paused")
    [interrupted] = outcome.named("interrupted")
    assert 5.5 <= interrupted.time < 5.6


def test_what_is_said_over_an_answer_without_the_button_is_not_even_recognized() -> None:
    does = [Does(at, Controls.talk) for at in (0.9, 2.3)]
    said = [Said(1.0, "tell me a lot")]
    over = Said(4.0, "my password is swordfish")
    decodes = [
        talk(script, 9.0, {"tell me a lot": LONG}, "turns.listening=push_to_talk", does=does).people.decodes
        for script in (said, [*said, over])
    ]
    assert decodes[0] == decodes[1]


def test_the_button_pressed_while_muted_is_heard() -> None:
    does = [Does(0.5, Controls.mute), Does(0.9, Controls.talk), Does(2.5, Controls.talk)]
    outcome = talk([Said(1.0, "how far is the moon")], 6.0, {}, "turns.listening=push_to_talk", does=does)
    assert turns(outcome) == ["how far is the moon"]
    assert states(outcome)[-1] == "asleep"


def test_what_was_said_before_the_button_was_pressed_is_no_part_of_the_latency() -> None:
    does = [Does(at, Controls.talk) for at in (5.0, 6.6)]
    script = [Said(1.0, "this is not for you"), Said(5.2, "how far is the moon")]
    outcome = talk(script, 12.0, {}, "turns.listening=push_to_talk", does=does)
    [latency] = outcome.named("latency")
    assert latency.first_sound < 1.5


def test_asked_to_listen_in_place_of_a_button_it_takes_one_turn_that_silence_ends() -> None:
    script = [Said(2.0, "how far is the moon"), Said(9.0, "nobody asked me")]
    outcome = talk(script, 11.0, {}, "turns.listening=push_to_talk", does=[Does(1.0, Controls.listen)])
    assert turns(outcome) == ["how far is the moon"]


def test_what_is_said_while_nobody_presses_the_button_is_not_even_recognized() -> None:
    outcome = talk([Said(1.0, "my password is swordfish")], 4.0, {}, "turns.listening=push_to_talk")
    assert outcome.people.decodes == 0
    assert not outcome.named("transcript")


# ----------------------------------------------------------------------------------------------------------- keys


def test_repeat_while_an_answer_is_given_begins_that_one_again() -> None:
    script = [Said(1.0, "how far is the moon"), Said(8.0, "tell me a lot")]
    outcome = talk(script, 22.0, {"tell me a lot": LONG}, does=[Does(13.0, Controls.repeat)])
    *_, interrupted, again = outcome.named("answer")
    assert interrupted.finish == "interrupted"
    assert LONG.startswith(again.text)
    assert len(again.text) > 20


# ----------------------------------------------------------------------------------------------------------- mute


def test_muted_nothing_is_recognized_and_unmuted_it_listens_again() -> None:
    script = [Said(1.5, "my password is swordfish"), Said(5.0, "how far is the moon")]
    does = [Does(1.0, Controls.mute), Does(4.0, Controls.unmute)]
    outcome = talk(script, 8.0, does=does)
    assert turns(outcome) == ["how far is the moon"]
    assert all("swordfish" not in event.text for event in outcome.named("transcript"))
    assert states(outcome)[:2] == ["muted", "listening"]


def test_muting_in_the_midst_of_a_question_takes_it_back_and_says_so() -> None:
    outcome = talk([Said(1.0, "my password is swordfish")], 5.0, does=[Does(1.6, Controls.toggle_mute)])
    assert turns(outcome) == []
    assert [event.reason for event in outcome.named("speech_ignored")][:1] == ["muted"]
    assert all(event.text == "" for event in outcome.named("speech_ignored"))


def test_a_muted_assistant_still_speaks_its_answer_to_the_end() -> None:
    script = [Said(1.0, "tell me a lot"), Said(5.0, "please tell me something else")]
    outcome = talk(script, 12.0, {"tell me a lot": LONG}, does=[Does(4.0, Controls.mute)])
    assert outcome.named("answer")[0].heard == LONG
    assert not outcome.named("paused")


# -------------------------------------------------------------------------------------------- wake phrase and word


def test_without_the_wake_phrase_nothing_is_shown_or_answered() -> None:
    outcome = talk([Said(1.0, "my password is swordfish")], 5.0, {}, "turns.listening=wake_phrase")
    assert turns(outcome) == []
    assert not outcome.named("transcript")
    assert [(event.reason, event.text) for event in outcome.named("speech_ignored")] == [("asleep", "")]


def test_the_wake_phrase_wakes_and_a_follow_up_needs_none_for_a_while() -> None:
    script = [
        Said(1.0, "hey computer how far is the moon"),
        Said(7.0, "and the sun is how far"),
        Said(30.0, "this is not for you"),
    ]
    outcome = talk(script, 34.0, {}, "turns.listening=wake_phrase")
    assert turns(outcome) == ["how far is the moon", "and the sun is how far"]
    asleep = [event.time for event in outcome.named("state") if event.state == "asleep"]
    answered = outcome.named("answer")[-1].time
    assert any(7.9 < time - answered < 8.2 for time in asleep)


class WordSpotter:
    """Hears the wake word in whoever is loudest at a set time."""

    def __init__(self, at: float) -> None:
        self.at = at

    def hears(self, frame: Frame) -> bool:
        return frame.time <= self.at < frame.time + len(frame.samples) / 16_000


def test_an_acoustic_wake_word_lets_the_question_follow_in_the_same_breath() -> None:
    script = [Said(1.0, "my password is swordfish"), Said(5.0, "okay nabu how far is the moon")]
    outcome = talk(
        script,
        9.0,
        {},
        "turns.listening=wake_word",
        "turns.wake_phrase=okay nabu",
        change=lambda parts: replace(parts, wake_word=WordSpotter(5.0 + 2 * WORD_SECONDS)),
    )
    assert turns(outcome) == ["how far is the moon"]
    assert all("swordfish" not in event.text for event in outcome.named("transcript"))


# --------------------------------------------------------------------------------------------------------- sounds


def count_chimes(*overrides: str, script: list[Said], **options) -> int:
    chimes = Chimes()
    talk(script, 6.0, {}, *overrides, change=chimes.overhear, **options)
    return chimes.count


def test_waking_and_the_end_of_the_turn_are_heard_and_can_be_switched_off() -> None:
    script = [Said(1.0, "hey computer how far is the moon")]
    assert count_chimes("turns.listening=wake_phrase", script=script) == 2
    assert count_chimes("turns.listening=wake_phrase", "turns.sounds=false", script=script) == 0


def test_who_speaks_freely_hears_no_receipts() -> None:
    assert count_chimes(script=[Said(1.0, "how far is the moon")]) == 0


class Deaf:
    async def transcribe(self, audio: Samples, *, is_final: bool, prompt: str = "") -> Hypothesis:
        raise RecognitionError("it is broken")


class Hoarse:
    async def synthesize(self, text: str, language: str = "") -> AsyncGenerator[Pcm, None]:
        raise VoiceError("it is broken")
        yield Pcm(np.zeros(0, np.float32), 24_000)


def test_a_recognizer_or_a_voice_that_fails_is_heard_and_can_be_switched_off() -> None:
    script = [Said(1.0, "how far is the moon")]
    for broken in ({"recognizer": Deaf()}, {"voice": Hoarse()}):
        for setting, expected in (("turns.sounds=true", 1), ("turns.sounds=false", 0)):
            chimes = Chimes()

            def change(parts: Parts, broken=broken, chimes=chimes) -> Parts:
                return chimes.overhear(replace(parts, **broken))

            outcome = talk(script, 6.0, {}, setting, change=change)
            assert outcome.named("error")
            assert chimes.count == expected, broken


@pytest.mark.parametrize("answer", ["```\nprint(1)\n```", "\N{THUMBS UP SIGN}"])
def test_an_answer_of_which_nothing_can_be_said_is_not_mere_silence(answer: str) -> None:
    chimes = Chimes()
    talk([Said(1.0, "how far is the moon")], 6.0, {"how far is the moon": answer}, change=chimes.overhear)
    assert chimes.count == 1


# --------------------------------------------------------------------------------------------- answers asked ahead


def test_an_answer_that_was_asked_for_too_early_is_counted_with_its_tokens() -> None:
    script = [Said(1.0, "what is the weather."), Said(2.4, "in Paris tomorrow.")]
    outcome = talk(script, 7.0)
    wasted = outcome.named("wasted")
    assert [event.text for event in wasted] == ["what is the weather."]
    assert wasted[0].input_tokens > 10
    assert wasted[0].output_tokens >= 0
    assert len(outcome.model.asked) == len(wasted) + len(outcome.named("answer"))


def test_not_asked_ahead_nothing_is_wasted() -> None:
    script = [Said(1.0, "what is the weather."), Said(2.0, "in Paris tomorrow.")]
    outcome = talk(script, 7.0, {}, "turns.speculate=false")
    assert not outcome.named("wasted")
    assert len(outcome.model.asked) == 1
