"""`voicestream replay DIR`: runs a recorded session through today's code, without devices, network or waiting.

What came from outside comes from the tape, at the recorded microsecond; all else is done again: echo cancelling,
speech detection, turn taking, the reading of the model's bytes, tools, sentences. On a program that is unchanged the
events are those of the recording, byte for byte: no field stands for the time of a wall clock, `time` included, since
the session ran on a clock that moves in recorded steps (see stepped_time).

Where the program or a setting was changed, and asks for what was not recorded, the tape gives what is most like it, by
rules that each part of tape/ states; a loudspeaker that is told other things goes on as a simulated one. Where
settings choose another recognizer or voice of this machine, these work for real (see chosen_parts).
"""

from __future__ import annotations

import asyncio
import difflib
import itertools
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from voicestream.assemble import make_mind
from voicestream.assistant import Assistant
from voicestream.backends.audio_files import FileSpeaker
from voicestream.backends.echo_canceller import open_canceller
from voicestream.backends.silero import Silero
from voicestream.config import Config
from voicestream.config_file import change_config
from voicestream.errors import InputError
from voicestream.events import Event, Events, Level, as_json, from_json
from voicestream.parts import Parts, WakeWordDetector
from voicestream.sessions.chosen_parts import ChosenParts
from voicestream.sessions.controls import Controls
from voicestream.sessions.conversation import ringing
from voicestream.sessions.record import EVENTS
from voicestream.sessions.reload import take_settings
from voicestream.stages import ended
from voicestream.stepped_time import TICKS_PER_SECOND, SteppedLoop, run_in_virtual_time
from voicestream.tape.forms import Json
from voicestream.tape.player import AudioReader, Player, Tape, read_tape
from voicestream.tape.recorder import session_clock
from voicestream.tape.taped_mind import noted_model, noted_tools
from voicestream.tape.taped_parts import TapedMicrophone, TapedRecognizer, TapedVoice
from voicestream.tape.taped_speaker import ReplayedSpeaker
from voicestream.thinking.history import History
from voicestream.thinking.system_prompt import write_system_prompt
from voicestream.vocabulary import Message
from voicestream.voice_choice import choose_language_guess, make_style

CONTROLS = ("ask", "say", "talk", "listen", "mute", "unmute", "toggle_mute", "stop", "repeat", "set_volume")
"""What a tape may do with a conversation."""


NOTES = ("start", "settings", "servers", "tools", "speaker", "is_fast", "history", "summary")
"""What must stand on a tape before anything can be repeated."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a replay is to do otherwise than the recorded session."""

    overrides: Sequence[str] = ()
    """Settings, key.path=value."""
    until: float = float("inf")
    """Seconds of the session after which it ends."""
    output: str = ""
    """A WAV file for the sound; empty for none."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of a replay."""

    lines: list[str]
    """The events, as JSON."""
    recorded: list[str]
    """Those of the recording, as far as they were to be repeated."""
    notice: str
    """What the recording lacks, in one line."""


def replay(folder: Path, wish: Wish) -> Replayed:
    """Run the session again; raise InputError where there is none, ConfigError where a setting is not one."""
    audio = AudioReader(folder)
    tape = read_tape(folder, audio)
    if missing := [name for name in NOTES if name not in tape.notes]:
        raise InputError(f"{folder}: breaks off before the conversation began: it lacks {', '.join(missing)}")
    config = change_config(_known(tape.notes["settings"]), wish.overrides)
    started_at = float(tape.notes["start"][0])
    broken_off = tape.last - started_at - 1 / TICKS_PER_SECOND  # the last step may not have been taken to its end
    until = min(wish.until, float("inf") if tape.is_whole else broken_off)
    local = _LocalParts(config, tape)
    with ChosenParts(config, wish.overrides, tape) as chosen:
        session = _Session(tape, audio, config, local, chosen, until, wish.output)
        lines = run_in_virtual_time(_run(session), started_at)
    recorded = list(itertools.takewhile(lambda line: json_time(line) <= until, _read_events(folder)))
    notice = "" if tape.is_whole else f"The recording breaks off after {until:.1f} s; it is replayed up to there."
    return Replayed(lines, recorded, notice)


def json_time(line: str) -> float:
    """Return the time of an event's line."""
    return float(msgspec.json.decode(line)["time"])


def _known(settings: Json) -> dict[str, Json]:
    """Return the settings of a recording that today's program still has."""
    usual = msgspec.to_builtins(Config())
    return {
        section: {key: value for key, value in settings[section].items() if key in keys}
        for section, keys in usual.items()
        if section in settings
    }


class _LocalParts:
    """What is made before time begins to run: it takes real time to load."""

    def __init__(self, config: Config, tape: Tape) -> None:
        self.detector = Silero()
        self.guess = choose_language_guess(config.speaking)
        self.canceller = open_canceller() if tape.notes.get("canceller") else None
        self.wake_word = _wake_word(config) if config.turns.listening == "wake_word" else None


def _wake_word(config: Config) -> WakeWordDetector:
    from voicestream.backends.wake_word import WakeWord

    return WakeWord(config.turns.wake_phrase)


@dataclass(frozen=True, slots=True)
class _Session:
    tape: Tape
    audio: AudioReader
    config: Config
    local: _LocalParts
    chosen: ChosenParts
    until: float
    output: str


