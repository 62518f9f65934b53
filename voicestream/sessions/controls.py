"""What a person can do with a running conversation besides speaking: the keys and the control socket call it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Concatenate, ParamSpec

from voicestream import events as told
from voicestream.assistant import Assistant
from voicestream.events import Event
from voicestream.speaking.heard_text import heard_text
from voicestream.turns import actions as turns

if TYPE_CHECKING:
    from voicestream.tape.recorder import Recorder

Arguments = ParamSpec("Arguments")


def on_tape(
    act: Callable[Concatenate[Controls, Arguments], None],
) -> Callable[Concatenate[Controls, Arguments], None]:
    """Let what a person does count as it arrives on the tape, where the session is recorded."""

    def perform(controls: Controls, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        controls.arrive(act.__name__, list(args), lambda: act(controls, *args, **kwargs))

    perform.__doc__ = act.__doc__
    return perform


class Controls:
    """Acts on one conversation; every method returns at once, on the event loop."""

    def __init__(self, assistant: Assistant, tape: Recorder | None = None) -> None:
        self._assistant = assistant
        self._speaker = assistant.parts.speaker
        """The real one: what a display looks at is no part of a session that is recorded on a `tape`."""
        self._tape = tape
        self._is_acting = False
        self._is_button_down = False
        self._last_answer = ""
        assistant.events.show_on(self._notice)

    @property
    def state(self) -> str:
        """The assistant's state as a person would name it."""
        return turns.SHOWN[self._assistant.turn_taking.state]

    @property
    def volume(self) -> float:
        """How loud it speaks, 0 to 1."""
        delivery = self._assistant.parts.delivery
        return delivery.volume if delivery else 1.0

    @on_tape
    def ask(self, text: str) -> None:
        """Take a typed turn."""
        self._assistant.type(text)

    def take_line(self, line: str) -> bool:
        """Take a typed line: a turn, or after a slash the name of a key; return False where it asks to quit."""
        match line.strip():
            case "/talk":
                self.talk()
            case "/mute":
                self.toggle_mute()
            case "/stop":
                self.stop()
            case "/repeat":
                self.repeat()
            case "/quit":
                return False
            case _ if re.fullmatch(r"/\w.*", line):
                message = f"There is no command {line!r}; there are /talk, /mute, /stop, /repeat and /quit."
                self._assistant.events.tell(told.Notice(code="command", message=message))
            case _:
                self.ask(line)
        return True

    @on_tape
    def say(self, text: str) -> None:
        """Say something that nobody asked for, as soon as nobody else speaks."""
        self._assistant.announce(text)

    @on_tape
    def talk(self) -> None:
        """Press the push-to-talk button, or let it go; who presses it does not want to be muted."""
        if self.state == "muted":
            self.unmute()
        press = turns.ButtonReleased if self._is_button_down else turns.ButtonPressed
        self._is_button_down = not self._is_button_down
        self._put(press(self._time()))

    @on_tape
    def listen(self) -> None:
        """Listen as if the wake word had been said."""
        if self.state == "muted":
            self.unmute()
        self._put(turns.WakeWordHeard(self._time()))

    @on_tape
    def mute(self) -> None:
        """Let the microphone not count."""
        self._is_button_down = False
        self._put(turns.Muted(self._time()))

    @on_tape
    def unmute(self) -> None:
        """Let the microphone count again."""
        self._put(turns.Unmuted(self._time()))

    @on_tape
    def toggle_mute(self) -> None:
        """Mute, or unmute."""
        (self.unmute if self.state == "muted" else self.mute)()

    @on_tape
    def stop(self) -> None:
        """Fall silent at once."""
        self._is_button_down = False
        self._put(turns.StopPressed(self._time()))

    @on_tape
    def repeat(self) -> None:
        """Say the last answer again, from its begin; one that is being given, as far as it is written."""
        reply = self._assistant.reply
        is_running = reply is not None and reply.committed.is_set()
        if text := (reply.text if reply and is_running else "") or self._last_answer:
            self.stop()
            self.say(text)

    @on_tape
    def set_volume(self, volume: float) -> None:
        """Speak as loud as `volume`, 0 to 1, from the next sentence on."""
        if delivery := self._assistant.parts.delivery:
            delivery.volume = min(max(volume, 0.0), 1.0)

    def spoken(self) -> str:
        """Return the part of the answer whose words have sounded to their end: the next one sounds now."""
        reply = self._assistant.reply
        return heard_text(reply.sentences, self._speaker.played(), share=1.0) if reply else ""

    def arrive(self, name: str, arguments: list[object], act: Callable[[], None]) -> None:
        """Do it now; where the session is recorded, at its next arrival; what is a part of another act, with that."""
        if self._tape is None or self._is_acting:
            act()
            return

        def take() -> None:
            self._is_acting = True
            try:
                act()
            finally:
                self._is_acting = False

        self._tape.arrive("control", [name, *arguments], take)

    def _put(self, happened: turns.Input) -> None:
        self._assistant.inputs.put_now(happened)

    def _time(self) -> float:
        return self._assistant.clock.audio_time(asyncio.get_running_loop().time())

    def _notice(self, event: Event) -> None:
        if isinstance(event, told.Answer) and event.turn and event.text:
            self._last_answer = event.text
        elif isinstance(event, told.Turn):
            self._is_button_down = False  # the turn is taken, the button's press with it
