"""Writes down what is being said: partials while it is said, the final text as soon as the speaker falls silent.

`LiveTranscript` decides, and knows no recognizer, task or clock; `transcribe` runs its requests beside the stream.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from voicestream.errors import RecognitionError
from voicestream.hearing.partial_pace import PartialPace
from voicestream.hearing.stable_prefix import Settled, StablePrefix
from voicestream.hearing.suspicion import is_phantom, plain_words, spoken_words
from voicestream.parts import Recognizer
from voicestream.vocabulary import (
    FRAME_SECONDS,
    SAMPLE_RATE,
    Heard,
    Hypothesis,
    RecognitionFailed,
    Samples,
    SpeechAudio,
    SpeechEnded,
    SpeechEvent,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    Transcript,
)

EARLY = 3
"""Frames without voice after which the final text is begun, before the pause is certain."""

TAIL = 0.3
"""Seconds of audio after the last voice that the final decode hears; later noise is none of the speaker's."""

PAUSE_KEPT = 0.3
"""Seconds that are kept of each end of a long pause: in the rest of it a recognizer can only find phantoms."""

VOICE_MIN = 0.08
"""Seconds of voice without which nothing is decoded: a click, a breath."""

SURENESS_MIN = 0.55
"""The same for the mean probability of the voiced frames. Measured: noise 0.42–0.51, 65 recordings of people 0.57 and
more (but one digit of 0.13 s), also with noise 5 dB under the voice and at 1 % of the level."""

RESET = 5.0
"""Seconds of audio after which a pause at a sentence's end begins the text anew; what stands before it, stands."""

WAITING = 4
"""Ended speeches without a text from which no more audio is taken in."""


@dataclass(frozen=True, slots=True)
class TranscriptSettings:
    """How live the transcript is."""

    partials: bool = True
    partial_share: float = 0.5
    """Of one processor core, for partials."""
    interval: float = 0.25
    """Seconds of new audio that a partial is worth."""
    lockstep_interval: float = 0.5
    """The same where decodes are awaited in audio time."""


@dataclass(frozen=True, slots=True)
class Request:
    """A decode that is worth making now."""

    audio: Samples
    speech: int
    start: float
    """Seconds, of the first sample."""
    end: float
    is_final: bool
    is_paced: bool
    """Whether it counts against the share of partials."""
    prompt: str
    voices: tuple[tuple[float, float], ...]
    """Start and end of each voiced stretch, from the first sample on."""
    sureness: float
    """Mean probability of the voiced frames."""


@dataclass(slots=True)
class _Speech:
    """A speech while it is being heard and written down."""

    number: int
    prompt: str = ""
    audio: list[SpeechAudio] = field(default_factory=list)
    prefix: StablePrefix = field(default_factory=StablePrefix)
    voice_end: float = 0.0
    is_paused: bool = False
    end: SpeechEnded | None = None
    covered: float = float("-inf")
    """Seconds, of the end of the audio that the last final decode heard."""
    final: str = ""
    language: str = ""
    is_suspect: bool = False
    shown: str = "|"
    """The last partial, with its stable part."""
    base: str = ""
    """The text of earlier sentences, whose audio is let go."""

    def silent_frames(self) -> int:
        """Return how many frames at the end hold no voice."""
        return next((count for count, piece in enumerate(reversed(self.audio)) if piece.voiced), len(self.audio))

    def is_spoken(self) -> bool:
        """Whether there is voice enough to be worth a decode."""
        voiced = [piece.probability for piece in self.audio if piece.voiced]
        return len(voiced) * FRAME_SECONDS >= VOICE_MIN and float(np.mean(voiced)) >= SURENESS_MIN

    def begin_anew(self, event: SpeechResumed) -> None:
        """Let what was said before the pause stand, where a sentence ended there."""
        is_sentence = self.final.endswith((".", "?", "!", "。", "？", "！")) and not self.is_suspect
        if not is_sentence or not self.is_covered() or self.voice_end - self.audio[0].time < RESET:
            return
        self.base = _joined(self.base, self.prefix.finish(self.final).text)
        self.prefix, self.final, self.covered = StablePrefix(), "", float("-inf")
        silence = (self.voice_end + event.time) / 2
        self.audio = [piece for piece in self.audio if piece.time >= silence]

    def is_covered(self) -> bool:
        """Whether the last decode that may become final heard all that was said."""
        return self.covered >= self.voice_end - FRAME_SECONDS / 4


