"""A speech while it is being heard and written down: its audio, its text so far, and what to decode of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from voicestream.hearing.far_voice import is_far, may_be_far
from voicestream.hearing.pitch import pitch_strength
from voicestream.hearing.stable_prefix import Settled, StablePrefix
from voicestream.hearing.suspicion import is_phantom, plain_words, spoken_words
from voicestream.vocabulary import (
    FRAME_SECONDS,
    SAMPLE_RATE,
    Hypothesis,
    Samples,
    SpeechAudio,
    SpeechEnded,
    SpeechResumed,
    Transcript,
)

TAIL = 0.3
"""Seconds of audio after the last voice that the final decode hears; later noise is none of the speaker's."""

FADING = 0.2
"""Seconds after the last voice in which a word may still fade away, too softly for the detector."""

FADED, FADED_DB, SOFT_DB = 0.3, 6.0, 35.0
"""A frame may hold such a word from this probability of a voice; or from this level above the softest tenth of the
speech, unless it is so far under the loudest tenth."""

SOFTER_DB, SOFTER_SECONDS = 12.0, 0.5
"""How far a frame is under the loudest of the seconds before it where a syllable ends: in people's sentences 86 % of
the last 0.1 s, 26 % of what stands before, and for 0.3 s on end at most."""

PAUSE_KEPT = 0.3
"""Seconds that are kept of each end of a long pause: in the rest of it a recognizer can only find phantoms."""

VOICE_MIN = 0.08
"""Seconds of voice without which nothing is decoded: a click, a breath."""

SURENESS_MIN = 0.55
"""The same for the mean probability of the voiced frames. Measured: noise 0.42–0.51, 65 recordings of people 0.57 and
more (but one digit of 0.13 s), also with noise 5 dB under the voice and at 1 % of the level."""

SURENESS_PITCHED, PITCHED = 0.45, 0.45
"""The same where the voiced frames have so strong a pitch. Measured: what the detector takes for a voice in noise has
0.27 to 0.38, one person whom it half believes 0.41 with noise 5 dB under the voice, and 0.62 with 20 dB."""

UNCLEAR_SECONDS, UNCLEAR_SURENESS, UNCLEAR_WORDS = 1.0, 0.7, 3
"""Seconds of voice, its mean probability, and words that are not believed, from which somebody surely spoke: a cough is
shorter, and what is made of noise is no sentence."""

RESET = 5.0
"""Seconds of audio after which a pause at a sentence's end begins the text anew; what stands before it, stands."""


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
class RunningSpeech:
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
    is_unclear: bool = False
    is_doubtful: bool = False
    is_early: bool = False
    """Whether the last decode began before the pause was certain."""
    shown: str = "|"
    """The last partial, with its stable part."""
    base: str = ""
    """The text of earlier sentences, whose audio is let go."""

    def is_silent(self) -> bool:
        """Whether the last frame holds no voice."""
        return not self.audio[-1].voiced

    def is_softer(self) -> bool:
        """Whether a syllable ends, which may be the last."""
        levels = _levels_db(self.audio[-1 - round(SOFTER_SECONDS / FRAME_SECONDS) :])
        return bool(levels[-1] < levels.max() - SOFTER_DB)

    def is_spoken(self) -> bool:
        """Whether there is voice enough, and near enough, to be worth a decode."""
        voiced = [piece for piece in self.audio if piece.voiced]
        if len(voiced) * FRAME_SECONDS < VOICE_MIN:
            return False
        sureness = float(np.mean([piece.probability for piece in voiced]))
        samples = [piece.samples for piece in voiced]
        is_sure = sureness >= SURENESS_MIN or (sureness >= SURENESS_PITCHED and pitch_strength(samples) >= PITCHED)
        return is_sure and not is_far(samples)

    def may_be_nobody(self) -> bool:
        """Whether it may turn out to be a television far away: then no word may settle yet."""
        return may_be_far([piece.samples for piece in self.audio if piece.voiced])

    def begin_anew(self, event: SpeechResumed) -> None:
        """Let what was said before the pause stand, where a sentence ended there."""
        is_sentence = self.final.endswith((".", "?", "!", "。", "？", "！")) and not self.is_suspect
        if not is_sentence or not self.is_covered() or self.voice_end - self.audio[0].time < RESET:
            return
        self.base = joined(self.base, self.prefix.finish(self.final).text)
        self.prefix, self.final, self.covered = StablePrefix(), "", float("-inf")
        silence = (self.voice_end + event.time) / 2
        self.audio = [piece for piece in self.audio if piece.time >= silence]

    def has_changed(self, request: Request) -> bool:
        """Whether the speech has begun anew since `request`, or was cut before what that one heard."""
        was_cut = self.end is not None and self.end.is_cut and request.end > self.end.time + FRAME_SECONDS / 4
        return was_cut or request.start < self.audio[0].time

    def is_covered(self) -> bool:
        """Whether the last decode that may become final heard all that was said."""
        if self.covered < self.voice_end - FRAME_SECONDS / 4:
            return False
        if self.is_paused and self.is_early and not self.final and not self.is_suspect:
            return False  # it found nothing, not even what cannot be believed: perhaps it began too early
        first, last = self.covered - FRAME_SECONDS / 4, self.voice_end + FADING - FRAME_SECONDS / 4
        unheard = [piece for piece in self.audio if first <= piece.time < last]
        return self.end is not None or self._is_quiet(unheard)

    def has_faded(self) -> bool:
        """Whether the last frame holds nothing of the last word any more.

        In 443 seconds of people's speech that was so 97 times before a pause, and 10 times where the speech went on.
        """
        return self.is_silent() and self._is_quiet(self.audio[-1:])

    def _is_quiet(self, pieces: Sequence[SpeechAudio]) -> bool:
        if not pieces:
            return True
        if any(piece.probability >= FADED for piece in pieces):
            return False
        softest, loudest = np.percentile(_levels_db(self.audio), (10, 90))
        return bool(_levels_db(pieces).max() <= max(softest + FADED_DB, loudest - SOFT_DB))