async def _run(session: _Session) -> list[str]:
    """Run the session from its first line to its last, or until the moment at which it is to end."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SteppedLoop)
    player = Player(session.tape, session.audio)
    events = Events(loop.time)
    lines: list[str] = []

    def keep(event: Event) -> None:
        if not isinstance(event, Level) and event.time <= session.until:
            lines.append(as_json(event))

    events.show_on(keep)
    async with _assistant(session, player, events) as (assistant, speaker):
        run = _Run(assistant, speaker, events)
        arriving = asyncio.create_task(player.inputs(run.take), name="inputs")
        over = asyncio.create_task(run.until_over(arriving), name="over")
        try:
            async with asyncio.timeout(session.until if session.until < float("inf") else None):
                await asyncio.wait([over])
        except TimeoutError:
            return lines.copy()  # what ending it now adds is no part of it
        finally:
            for task in (arriving, over, run.talking):
                if task:
                    await ended(task)
    return lines


class _Run:
    """Takes what came unasked, as it arrives."""

    def __init__(self, assistant: Assistant, speaker: ReplayedSpeaker, events: Events) -> None:
        self._assistant = assistant
        self._speaker = speaker
        self._events = events
        self._controls = Controls(assistant)
        self._begun = asyncio.Event()
        self.talking: asyncio.Task[None] | None = None

    def take(self, kind: str, value: Json) -> None:
        """Let something count that came unasked."""
        match kind:
            case "begin":
                self.talking = asyncio.create_task(self._assistant.converse(), name="conversation")
                self._begun.set()
            case "end":
                if self.talking:
                    self.talking.cancel()
            case "sound":
                self._speaker.arrive(*value)
            case "event":
                if event := from_json(value):
                    self._events.emit(event)
            case "control":
                name, *arguments = value
                if name in CONTROLS:
                    getattr(self._controls, name)(*arguments)
            case "settings":
                take_settings(self._assistant, change_config(_known(value), ()))

    async def until_over(self, arriving: asyncio.Task[None]) -> None:
        """Return when everything has arrived, and the conversation is over."""
        await asyncio.wait([arriving])
        if self.talking:
            await asyncio.wait([self.talking])


@asynccontextmanager
async def _assistant(
    session: _Session, player: Player, events: Events
) -> AsyncGenerator[tuple[Assistant, ReplayedSpeaker], None]:
    """Put the assistant together from the tape."""
    tape, config, local = session.tape, session.config, session.local
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SteppedLoop)
    started_at, started = tape.notes["start"]
    moment = session_clock(loop, started_at, datetime.fromisoformat(started))
    model = noted_model(player, tape.notes["servers"], config.thinking)
    mind = make_mind(config, model, "", noted_tools(player, tape.notes["tools"]), moment)
    is_fast = bool(tape.notes["is_fast"])
    rate = int(tape.notes["speaker"]["rate"])
    async with FileSpeaker(
        session.output, rate, ahead=config.audio.ahead, block=config.audio.block, is_fast=is_fast
    ) as simulated:
        speaker = ReplayedSpeaker(player, simulated)
        parts = Parts(
            microphone=TapedMicrophone(player),
            canceller=local.canceller,
            wake_word=local.wake_word,
            detector=local.detector,
            recognizer=session.chosen.recognizer or TapedRecognizer(player),
            thinker=mind.thinker,
            voice=session.chosen.voice or TapedVoice(player, seconds_per_letter=_seconds_per_letter(tape)),
            speaker=speaker,
            delivery=mind.delivery,
            now=lambda: moment().wall,
        )
        style = make_style(config, local.guess, lambda error, sentence: None)
        assistant = Assistant(parts, events, config, _history(config, tape), style=style, is_fast=is_fast)
        async with ringing(assistant, mind.timers, moment):
            yield assistant, speaker
    if model:
        await model.aclose()


def _history(config: Config, tape: Tape) -> History:
    earlier = tuple(msgspec.convert(each, Message) for each in tape.notes["history"])
    prompt = write_system_prompt(config.memory.about_you, config.thinking.system_prompt)
    history = History(prompt, config.memory.max_tokens, earlier)
    history.summarize(tape.notes["summary"])
    return history


def _seconds_per_letter(tape: Tape) -> float:
    """Return how long the recorded voice took for a letter."""
    voiced = [stream for stream in tape.streams if stream.part == "voice" and stream.items]
    letters = sum(len(stream.question["text"]) for stream in voiced)
    seconds = sum(count / rate for stream in voiced for _, (rate, _start, count, _words) in stream.items)
    return seconds / letters if letters else 0.0


def _read_events(folder: Path) -> list[str]:
    try:
        lines = (folder / EVENTS).read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise InputError(f"{folder / EVENTS}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{folder / EVENTS}: is no file of events") from error
    return [line for line in lines if line.endswith("}")]  # the last may have been cut off when the program was killed


def differences(replayed: Replayed) -> list[str]:
    """Return what was not repeated: - what was recorded, + what came instead, ~ what came at another time."""
    found = []
    before, after = replayed.recorded, replayed.lines
    matcher = difflib.SequenceMatcher(None, [*map(_timeless, before)], [*map(_timeless, after)], autojunk=False)
    for kind, start, end, new_start, new_end in matcher.get_opcodes():
        if kind != "equal":
            found += [f"- {line}" for line in before[start:end]] + [f"+ {line}" for line in after[new_start:new_end]]
            continue
        for old, new in zip(before[start:end], after[new_start:new_end], strict=True):
            if old != new:
                found.append(f"~ {new} (recorded at {json_time(old):.6f})")
    return found


def _timeless(line: str) -> str:
    record = msgspec.json.decode(line)
    record.pop("time")
    return msgspec.json.encode(record).decode()
