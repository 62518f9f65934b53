"""A conversation as lines of text: for a terminal, a pipe, a screen reader and the journal."""

from __future__ import annotations

import shutil
import sys
import unicodedata
from typing import TextIO

from voicestream import events as told
from voicestream.events import Event

SENTENCE_ENDS = (".", "?", "!", ":", "…", "。", "？", "！")
CLEAR_LINE = "\r\x1b[K"


def printable(text: str) -> str:
    """Return the text without what could steer a terminal: control, format and direction characters.

    Text of a model or a file is never trusted; line breaks and tabs stay, and so do the joiners that scripts need.
    """
    return "".join(
        letter
        for letter in text
        if letter in "\n\t\u200c\u200d" or unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co", "Cn")
    )


def warn_of_notices(event: Event) -> None:
    """Write a notice to standard error, for commands whose output is something else."""
    if isinstance(event, told.Notice):
        sys.stderr.write(f"voicestream: {printable(event.message)}\n")


class Lines:
    """Shows what was said and answered.

    Live, words appear while they are being said and written; else each comes once and whole, in sentences: a screen
    reader, a journal or a file could make nothing of less.
    """

    def __init__(self, out: TextIO, *, is_live: bool, is_verbose: bool = False) -> None:
        self._out = out
        self._is_live = is_live
        self._is_verbose = is_verbose
        self._rests = ""
        """Why nothing that is said counts now: muted, asleep, or empty."""
        self._is_answering = False
        """Whether a sentence of the running answer was written: the others follow it, each on a line of its own."""
        self._clauses = ""
        """Of a sentence that is spoken clause by clause, and is not written yet."""
        self._unfinished = ""
        """What the last line holds, which has no end yet: live, answer or thought."""

    def __call__(self, event: Event) -> None:
        """Show one event."""
        match event:
            case told.Ready():
                self._line(f"· {' · '.join(filter(None, (event.recognizer, event.model, event.voice)))}")
                if event.input:
                    self._line(f"· microphone: {event.input}; loudspeaker: {event.output}; Ctrl-C ends")
            case told.Notice():
                self._line(f"· {event.message}")
            case told.StateChanged(state="muted" | "asleep" as state):
                self._line(f"· {state}")
                self._rests = state
            case told.StateChanged() if self._rests:
                self._line("· listening")
                self._rests = ""
            case told.TranscriptEvent(text=text) if text and self._is_live and self._unfinished in ("", "live"):
                self._out.write(live_line(text))
                self._unfinished = "live"
            case told.Turn():
                self._line(f"you: {event.text}")
            case told.DeltaEvent() if self._is_live:
                self._go_on("answer", "voicestream: ", event.text)
            case told.SentenceEvent(text=text) if not self._is_live:
                self._clauses += text
                if self._clauses.rstrip().endswith(SENTENCE_ENDS) or text.endswith("\n"):
                    self._end_line()
            case told.ReasoningEvent() if self._is_verbose:
                self._go_on("thought", "  ~ ", event.text)
            case told.Interrupted():
                self._line("  (interrupted)")
            case told.Answer():
                self._end_line()
                self._is_answering = False
            case told.Latency() if self._is_verbose and event.first_sound is not None:
                self._line(f"  ({event.first_sound:.2f} s from the end of your speech to the first sound)")
            case told.Wasted() if self._is_verbose:
                self._line(f"  (asked too early: about {event.input_tokens + event.output_tokens} tokens for nothing)")
            case told.ErrorEvent():
                self._line(f"! {event.stage}: {event.message}")
        self._out.flush()

    def _go_on(self, kind: str, mark: str, text: str) -> None:
        if self._unfinished != kind:
            self._end_line()
            self._out.write(mark)
            self._unfinished = kind
        self._out.write(printable(text))

    def _line(self, text: str) -> None:
        self._end_line()
        self._out.write(printable(text) + "\n")

    def _end_line(self) -> None:
        if clauses := self._clauses.strip():
            self._out.write(f"{'' if self._is_answering else 'voicestream: '}{printable(clauses)}\n")
            self._is_answering = True
        self._clauses = ""
        if self._unfinished:
            self._out.write(CLEAR_LINE if self._unfinished == "live" else "\n")
        self._unfinished = ""


def live_line(text: str) -> str:
    """Return what shows words that are being said on a line of the terminal, in the place of what stood there."""
    from voicestream.displays.wrapping import ending  # late: a service that shows nothing live spares its tables

    mark = f"{CLEAR_LINE}  … "
    return mark + ending(printable(text), shutil.get_terminal_size().columns - 8)  # the terminal echoes ^C at its end
