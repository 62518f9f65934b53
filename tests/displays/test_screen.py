"""What the terminal shows: every state of a conversation, at any width, without a terminal."""

from __future__ import annotations

import random

import pytest
from wcwidth import wcswidth

from voicestream import events as told
from voicestream.displays.screen import Screen
from voicestream.displays.wrapping import Line, Wrapped, ending, fitting, steady
from voicestream.events import Event


def text_of(lines: list[Line]) -> list[str]:
    return ["".join(piece.text for piece in line).rstrip() for line in lines]


def screen_of(*events: Event, **options) -> Screen:
    screen = Screen(**options)
    for event in events:
        screen.add(event)
    return screen


def body(*events: Event, width: int = 80, height: int = 20, **options) -> list[str]:
    return text_of(screen_of(*events, **options).body(width, height))


def styled(lines: list[Line], style: str) -> str:
    return "".join(piece.text for line in lines for piece in line if piece.style == style)


ANSWER = (
    told.DeltaEvent(turn=1, text="It is sunny. Tomorrow it"),
    told.SentenceEvent(turn=1, index=0, text="It is sunny. ", spoken="It is sunny."),
    told.DeltaEvent(turn=1, text=" rains."),
    told.SentenceEvent(turn=1, index=1, text="Tomorrow it rains.", spoken="Tomorrow it rains."),
)


def test_settled_and_moving_words_are_told_apart_by_style() -> None:
    lines = screen_of(told.TranscriptEvent(text="what is the whether", stable="what is the", final=False)).body(80, 9)
    assert (styled(lines, "settled"), styled(lines, "moving")) == ("what is the", " whether")


def test_without_colour_moving_words_stand_in_brackets() -> None:
    event = told.TranscriptEvent(text="what is the whether", stable="what is the", final=False)
    assert body(event, has_colour=False) == ["… what is the [whether]"]


def test_the_turn_takes_the_place_of_the_live_words() -> None:
    live = told.TranscriptEvent(text="hello", stable="", final=False)
    assert body(live, told.Turn(turn=1, text="Hello.")) == ["", "› Hello."]


def test_a_last_look_at_a_speech_whose_turn_is_taken_is_not_shown_as_live() -> None:
    last = told.TranscriptEvent(text="hello", stable="hello", final=True)
    assert body(told.SpeechStartedEvent(audio_time=0.0), last) == ["… hello"]
    assert body(told.SpeechStartedEvent(audio_time=0.0), told.Turn(turn=1, text="Hello."), last) == ["", "› Hello."]


@pytest.mark.parametrize("state", ["listening", "speaking", "asleep", "muted"])
def test_words_that_became_no_turn_go_when_nobody_speaks_any_more(state: str) -> None:
    cough = told.TranscriptEvent(text="mhm", stable="", final=False)
    assert body(cough, told.StateChanged(state="paused")) == ["… mhm"]
    assert body(cough, told.StateChanged(state=state)) == []


def test_a_turn_that_is_taken_again_is_shown_once_with_all_its_words() -> None:
    again = told.Turn(turn=1, text="what time is it")
    assert body(told.Turn(turn=1, text="what"), again) == ["", "› what time is it"]
    first = told.DeltaEvent(turn=1, text="What do you mean?")
    assert body(told.Turn(turn=1, text="what"), first, again, told.DeltaEvent(turn=1, text="Noon.")) == [
        "",
        "› what time is it",
        "  Noon.",
    ]


def test_the_answer_streams_in_before_its_sentence_is_complete() -> None:
    assert body(told.DeltaEvent(turn=1, text="It is")) == ["  It is"]
    assert body(*ANSWER) == ["  It is sunny. Tomorrow it rains."]


def test_what_the_model_thinks_is_shown_only_where_it_is_asked_for() -> None:
    events = (told.ReasoningEvent(turn=1, text="Let me "), told.ReasoningEvent(turn=1, text="see."), ANSWER[0])
    assert body(*events) == ["  It is sunny. Tomorrow it"]
    assert body(*events, is_verbose=True) == ["~ Let me see.", "  It is sunny. Tomorrow it"]