class LiveTranscript:
    """Decides what to decode, and makes transcripts of what comes back."""

    def __init__(self, settings: TranscriptSettings, *, lockstep: bool = False) -> None:
        self._settings = settings
        interval = settings.lockstep_interval if lockstep else settings.interval
        self._pace = PartialPace(settings.partial_share, interval)
        self._is_lockstep = lockstep
        self._speeches: list[_Speech] = []
        self._count = 0
        self._prompt = ""
        self._carried: list[str] = []

    @property
    def has_room(self) -> bool:
        """Whether more audio should be taken in."""
        return len(self._speeches) <= WAITING

    def add(self, event: SpeechEvent) -> list[Heard]:
        """Take the next event and return it, with the transcripts that it makes final."""
        match event:
            case SpeechStarted():
                self._speeches.append(_Speech(self._count))
                self._count += 1
                self._begin_after_cut()
                self._pace.start(event.time + self._settings.interval)  # the first words take twice as long
            case SpeechAudio():
                self._running.audio.append(event)
                if event.voiced and not self._running.is_paused:
                    self._running.voice_end = _end(event)
            case SpeechPaused():
                self._running.is_paused = True
                self._running.voice_end = event.time
                if self._running.is_covered():
                    return [event, self._pause_transcript(self._running)]
            case SpeechResumed():
                self._running.is_paused = False
                self._running.begin_anew(event)
                self._pace.start(event.noticed)
                self._running.voice_end = event.noticed
            case SpeechEnded():
                return [event, *self._end(event)]
            case _:
                pass
        return [event]

    def next_request(self) -> Request | None:
        """Return the decode that is most worth making now: finals before partials, old speeches first."""
        for speech in self._speeches:
            if speech.end is not None or (speech.is_paused and not speech.is_covered() and speech.is_spoken()):
                return _request(speech, is_final=True, is_paced=False)
        if not self._speeches or not self._settings.partials:
            return None
        running = self._speeches[-1]
        now = _end(running.audio[-1]) if running.audio else 0.0
        silent = running.silent_frames()
        if running.is_paused or running.is_covered() or not self._pace.is_due(now) or not running.is_spoken():
            return None
        if 0 < silent < EARLY or silent == len(running.audio):
            return None  # soon the voice goes on, or a final decode is due: a partial would be in its way
        self._pace.start(now)
        return _request(running, is_final=silent >= EARLY, is_paced=True)

    def add_hypothesis(self, request: Request, found: Hypothesis, duration: float) -> list[Heard]:
        """Take what a request brought, after `duration` seconds, and return the transcripts that it makes."""
        speech = next(speech for speech in self._speeches if speech.number == request.speech)
        cost = 0.0 if self._is_lockstep else found.cost or duration
        self._pace.spend(cost, 0.0 if self._is_lockstep else duration, is_partial=request.is_paced)
        if (found.is_suspect and not request.is_final) or request.start < speech.audio[0].time:
            return []  # the latter: the text has begun anew since
        speech.covered, speech.final = request.end, _believed(found, request)
        speech.is_suspect = found.is_suspect
        speech.language = found.language or speech.language
        if speech.is_covered() and speech.end:
            return [self._last_transcript(speech)]
        if speech.is_covered() and speech.is_paused:
            return [self._pause_transcript(speech)]
        settled = speech.prefix.add(speech.final, request.end)
        transcript = _transcript(speech, settled, request.end, is_final=False)
        is_news = f"{transcript.stable}|{transcript.text}" != speech.shown
        speech.shown = f"{transcript.stable}|{transcript.text}"
        return [transcript] if is_news else []

    def add_failure(self, request: Request, message: str) -> list[Heard]:
        """Take the failure of a request: the speech's text is what had been settled of it."""
        speech = next(speech for speech in self._speeches if speech.number == request.speech)
        if not request.is_final:
            return []
        speech.covered, speech.final = max(request.end, speech.voice_end), speech.prefix.settled.stable
        failed = RecognitionFailed(message, speech.number, request.end)
        if speech.end:
            return [failed, self._last_transcript(speech)]
        return [failed, self._pause_transcript(speech)] if speech.is_paused else [failed]

    @property
    def _running(self) -> _Speech:
        return self._speeches[-1]

    def _end(self, event: SpeechEnded) -> list[Heard]:
        speech = self._running
        speech.voice_end = event.time
        speech.end = event
        if event.is_cut:
            speech.audio = [piece for piece in speech.audio if piece.time < event.time - FRAME_SECONDS / 4]
            if speech.covered > event.time:
                speech.covered = float("-inf")  # it holds words that belong to the next speech
        if not speech.is_spoken():
            speech.covered, speech.final = event.time, ""
        return [self._last_transcript(speech)] if speech.is_covered() else []

    def _pause_transcript(self, speech: _Speech) -> Transcript:
        settled = speech.prefix.add(speech.final, speech.covered, is_complete=True)
        return _transcript(speech, settled, speech.covered, is_final=True)

    def _last_transcript(self, speech: _Speech) -> Transcript:
        self._speeches.remove(speech)
        if speech.end is not None and speech.end.is_cut:
            settled, self._carried = speech.prefix.finish_cut(speech.final)
            self._prompt = "" if speech.is_suspect else _joined(speech.base, settled.text)
            self._begin_after_cut()
        else:
            settled = speech.prefix.finish(speech.final)
        return _transcript(speech, settled, max(speech.covered, speech.voice_end), is_final=True)

    def _begin_after_cut(self) -> None:
        """Give the oldest speech what the one before left, which was cut; it has no text of its own yet."""
        if self._speeches and self._speeches[0].covered < 0 and (self._prompt or self._carried):
            self._speeches[0].prompt, self._speeches[0].prefix = self._prompt, StablePrefix(self._carried)
            self._prompt, self._carried = "", []


