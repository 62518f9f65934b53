"""The conversation on a terminal: what is heard, written and spoken, a line to type on, and keys.

Drawn with prompt_toolkit (https://python-prompt-toolkit.readthedocs.io): it resizes, works over ssh, sends only what
changed, and leaves colour out where NO_COLOR is set. What it knows of the assistant is the events and `Controls`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout import ConditionalContainer, HSplit, Layout, Window
from prompt_toolkit.layout.controls import BufferControl, FormattedTextControl
from prompt_toolkit.layout.processors import BeforeInput
from prompt_toolkit.output.color_depth import ColorDepth
from prompt_toolkit.styles import Style

from voicestream.displays.lines import printable
from voicestream.displays.screen import Screen
from voicestream.displays.terminal_device import kept_errors
from voicestream.displays.wrapping import Line, Piece, cells, fitting
from voicestream.events import Event

KEYS = (
    ("F2", "talk", ("f2", "c-t")),
    ("F3", "mute", ("f3", "c-o")),
    ("F4", "stop", ("f4", "escape")),
    ("F5", "repeat", ("f5", "c-r")),
    ("F10", "quit", ("f10", "c-q", "c-c")),
)
"""What the key line says, what it does, and the keys that do it: some terminals keep the F-keys for themselves."""

FIRST_TO_GO = ("repeat", "talk", "mute", "stop")
"""What is left out of the line of keys where there is no room, in this order; how to quit stays."""

FOR_KEYS, FOR_PARTS = 8, 10
"""Rows from which there is room for the line of keys, and for the line that names the parts."""

REDRAW = 0.05
"""Seconds between two drawings at least: a slow line over ssh is not flooded."""

WORD = 0.08
"""Seconds after which the mark is drawn anew while words are spoken: a quarter of a word, at the usual rate."""

ESCAPE_WAIT = 0.1
"""Seconds after which the escape key is one, and not the begin of another key's sequence; waited for twice: once for
those of the terminal, once for those that begin with the key itself, as Alt with a letter does."""

STYLE = Style.from_dict(
    {
        "answer": "",
        "spoken": "bold",
        "word": "bold underline ansicyan",
        "unheard": "ansibrightblack",
        "settled": "bold",
        "moving": "italic ansibrightblack",
        "you": "ansigreen",
        "notice": "ansibrightblack",
        "thought": "italic ansibrightblack",
        "error": "ansired bold",
        "dim": "ansibrightblack",
        "level": "ansigreen",
        "voice": "ansigreen bold",
        "mark": "ansibrightblack",
        "key": "bold",
        "state": "bold",
        "state.hearing": "ansigreen",
        "state.thinking": "ansiyellow",
        "state.speaking": "ansicyan",
        "state.muted": "ansired",
        "state.paused": "ansiyellow",
        "state.asleep": "ansibrightblack",
    }
)


class Controls(Protocol):
    """What the keys do with the conversation."""

    def take_line(self, line: str) -> bool:
        """Take a typed line: a turn, or after a slash the name of a key; return False where it asks to quit."""
        ...

    def talk(self) -> None:
        """Press the push-to-talk button, or let it go: terminals tell no release of a key."""
        ...

    def toggle_mute(self) -> None:
        """Let the microphone count, or not."""
        ...

    def stop(self) -> None:
        """Fall silent at once."""
        ...

    def repeat(self) -> None:
        """Say the last answer again."""
        ...

    def spoken(self) -> str:
        """Return the part of the answer whose words have sounded to their end."""
        ...


class Terminal:
    """Draws the events on the terminal; `run` returns when the user quits."""

    def __init__(self, *, is_verbose: bool = False) -> None:
        has_colour = ColorDepth.from_env() is not ColorDepth.MONOCHROME
        self._screen = Screen(has_colour=has_colour, is_verbose=is_verbose, spoken=self._spoken)
        self._controls: Controls | None = None
        self._top: int | None = None
        """The first line that is shown while the user has scrolled back."""
        self._next_word: asyncio.TimerHandle | None = None
        self._input = Buffer(multiline=False, accept_handler=self._accept)
        self._application: Application[None] | None = None

    def __call__(self, event: Event) -> None:
        """Show an event, now or as soon as the terminal is drawn."""
        if self._screen.add(event) and self._application:
            self._application.invalidate()

    async def run(self, controls: Controls, state: str) -> None:
        """Draw, and let the keys and typed lines act on `controls`, until the user quits."""
        self._controls = controls
        self._screen.state = state
        self._application = Application(
            layout=self._layout(),
            key_bindings=self._bindings(controls),
            style=STYLE,
            full_screen=True,
            min_redraw_interval=REDRAW,
            terminal_size_polling_interval=None,
        )
        self._application.ttimeoutlen = self._application.timeoutlen = ESCAPE_WAIT
        self._application.after_render += self._follow_words
        try:
            with kept_errors():
                await self._application.run_async(set_exception_handler=False, handle_sigint=False)
        finally:
            self._application = None
            if self._next_word:
                self._next_word.cancel()

    def _follow_words(self, application: Application[None]) -> None:
        """Draw again in a moment where the mark moves on from word to word."""
        if self._screen.is_sounding and application.is_running:
            if self._next_word:
                self._next_word.cancel()
            self._next_word = asyncio.get_running_loop().call_later(WORD, application.invalidate)

    def _spoken(self) -> str:
        return self._controls.spoken() if self._controls else ""

    def _accept(self, buffer: Buffer) -> bool:
        text = " ".join(printable(buffer.text).split())
        if text and self._controls and not self._controls.take_line(text):
            self._quit()
        self._top = None
        return False  # the line is emptied

    # ------------------------------------------------------------------------------------------------- drawing

    def _layout(self) -> Layout:
        field = Window(
            BufferControl(self._input, input_processors=[BeforeInput("> ", style="class:mark")]),
            height=1,
            wrap_lines=False,
        )
        rows = HSplit(
            [
                _one_line(lambda: [self._screen.status(self._size()[0])]),
                _from_rows(FOR_PARTS, self._rows, _one_line(lambda: [self._screen.parts(self._size()[0])])),
                Window(FormattedTextControl(lambda: _as_text(self._body())), wrap_lines=False),
                _from_rows(FOR_PARTS, self._rows, _one_line(lambda: [self._rule()])),
                field,
                _from_rows(FOR_KEYS, self._rows, _one_line(lambda: [_key_line(self._size()[0])])),
            ]
        )
        return Layout(rows, focused_element=field)

    def _body(self) -> list[Line]:
        """Return the lines between the head and the line to type on, with empty ones above where there are few."""
        width, height = self._size()[0], self._height()
        lines = self._screen.body(width, height, self._top)
        empty: list[Line] = [[] for _ in range(height - len(lines))]
        return empty + lines

    def _height(self) -> int:
        rows = self._rows()
        return max(1, rows - 2 - (2 if rows >= FOR_PARTS else 0) - (1 if rows >= FOR_KEYS else 0))

    def _rule(self) -> Line:
        """Return the line above the line to type on; it says so where more of the conversation stands below."""
        width = self._size()[0]
        below = 0 if self._top is None else self._screen.count(width) - self._top - self._height()
        more = fitting(f"── {below} more line{'s' * (below > 1)} (PageDown) " if below > 0 else "", width)
        return [Piece(more + "─" * (width - cells(more)), "mark")]

    def _size(self) -> tuple[int, int]:
        if self._application is None:
            return 80, 24
        size = self._application.output.get_size()
        return size.columns, size.rows

    def _rows(self) -> int:
        return self._size()[1]

    # ---------------------------------------------------------------------------------------------------- keys

    def _bindings(self, controls: Controls) -> KeyBindings:
        bindings = KeyBindings()
        acts: dict[str, Callable[[], None]] = {
            "talk": controls.talk,
            "mute": controls.toggle_mute,
            "stop": controls.stop,
            "repeat": controls.repeat,
            "quit": self._quit,
        }
        for _, name, keys in KEYS:
            for key in keys:
                bindings.add(key)(_when_pressed(acts[name]))
        bindings.add("c-d", filter=Condition(lambda: not self._input.text))(_when_pressed(self._quit))
        bindings.add("pageup")(_when_pressed(lambda: self._scroll(1)))
        bindings.add("pagedown")(_when_pressed(lambda: self._scroll(-1)))
        return bindings

    def _quit(self) -> None:
        if self._application and self._application.is_running:
            self._application.exit()

    def _scroll(self, pages: int) -> None:
        """Show what was said before, and stay there while more is said; at the end, follow again."""
        width, height = self._size()[0], self._height()
        last = max(0, self._screen.count(width) - height)
        top = (self._screen.followed(width, height) if self._top is None else self._top) - pages * max(1, height - 1)
        self._top = None if top >= last else max(0, top)


def _when_pressed(act: Callable[[], None]) -> Callable[[KeyPressEvent], None]:
    def press(event: KeyPressEvent) -> None:
        act()
        event.app.invalidate()

    return press


def _one_line(lines: Callable[[], Sequence[Line]]) -> Window:
    return Window(FormattedTextControl(lambda: _as_text(lines())), height=1, wrap_lines=False)


def _from_rows(least: int, rows: Callable[[], int], window: Window) -> ConditionalContainer:
    return ConditionalContainer(window, Condition(lambda: rows() >= least))


def _as_text(lines: Sequence[Line]) -> StyleAndTextTuples:
    text: StyleAndTextTuples = []
    for number, line in enumerate(lines):
        if number:
            text.append(("", "\n"))
        text += [(f"class:{piece.style}" if piece.style else "", piece.text) for piece in line]
    return text


def _key_line(width: int) -> Line:
    """Return the keys and what they do; what matters least is left out where there is no room."""
    shown = [(key, name) for key, name, _ in KEYS]
    for less in ("", *FIRST_TO_GO):
        shown = [(key, name) for key, name in shown if name != less]
        if sum(len(key) + len(name) + 3 for key, name in shown) - 2 <= width:
            break
    return [piece for key, name in shown for piece in (Piece(key, "key"), Piece(f" {name}  "))]