def test_a_filler_that_no_delta_brought_is_shown_where_it_was_said() -> None:
    filler = told.SentenceEvent(turn=1, index=0, text="One moment. ", spoken="One moment.")
    events = (filler, told.DeltaEvent(turn=1, text="It is noon. Then"))
    assert body(*events) == ["  One moment. It is noon. Then"]
    end = told.Answer(turn=1, text="It is noon. Then", heard="It is", finish="interrupted")
    assert styled(screen_of(*events, end).body(80, 9), "unheard") == " noon. Then"


def test_the_sentence_that_sounds_is_marked_and_in_it_the_next_word() -> None:
    screen = screen_of(*ANSWER, told.SoundStarted(turn=1, index=1), spoken=lambda: "It is sunny. Tomorrow")
    lines = screen.body(80, 9)
    assert styled(lines, "word") == "it"
    assert styled(lines, "spoken").replace("▸ ", "") == "Tomorrow  rains."
    assert text_of(screen.body(14, 9)) == ["  It is sunny.", "▸ Tomorrow it", "▸ rains."]


@pytest.mark.parametrize(("width", "height"), [(40, 6), (30, 4), (20, 2), (80, 20)])
def test_what_sounds_is_seen_however_far_the_model_is_ahead(width: int, height: int) -> None:
    sentences = [f"This is sentence number {number} of a long story. " for number in range(30)]
    told_so_far: list[str] = []
    screen = screen_of(told.Turn(turn=1, text="Tell me a story."), spoken=lambda: "".join(told_so_far))
    for index, text in enumerate(sentences):
        screen.add(told.DeltaEvent(turn=1, text=text))
        screen.add(told.SentenceEvent(turn=1, index=index, text=text, spoken=text))
    screen.add(told.StateChanged(state="speaking"))
    for index, text in enumerate(sentences):
        screen.add(told.SoundStarted(turn=1, index=index))
        lines = screen.body(width, height)
        assert len(lines) == height or index == 0
        assert styled(lines, "word") == "This"
        told_so_far.append(text)
    assert text_of(screen.body(width, height))[-1].endswith("story.")


def test_signs_of_markup_are_not_marked_as_words() -> None:
    text = "The **first** one."
    answer = (
        told.DeltaEvent(turn=1, text=text),
        told.SentenceEvent(turn=1, index=0, text=text, spoken="The first one."),
    )
    screen = screen_of(*answer, told.SoundStarted(turn=1, index=0), spoken=lambda: "The **first")
    assert styled(screen.body(80, 9), "word") == "one."


def test_what_was_not_heard_of_an_interrupted_answer_is_dimmed() -> None:
    end = told.Answer(turn=1, text="", heard="It is sunny.", finish="interrupted")
    lines = screen_of(*ANSWER, told.SoundStarted(turn=1, index=0), end).body(80, 9)
    assert styled(lines, "unheard") == " Tomorrow it rains."
    assert text_of(lines)[-1] == "· interrupted"
    assert styled(lines, "spoken").strip() == ""


def test_the_status_tells_state_level_voice_and_delay() -> None:
    screen = screen_of(
        told.StateChanged(state="speaking"), told.Level(db=-30, speech=0.9), told.Latency(turn=1, first_sound=0.84)
    )
    status = text_of([screen.status(80)])[0]
    assert status.split("  ")[0] == "● speaking"
    assert "mic ━━━━━───── voice" in status
    assert status.endswith("answered in 0.84 s")
    assert len(status) == 80
    assert text_of([screen.status(40)])[0].endswith("mic ━━━━━───── voice")
    assert text_of([screen.status(20)]) == ["● speaking"]


def test_a_level_that_looks_the_same_asks_for_no_drawing() -> None:
    screen = Screen()
    assert screen.add(told.Level(db=-50.0, speech=0.1))
    assert not screen.add(told.Level(db=-50.4, speech=0.2))
    assert screen.add(told.Level(db=-20.0, speech=0.2))


@pytest.mark.parametrize("where", ["turn", "delta", "sentence", "notice", "error", "transcript", "ready", "answer"])
def test_no_text_can_steer_the_terminal(where: str) -> None:
    evil = "a\x1b[2J\x1b]0;t\x07\x9b31m\r\u202eb\x00"
    event = {
        "turn": told.Turn(turn=1, text=evil),
        "delta": told.DeltaEvent(turn=1, text=evil),
        "sentence": told.SentenceEvent(turn=1, index=0, text=evil, spoken=evil),
        "notice": told.Notice(code="x", message=evil),
        "error": told.ErrorEvent(stage="model", code="x", message=evil),
        "transcript": told.TranscriptEvent(text=evil, stable="", final=False),
        "ready": told.Ready(recognizer=evil, model=evil, voice=evil),
        "answer": told.Answer(turn=1, text=evil, heard=evil, finish="interrupted"),
    }[where]
    screen = screen_of(told.DeltaEvent(turn=1, text="x"), event)
    shown = "".join(text_of([*screen.body(80, 20), screen.parts(200), screen.status(80)]))
    assert not set(shown) & set("\x1b\x07\x9b\r\u202e\x00")