@dataclass(frozen=True, slots=True)
class _Outcome:
    found: Hypothesis | None
    message: str
    duration: float


async def transcribe(
    speech: AsyncIterator[SpeechEvent],
    recognizer: Recognizer,
    settings: TranscriptSettings | None = None,
    *,
    lockstep: bool = False,
) -> AsyncGenerator[Heard, None]:
    """Pass the events on at once, and between them the transcripts as they are ready; never raise RecognitionError.

    With `lockstep` every decode is awaited before the next event: for recordings, whose transcripts are then the same
    every time, however fast they are read. Runs each decode in a task of its own, since no event may wait for it.
    """
    live = LiveTranscript(settings or TranscriptSettings(), lockstep=lockstep)
    reading: asyncio.Task[SpeechEvent | None] | None = None
    decoding: asyncio.Task[_Outcome] | None = None
    request: Request | None = None
    is_over = False
    try:
        while True:
            if decoding is None and (request := live.next_request()):
                decoding = asyncio.create_task(_decode(recognizer, request))
                if lockstep:
                    await asyncio.wait([decoding])
            if decoding is not None and decoding.done() and request is not None:
                outcome, decoding = decoding.result(), None
                for heard in _taken(live, request, outcome):
                    yield heard
                continue
            if reading is None and not is_over and (live.has_room or decoding is None):
                reading = asyncio.create_task(_next(speech))
            waiting = [task for task in (reading, decoding) if task is not None]
            if not waiting:
                return
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if reading is not None and reading.done():
                event, reading = reading.result(), None
                is_over = event is None
                for heard in live.add(event) if event is not None else ():
                    yield heard
    finally:
        for task in (reading, decoding):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])


async def _next(speech: AsyncIterator[SpeechEvent]) -> SpeechEvent | None:
    return await anext(speech, None)


async def _decode(recognizer: Recognizer, request: Request) -> _Outcome:
    clock = asyncio.get_running_loop().time
    started = clock()
    try:
        found = await recognizer.transcribe(request.audio, is_final=request.is_final, prompt=request.prompt)
    except RecognitionError as error:
        return _Outcome(None, str(error), clock() - started)
    return _Outcome(found, "", clock() - started)


def _taken(live: LiveTranscript, request: Request, outcome: _Outcome) -> list[Heard]:
    if outcome.found is None:
        return live.add_failure(request, outcome.message)
    return live.add_hypothesis(request, outcome.found, outcome.duration)


def _request(speech: _Speech, *, is_final: bool, is_paced: bool) -> Request:
    pieces = speech.audio
    if is_final and not (speech.end and speech.end.is_cut):
        pieces = [piece for piece in pieces if piece.time < speech.voice_end + TAIL]
    start, end = pieces[0].time, _end(pieces[-1])
    pieces = _without_long_pauses(pieces)
    voices: list[tuple[float, float]] = []
    begins = 0.0
    for piece in pieces:
        ends = begins + len(piece.samples) / SAMPLE_RATE
        if piece.voiced and voices and voices[-1][1] == begins:
            voices[-1] = (voices[-1][0], ends)
        elif piece.voiced:
            voices.append((begins, ends))
        begins = ends
    voiced = [piece.probability for piece in pieces if piece.voiced]
    audio = np.concatenate([piece.samples for piece in pieces])
    sureness = float(np.mean(voiced)) if voiced else 0.0
    prompt = _joined(speech.prompt, speech.base)
    return Request(audio, speech.number, start, end, is_final, is_paced, prompt, tuple(voices), sureness)


def _without_long_pauses(pieces: list[SpeechAudio]) -> list[SpeechAudio]:
    """Return the pieces without the middle of each pause that has a voice before and after it."""
    kept = round(PAUSE_KEPT / FRAME_SECONDS)
    voiced = [index for index, piece in enumerate(pieces) if piece.voiced]
    dropped: set[int] = set()
    for before, after in pairwise(voiced):
        dropped.update(range(before + 1 + kept, after - kept))
    return [piece for index, piece in enumerate(pieces) if index not in dropped]


def _believed(found: Hypothesis, request: Request) -> str:
    """Return the part of a hypothesis that somebody said."""
    if found.is_suspect:
        return ""
    text = found.text
    if found.words:
        spoken = spoken_words(found.words, request.voices)
        if len(spoken) < len(found.words):
            text = "".join(word.text for word in spoken).strip()
    seconds = sum(end - start for start, end in request.voices)
    is_said = plain_words(text) and not is_phantom(text, found.language, request.sureness, seconds)
    return text if is_said else ""


def _transcript(speech: _Speech, settled: Settled, time: float, *, is_final: bool) -> Transcript:
    text, stable = _joined(speech.base, settled.text), _joined(speech.base, settled.stable)
    return Transcript(text, stable, is_final, time, speech.number, speech.language)


def _joined(before: str, after: str) -> str:
    space = "" if before.endswith(("。", "？", "！")) else " "
    return f"{before}{space}{after}" if before and after else before or after


def _end(piece: SpeechAudio) -> float:
    return piece.time + len(piece.samples) / SAMPLE_RATE