def make_request(speech: RunningSpeech, *, is_final: bool, is_paced: bool) -> Request:
    pieces = speech.audio
    if is_final and not (speech.end and speech.end.is_cut):
        pieces = [piece for piece in pieces if piece.time < speech.voice_end + TAIL]
    start, end = pieces[0].time, end_of(pieces[-1])
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
    prompt = joined(speech.prompt, speech.base)
    return Request(audio, speech.number, start, end, is_final, is_paced, prompt, tuple(voices), sureness)


def _without_long_pauses(pieces: list[SpeechAudio]) -> list[SpeechAudio]:
    """Return the pieces without the middle of each pause that has a voice before and after it."""
    kept = round(PAUSE_KEPT / FRAME_SECONDS)
    voiced = [index for index, piece in enumerate(pieces) if piece.voiced]
    dropped: set[int] = set()
    for before, after in pairwise(voiced):
        dropped.update(range(before + 1 + kept, after - kept))
    return [piece for index, piece in enumerate(pieces) if index not in dropped]


def believed_text(found: Hypothesis, request: Request) -> str:
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


def is_unclear(found: Hypothesis, request: Request) -> bool:
    """Tell whether somebody surely spoke, but not the words that were found."""
    seconds = sum(end - start for start, end in request.voices)
    is_long = seconds >= UNCLEAR_SECONDS and len(plain_words(found.text)) >= UNCLEAR_WORDS
    return found.is_suspect and is_long and request.sureness >= UNCLEAR_SURENESS


def make_transcript(speech: RunningSpeech, settled: Settled, time: float, *, is_final: bool) -> Transcript:
    text, stable = joined(speech.base, settled.text), joined(speech.base, settled.stable)
    is_nothing_clear = speech.is_unclear and is_final and not text
    is_doubtful = speech.is_doubtful and bool(text)
    return Transcript(text, stable, is_final, time, speech.number, speech.language, is_nothing_clear, is_doubtful)


def _levels_db(pieces: Sequence[SpeechAudio]) -> Samples:
    """Return the level of each; all at once, since it is asked for at each frame of a pause."""
    samples = np.stack([piece.samples for piece in pieces])
    samples -= samples.mean(axis=1, keepdims=True)
    levels: Samples = 10 * np.log10(np.einsum("ij,ij->i", samples, samples) / samples.shape[1] + 1e-12)
    return levels


def joined(before: str, after: str) -> str:
    space = "" if before.endswith(("。", "？", "！")) else " "
    return f"{before}{space}{after}" if before and after else before or after


def end_of(piece: SpeechAudio) -> float:
    return piece.time + len(piece.samples) / SAMPLE_RATE