def test_the_end_is_shown_and_any_part_before_it() -> None:
    events = [told.Notice(code="n", message=f"line {number}") for number in range(50)]
    screen = screen_of(*events)
    assert text_of(screen.body(80, 3)) == ["· line 47", "· line 48", "· line 49"]
    assert text_of(screen.body(80, 3, top=37)) == ["· line 37", "· line 38", "· line 39"]
    assert text_of(screen.body(80, 3, top=0)) == ["· line 0", "· line 1", "· line 2"]
    assert screen.count(80) == 50


def random_text(random_: random.Random) -> str:
    letters = "abc é語日。🙂\n,  e\u0301"
    return "".join(random_.choices(letters, k=random_.randint(1, 300)))


def test_wrapping_keeps_every_letter_and_no_line_is_wider_than_the_terminal() -> None:
    random_ = random.Random(7)
    for _ in range(300):
        text, width = random_text(random_), random_.randint(2, 40)
        wrapped = Wrapped(text)
        lines = [text[line.start : line.stop] for line in wrapped.lines(width)]
        assert all(wcswidth(line) <= width for line in lines), (text, width, lines)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "").replace("\n", "")


def test_a_text_that_grows_is_wrapped_as_one_that_came_whole() -> None:
    random_ = random.Random(8)
    for _ in range(100):
        text, width, grown = random_text(random_), random_.randint(2, 40), Wrapped()
        for letter in text:
            grown.put(len(grown.text), letter)
            grown.lines(width)
        assert grown.lines(width) == Wrapped(text).lines(width), (text, width)
        place = random_.randint(0, len(text))
        grown.put(place, "one moment ")
        assert grown.lines(width) == Wrapped(text[:place] + "one moment " + text[place:]).lines(width)


def wrapped(text: str, width: int) -> list[str]:
    return [text[line.start : line.stop] for line in Wrapped(text).lines(width)]


def test_wrapping_breaks_at_blanks_and_keeps_line_breaks_and_indents() -> None:
    assert wrapped("one two three\n\nfour", 8) == ["one two", "three", "", "four"]
    assert wrapped("a list:\n  - one\n", 20) == ["a list:", "  - one"]
    assert wrapped("答え：日本語。です", 6) == ["答え：", "日本", "語。で", "す"]


def test_a_word_in_two_styles_is_not_broken_between_them() -> None:
    text = Wrapped("wonderful day")
    assert text_of([text.cut(line, [(0, "a"), (6, "b")]) for line in text.lines(10)]) == ["wonderful", "day"]


def test_what_terminals_draw_in_different_widths_is_taken_apart() -> None:
    assert steady("👩\u200d👧 👍🏽 ❤\ufe0f\tx") == "👩👧 👍 ❤    x"


def test_an_answer_of_ten_thousand_words_can_be_followed_and_scrolled() -> None:
    screen = Screen()
    for number in range(10_000):
        screen.add(told.DeltaEvent(turn=1, text=f"word{number} "))
        if number % 10 == 0:
            screen.body(80, 18)
    assert text_of(screen.body(80, 18))[-1].endswith("word9999")
    assert text_of(screen.body(80, 18, top=0))[0].startswith("  word0 word1 ")
    assert screen.count(80) > 1_000


def test_what_is_too_wide_is_cut_with_an_ellipsis() -> None:
    assert (fitting("abcdef", 4), fitting("abc", 4), fitting("日本語", 5), fitting("abc", 0)) == (
        "abc…",
        "abc",
        "日本…",
        "",
    )


def test_of_words_that_are_being_said_the_last_are_shown() -> None:
    assert (ending("one two", 7), ending("one two three", 7), ending("日本語です", 5), ending("a\nb", 9)) == (
        "one two",
        "… three",
        "…です",
        "a b",
    )
