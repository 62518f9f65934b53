"""The conversation on a terminal: what is heard, written and spoken, a line to type on, and keys.

Drawn with prompt_toolkit (https://python-prompt-toolkit.readthedocs.io): it resizes, works over ssh, sends only what
changed, and leaves colour out where NO_COLOR is set. What it knows of the assistant is the events and `Controls`.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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
from voicestream.displays.wrapping import Line, Piece, cells
from voicestream.events import Event

KEYS = (
    ("F2", "talk", ("f2", "c-t")),
    ("F3", "mute", ("f3", "c-o")),
    ("F4", "stop", ("f4", "escape")),
    ("F5", "repeat", ("f5", "c-r")),
    ("F10", "quit", ("f10", "c-q", "c-c")),
)
"""What the key line says, what it does, and the keys that do it: some terminals keep the F-keys for themselves."""

FOR_KEYS, FOR_PARTS = 8, 10
"""Rows from which there is room for the line of keys, and for the line that names the parts."""

REDRAW = 0.05
"""Seconds between two drawings at least: a slow line over ssh is not flooded."""

ESCAPE_WAIT = 0.1
"""Seconds after which the escape key is one, and not the begin of another key's sequence."""

STYLE = Style.from_dict(
    {
        "spoken": "bold",
        "word": "bold underline",
        "unheard": "ansibrightblack",
        "settled": "bold",
        "moving": "italic ansibrightblack",
        "you": "ansicyan",
        "notice": "ansibrightblack",
        "error": "ansired bold",
        "dim": "ansibrightblack",
        "level": "ansigreen",
        "voice": "ansigreen bold",
        "mark": "ansibrightblack",
        "key": "reverse",
        "state": "bold",
        "state.hearing": "ansigreen",
        "state.thinking": "ansiyellow",
        "state.speaking": "ansicyan",
        "state.muted": "ansired",
        "state.paused": "ansiyellow",
    }
)


class Controls(Protocol):
    """What the keys do with the conversation."""

    def ask(self, text: str) -> None:
        """Take a typed turn."""
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

    def heard(self) -> str:
        """Return what was heard so far of the answer that is spoken."""
        ...


class Terminal:
    """Draws the events on the terminal; `run` returns when the user quits."""

    def __init__(self) -> None:
        self._screen = Screen(has_colour=ColorDepth.from_env() is not ColorDepth.MONOCHROME, heard=self._heard)
        self._controls: Controls | None = None
        self._back = 0
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
        self._application.ttimeoutlen = ESCAPE_WAIT
        try:
            with kept_errors():
                await self._application.run_async(set_exception_handler=False, handle_sigint=False)
        finally:
            self._application = None

    def _heard(self) -> str:
        return self._controls.heard() if self._controls else ""

    def _accept(self, buffer: Buffer) -> bool:
        text = " ".join(printable(buffer.text).split())
        if text and self._controls:
            self._controls.ask(text)
        self._back = 0
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
                _from_rows(FOR_PARTS, self._rows, Window(char="─", height=1, style="class:mark")),
                field,
                _from_rows(FOR_KEYS, self._rows, _one_line(lambda: [_key_line(self._size()[0])])),
            ]
        )
        return Layout(rows, focused_element=field)

    def _body(self) -> list[Line]:
        """Return the lines between the head and the line to type on, with empty ones above where there are few."""
        width, rows = self._size()
        height = rows - 2 - (2 if rows >= FOR_PARTS else 0) - (1 if rows >= FOR_KEYS else 0)
        lines = self._screen.body(width, max(1, height), self._back)
        empty: list[Line] = [[] for _ in range(height - len(lines))]
        return empty + lines

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
        width, rows = self._size()
        page = max(1, rows - 6)
        longest = len(self._screen.body(width, 1_000_000)) - page
        self._back = min(max(0, self._back + pages * page), max(0, longest))


def can_draw() -> bool:
    """Return whether standard input and output are a terminal that more than lines can be drawn on."""
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "") not in ("", "dumb")


@contextmanager
def kept_errors() -> Iterator[None]:
    """Keep what libraries write past everything to file descriptor 2, and show it when the screen is free again."""
    sys.stderr.flush()
    own = os.dup(2)
    with tempfile.TemporaryFile() as kept:
        os.dup2(kept.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(own, 2)
            os.close(own)
            kept.seek(0)
            sys.stderr.write(printable(kept.read().decode("utf-8", "replace")))


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
    line: Line = []
    for key, name, _ in KEYS:
        more = [Piece(key, "key"), Piece(f" {name}  ")]
        if sum(cells(piece.text) for piece in (*line, *more)) > width + 2:
            break
        line += more
    return line
