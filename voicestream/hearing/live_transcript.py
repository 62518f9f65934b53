"""Writes down what is being said: partials while it is said, the final text as soon as the speaker falls silent.

`LiveTranscript` decides, and knows no recognizer, task or clock; `transcribe` runs its requests beside the stream.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

from voicestream.errors import RecognitionError
from voicestream.hearing.partial_pace import PartialPace
from voicestream.hearing.running_speech import (
    Request,
    RunningSpeech,
    believed_text,
    end_of,
    is_unclear,
    joined,
    make_request,
    make_transcript,
)
from voicestream.hearing.stable_prefix import StablePrefix
from voicestream.parts import Recognizer
from voicestream.vocabulary import (
    FRAME_SECONDS,
    Heard,
    Hypothesis,
    RecognitionFailed,
    SpeechAudio,
    SpeechEnded,
    SpeechEvent,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    Transcript,
)

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


class LiveTranscript:
    """Decides what to decode, and makes transcripts of what comes back."""

    def __init__(self, settings: TranscriptSettings, *, lockstep: bool = False) -> None:
        self._settings = settings
        interval = settings.lockstep_interval if lockstep else settings.interval
        self._pace = PartialPace(settings.partial_share, interval)
        self._is_lockstep = lockstep
        self._speeches: list[RunningSpeech] = []
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
                self._speeches.append(RunningSpeech(self._count))
                self._count += 1
                self._begin_after_cut()
                self._pace.begin(event.time + self._settings.interval)  # the first words take twice as long
            case SpeechAudio():
                self._running.audio.append(event)
                if event.voiced and not self._running.is_paused:
                    self._running.voice_end = end_of(event)
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

    def finish(self) -> list[Heard]:
        """Return what the end of the stream makes final: a speech that is still running ends there."""
        if not self._speeches or self._running.end is not None:
            return []
        running = self._running
        heard_to = end_of(running.audio[-1]) if running.audio else running.voice_end
        return self._end(SpeechEnded(min(running.voice_end, heard_to), heard_to))

    def next_request(self) -> Request | None:
        """Return the decode that is most worth making now: finals before partials, old speeches first."""
        for speech in self._speeches:
            if speech.end is not None or (speech.is_paused and not speech.is_covered() and speech.is_spoken()):
                return make_request(speech, is_final=True, is_paced=False)
        if not self._speeches or not self._settings.partials:
            return None
        running = self._speeches[-1]
        if running.is_paused or running.is_covered() or not running.audio:
            return None
        now = end_of(running.audio[-1])
        # Once the last word has faded the final text is begun, although the pause is not certain, nor a partial due.
        is_early = running.has_faded()
        is_due = self._pace.is_quick if is_early else self._pace.is_due(now)
        if not is_due or not running.is_spoken():
            return None
        if not is_early and (running.is_silent() or running.is_softer() or running.may_be_nobody()):
            return None  # soon the voice goes on, or the word has faded: a partial would be in its way
        self._pace.start(now)
        return make_request(running, is_final=is_early, is_paced=True)

    def add_hypothesis(self, request: Request, found: Hypothesis, duration: float) -> list[Heard]:
        """Take what a request brought, after `duration` seconds, and return the transcripts that it makes."""
        cost = 0.0 if self._is_lockstep else found.cost or duration
        self._pace.spend(cost, 0.0 if self._is_lockstep else duration, is_partial=request.is_paced)
        speech = self._asking(request)
        if speech is None or (found.is_suspect and not request.is_final):
            return []
        speech.covered, speech.final = request.end, believed_text(found, request)
        speech.is_suspect, speech.is_early = found.is_suspect, request.is_paced
        speech.is_unclear, speech.is_doubtful = is_unclear(found, request), found.is_doubtful
        speech.language = found.language or speech.language
        if speech.is_covered() and speech.end:
            return [self._last_transcript(speech)]
        if speech.is_covered() and speech.is_paused:
            return [self._pause_transcript(speech)]
        settled = speech.prefix.add(speech.final, request.end)
        transcript = make_transcript(speech, settled, request.end, is_final=False)
        is_news = f"{transcript.stable}|{transcript.text}" != speech.shown
        speech.shown = f"{transcript.stable}|{transcript.text}"
        return [transcript] if is_news else []

    def add_failure(self, request: Request, message: str) -> list[Heard]:
        """Take the failure of a request: the speech's text is what had been settled of it."""
        speech = self._asking(request)
        if speech is None or not request.is_final:
            return []
        speech.covered, speech.final = max(request.end, speech.voice_end), speech.prefix.settled.stable
        speech.is_early = False
        failed = RecognitionFailed(message, speech.number, request.end)
        if speech.end:
            return [failed, self._last_transcript(speech)]
        return [failed, self._pause_transcript(speech)] if speech.is_paused else [failed]

    @property
    def _running(self) -> RunningSpeech:
        return self._speeches[-1]

    def _asking(self, request: Request) -> RunningSpeech | None:
        """Return the speech that asked, unless it is over, or is no longer what it asked about."""
        speech = next((speech for speech in self._speeches if speech.number == request.speech), None)
        return None if speech is None or speech.has_changed(request) else speech

    def _end(self, event: SpeechEnded) -> list[Heard]:
        speech = self._running
        speech.voice_end = event.time
        speech.end = event
        if event.is_cut:
            speech.audio = [piece for piece in speech.audio if piece.time < event.time - FRAME_SECONDS / 4]
            if speech.covered > event.time + FRAME_SECONDS / 4:
                speech.covered = float("-inf")  # it holds words that belong to the next speech
        if not speech.is_spoken():
            speech.covered, speech.final = event.time, ""
        return [self._last_transcript(speech)] if speech.is_covered() else []

    def _pause_transcript(self, speech: RunningSpeech) -> Transcript:
        settled = speech.prefix.add(speech.final, speech.covered, is_complete=True)
        return make_transcript(speech, settled, speech.covered, is_final=True)

    def _last_transcript(self, speech: RunningSpeech) -> Transcript:
        self._speeches.remove(speech)
        if speech.end is not None and speech.end.is_cut:
            settled, self._carried = speech.prefix.finish_cut(speech.final)
            self._prompt = "" if speech.is_suspect else joined(speech.base, settled.text)
            self._begin_after_cut()
        else:
            settled = speech.prefix.finish(speech.final)
        return make_transcript(speech, settled, max(speech.covered, speech.voice_end), is_final=True)

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
    reading: asyncio.Task[SpeechEvent | Exception | None] | None = None
    decoding: asyncio.Task[_Outcome] | None = None
    request: Request | None = None
    error: Exception | None = None
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
            if decoding is None and reading is None:
                if is_over:
                    break
                came = await _next(speech)  # without a task, which costs as much as all else that silence takes here
            else:
                if reading is None and not is_over and live.has_room:
                    reading = asyncio.create_task(_next(speech))
                waiting = [task for task in (reading, decoding) if task is not None]
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                if reading is None or not reading.done():
                    continue
                came, reading = reading.result(), None
            if came is None or isinstance(came, Exception):
                is_over, error = True, came  # the reader meets it after the transcripts of what was heard before it
                told = live.finish()
            else:
                told = live.add(came)
            for heard in told:
                yield heard
        if error is not None:
            raise error
    finally:
        for task in (reading, decoding):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])


async def _next(speech: AsyncIterator[SpeechEvent]) -> SpeechEvent | Exception | None:
    """Return the next event, what broke the stream, or None at its end."""
    try:
        return await anext(speech, None)
    except Exception as error:  # whatever it is, it is raised again once all that came before it is written down
        return error


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
