"""A conversation as lines: live on a terminal, whole for a screen reader, a journal or a file."""

from __future__ import annotations

import io
import random
import unicodedata

import pytest

from voicestream import events as told
from voicestream.displays.lines import Lines, printable
from voicestream.displays.screen import Screen

CONVERSATION = [
    told.TranscriptEvent(text="what is", stable="", final=False),
    told.TranscriptEvent(text="what is the weather", stable="what", final=True),
    told.Turn(turn=1, text="what is the weather"),
    told.DeltaEvent(turn=1, text="It is sun"),
    told.DeltaEvent(turn=1, text="ny. And"),
    told.SentenceEvent(turn=1, index=0, text="It is sunny. ", spoken="It is sunny."),
    told.DeltaEvent(turn=1, text=" warm."),
    told.SentenceEvent(turn=1, index=1, text="And warm.", spoken="And warm."),
    told.Answer(turn=1, text="It is sunny. And warm.", heard="It is sunny. And warm.", finish="stop"),
]


def written(*, is_live: bool) -> list[str]:
    """Return what is written after each event."""
    out, pieces = io.StringIO(), []
    lines = Lines(out, is_live=is_live)
    for event in CONVERSATION:
        lines(event)
        pieces.append(out.getvalue())
        out.seek(0)
        out.truncate()
    return [piece for piece in pieces if piece]


def test_without_a_terminal_nothing_is_written_twice_or_taken_back() -> None:
    assert written(is_live=False) == ["you: what is the weather\n", "voicestream: It is sunny.\n", "And warm.\n"]


def test_a_sentence_that_is_spoken_in_clauses_is_one_line() -> None:
    out = io.StringIO()
    lines = Lines(out, is_live=False)
    for text in ("I can tell the time, ", "and the date. ", "For anything else"):
        lines(told.SentenceEvent(turn=1, index=0, text=text, spoken=text))
    assert out.getvalue() == "voicestream: I can tell the time, and the date.\n"
    lines(told.Answer(turn=1, text="", heard="", finish="interrupted"))
    assert out.getvalue().splitlines()[1:] == ["For anything else"]


def test_on_a_terminal_the_words_appear_while_they_are_said_and_written() -> None:
    assert [piece.split("\x1b[K")[-1] for piece in written(is_live=True)] == [
        "  … what is",
        "  … what is the weather",
        "you: what is the weather\n",
        "voicestream: It is sun",
        "ny. And",
        " warm.",
        "\n",
    ]


def test_who_cannot_see_the_screen_is_told_when_nothing_that_is_said_counts() -> None:
    out = io.StringIO()
    lines = Lines(out, is_live=False)
    for state in ("asleep", "hearing", "thinking", "speaking", "listening", "muted", "listening", "asleep", "muted"):
        lines(told.StateChanged(state=state))
    assert out.getvalue().splitlines() == [
        "· asleep", "· listening", "· muted", "· listening", "· asleep", "· muted",
    ]  # fmt: skip


def test_the_models_thinking_stands_on_lines_of_its_own_where_it_is_asked_for() -> None:
    out = io.StringIO()
    lines = Lines(out, is_live=True, is_verbose=True)
    for event in (
        told.ReasoningEvent(turn=1, text="Let me"),
        told.ReasoningEvent(turn=1, text=" see."),
        *CONVERSATION[3:5],
    ):
        lines(event)
    assert out.getvalue() == "  ~ Let me see.\nvoicestream: It is sunny. And"


EVIL = [
    "\x1b[2J",  # clears the screen
    "\x1b]0;owned\x07",  # sets the window's title
    "\x1b]52;c;cm0gLXJm\x07",  # writes the clipboard
    "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",  # a link that says something else
    "\x9b31m\x9d0;x\x9c\x90q\x9c",  # the same as single C1 characters
    "\x1bP+q544e\x1b\\\x1b_Gf=24;AAAA\x1b\\",  # DCS and APC: questions, pictures
    "\x1b[6n\x1b[c\x05",  # questions whose answers would be typed
    "safe\r\x08\x08\x7fEVIL",  # writes over what stands there
    "\u202egnp.exe\u2066\u2069\u200f",  # turns the direction
    "\x0e\x0f\x00\ud800\ufeff\U000e0041",  # character sets, nothing, half a letter, tags
]


@pytest.mark.parametrize("evil", EVIL, ids=ascii)
def test_no_text_can_steer_a_terminal(evil: str) -> None:
    for is_live in (True, False):
        out = io.StringIO()
        lines = Lines(out, is_live=is_live)
        for event in (
            told.Turn(turn=1, text=evil),
            told.DeltaEvent(turn=1, text=evil),
            told.SentenceEvent(turn=1, index=0, text=evil, spoken=evil),
            told.TranscriptEvent(text=evil, stable=evil, final=False),
            told.ErrorEvent(stage="model", code="x", message=evil),
            told.Notice(code="x", message=evil),
            told.Ready(recognizer=evil, model=evil, voice=evil),
        ):
            lines(event)
        assert steering(out.getvalue().replace("\r\x1b[K", "")) == set()


def test_no_letter_at_all_can_steer_a_terminal() -> None:
    """Every letter there is, and random pieces of sequences, one byte's worth of text at a time."""
    assert steering(printable("".join(map(chr, range(0x110000))))) == set()
    random_ = random.Random(3)
    for _ in range(200):
        evil = "".join(random_.choices("".join(EVIL) + "abc 0;", k=60))
        screen, shown = Screen(), []
        for letter in evil:
            screen.add(told.DeltaEvent(turn=1, text=letter))
            shown += [piece.text for line in screen.body(40, 10) for piece in line]
        assert steering("".join(shown)) == set(), ascii(evil)


@pytest.mark.parametrize("evil", EVIL, ids=ascii)
def test_an_event_as_json_steers_no_terminal_and_can_be_written_and_read(evil: str) -> None:
    event = told.Turn(turn=1, text=evil)
    line = told.as_json(event)
    assert line.encode() == line.encode().replace(b"\n", b"")
    assert steering(line) <= {"\ufeff", "\U000e0041"}
    assert told.from_json(line) == event


def steering(text: str) -> set[str]:
    joiners = "\u200c\u200d"
    return {each for each in set(text) - set("\n\t" + joiners) if unicodedata.category(each) in ("Cc", "Cf", "Cs")}
