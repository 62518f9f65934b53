"""Whole conversations in virtual time: what was played, what was remembered, and that nothing is left running."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from scripted import COUGH, WORD_SECONDS, Outcome, Said, converse
from virtual_time import run_in_virtual_time

from voicestream.parts import Parts
from voicestream.vocabulary import Pcm

LONG = "This is the first sentence of it. Here is another one that goes on. And this is the third and last one."


def talk(*arguments, **options) -> Outcome:
    return run_in_virtual_time(converse(*arguments, **options))


def contents(outcome: Outcome) -> list[tuple[str, str]]:
    return [
        (message.role, message.content.split("\n(")[0].rstrip())
        for message in outcome.history
        if message.role != "system"
    ]


def test_a_question_is_answered_and_remembered() -> None:
    outcome = talk([Said(1.0, "how far is the moon")], 4.0, {"how far is the moon": "Quite far."})
    assert [event.text for event in outcome.named("turn")] == ["how far is the moon"]
    assert [event.heard for event in outcome.named("answer")] == ["Quite far."]
    assert contents(outcome) == [("user", "how far is the moon"), ("assistant", "Quite far.")]


def test_the_first_sound_comes_before_the_last_word_of_the_model() -> None:
    outcome = talk([Said(1.0, "tell me a lot")], 4.0, {"tell me a lot": LONG})
    assert outcome.named("sound_started")[0].time < outcome.named("delta")[-1].time
    assert outcome.named("answer")[0].heard == LONG


def test_sentences_follow_each_other_without_waiting_for_each_other() -> None:
    outcome = talk([Said(1.0, "tell me a lot")], 4.0, {"tell me a lot": LONG})
    starts, ends = outcome.named("sound_started"), outcome.named("sound_ended")
    assert [event.index for event in starts] == [event.index for event in ends] == list(range(len(starts)))
    gaps = [after.time - before.time for before, after in zip(ends, starts[1:], strict=False)]
    assert all(0 <= gap < 0.35 for gap in gaps), gaps


def test_speaking_over_the_answer_stops_it_and_is_answered() -> None:
    script = [Said(1.0, "tell me a lot"), Said(5.0, "please tell me something else")]
    outcome = talk(script, 8.0, {"tell me a lot": LONG, "please tell me something else": "Fine."})
    assert [event.text for event in outcome.named("turn")] == ["tell me a lot", "please tell me something else"]
    [interrupted] = outcome.named("interrupted")
    assert 5.0 < interrupted.time < 6.2
    assert LONG.startswith(interrupted.heard)
    assert 0 < len(interrupted.heard) < len(LONG)
    first, second = outcome.named("answer")
    assert (first.finish, second.heard) == ("interrupted", "Fine.")
    assert contents(outcome)[1] == ("assistant", interrupted.heard + " …")
    assert outcome.history[2].is_interrupted


def test_what_counts_as_heard_is_what_sounded() -> None:
    script = [Said(1.0, "tell me a lot"), Said(5.0, "please tell me something else")]
    outcome = talk(script, 8.0, {"tell me a lot": LONG})
    begun = outcome.named("sound_started")[0].time
    paused = outcome.named("paused")[0].time
    words = len(outcome.named("interrupted")[0].heard.split())
    assert abs(words - (paused - begun) / WORD_SECONDS) <= 2  # two pauses between sentences lie in it


def test_a_cough_pauses_the_answer_and_loses_nothing() -> None:
    outcome = talk([Said(1.0, "tell me a lot"), Said(5.0, COUGH)], 12.0, {"tell me a lot": LONG})
    assert len(outcome.named("paused")) == len(outcome.named("resumed")) == 1
    assert not outcome.named("interrupted")
    [answer] = outcome.named("answer")
    assert (answer.heard, answer.finish) == (LONG, "stop")


def test_a_backchannel_does_not_stop_the_answer() -> None:
    outcome = talk([Said(1.0, "tell me a lot"), Said(5.0, "mhm")], 12.0, {"tell me a lot": LONG})
    assert not outcome.named("interrupted")
    assert outcome.named("answer")[0].heard == LONG
    assert len(outcome.named("turn")) == 1


def test_stop_stops_and_asks_no_model() -> None:
    outcome = talk([Said(1.0, "tell me a lot"), Said(5.0, "stop")], 9.0, {"tell me a lot": LONG})
    assert len(outcome.named("interrupted")) == 1
    assert all("stop" not in messages[-1].content for messages in outcome.model.asked)


def test_going_on_before_the_answer_sounds_makes_one_turn() -> None:
    script = [Said(1.0, "what is the weather"), Said(2.4, "in Paris tomorrow")]
    outcome = talk(script, 7.0, {"what is the weather in Paris tomorrow": "Rain."})
    assert outcome.named("turn")[-1].text == "what is the weather in Paris tomorrow"
    assert contents(outcome) == [("user", "what is the weather in Paris tomorrow"), ("assistant", "Rain.")]


def test_noise_alone_asks_nothing() -> None:
    outcome = talk([Said(1.0, COUGH), Said(3.0, COUGH)], 6.0)
    assert outcome.model.asked == []
    assert outcome.named("turn") == []


def test_an_interrupted_stream_is_closed() -> None:
    slow = " ".join(["word"] * 400) + "."
    outcome = talk([Said(1.0, "tell me a lot"), Said(9.0, "no never mind that")], 14.0, {"tell me a lot": slow})
    assert "tell me a lot" in outcome.model.closed_early


def test_not_interruptible_means_that_speech_over_the_answer_is_ignored() -> None:
    script = [Said(1.0, "tell me a lot"), Said(5.0, "please tell me something else")]
    outcome = talk(script, 14.0, {"tell me a lot": LONG}, "turns.interruptible=false")
    assert not outcome.named("interrupted")
    assert outcome.named("answer")[0].heard == LONG


def test_a_bug_costs_one_answer_is_told_and_leaves_nothing_waiting() -> None:
    def break_once(parts: Parts) -> Parts:
        synthesize, calls = parts.voice.synthesize, []

        def breaking(text: str, language: str = "") -> AsyncGenerator[Pcm, None]:
            calls.append(text)
            if len(calls) == 1:
                raise ZeroDivisionError("division by zero")
            return synthesize(text, language)

        parts.voice.synthesize = breaking
        return parts

    script = [Said(1.0, "how far is the moon"), Said(8.0, "how far is the sun")]
    outcome = talk(script, 14.0, change=break_once)
    [error] = outcome.named("error")
    assert (error.code, error.message) == ("bug", "ZeroDivisionError: division by zero")
    assert [event.finish for event in outcome.named("answer")] == ["error", "stop"]


def test_every_event_is_in_the_order_of_time_but_for_those_kept_until_the_turn_was_certain() -> None:
    outcome = talk([Said(1.0, "tell me a lot")], 4.0, {"tell me a lot": LONG})
    times = [event.time for event in outcome.events if event.name not in ("delta", "sentence", "synthesized")]
    assert times == sorted(times)


def test_the_latency_tells_each_step_once() -> None:
    outcome = talk([Said(1.0, "how far is the moon")], 4.0)
    [latency] = outcome.named("latency")
    steps = [latency.transcript, latency.first_delta, latency.first_sentence, latency.first_audio, latency.first_sound]
    assert all(step is not None for step in steps)
    assert steps == sorted(steps)
    assert latency.first_sound < 1.5


def test_the_same_script_gives_the_same_events() -> None:
    script = [Said(1.0, "tell me a lot"), Said(5.0, "please tell me something else")]
    first, second = (talk(script, 8.0, {"tell me a lot": LONG}) for _ in range(2))
    assert first.events == second.events


def test_turns_that_are_dropped_are_summed_up_where_the_settings_say_so() -> None:
    script = [Said(1.0 + 4 * number, f"question number {number}") for number in range(3)]
    answers = {said.text: " ".join(["word"] * 8) + "." for said in script}
    long = run_in_virtual_time(converse(script, 16.0, answers, "memory.summarize=true", most_tokens=60))
    summary = long.history[1]
    assert summary.role == "system"
    assert "question number 0" in summary.content
