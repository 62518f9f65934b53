"""The values that flow through voicestream, their units and the constants of its audio.

Frozen values without methods that act. Times named `time` are audio time: samples since the start of the stream,
divided by the rate, so that a recording gives the same result at any speed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:  # numpy takes longer to load than the whole client of a language model, which needs none
    import numpy as np
    from numpy.typing import NDArray

SAMPLE_RATE = 16_000
"""Hertz, of all audio that is listened to."""

FRAME_SAMPLES = 512
"""Samples in a frame: 32 ms, what the speech detector takes at a time."""

FRAME_SECONDS = FRAME_SAMPLES / SAMPLE_RATE

Samples: TypeAlias = "NDArray[np.float32]"
"""Mono audio: float32, shape (n,), range [-1, 1]. The rate stands beside it, or is SAMPLE_RATE."""


# ------------------------------------------------------------------------------------------------ what is heard


@dataclass(frozen=True, slots=True)
class Frame:
    """A piece of the microphone's stream."""

    samples: Samples
    """Shape (FRAME_SAMPLES,), at SAMPLE_RATE."""
    time: float
    """Seconds, of the first sample."""
    captured_at: float = 0.0
    """Seconds of the program's clock when the last sample had been recorded."""
    for_detector: Samples | None = None
    """The same time with the echo suppressed harder, to tell only *whether* somebody speaks; None: `samples`."""
    is_near: bool = False
    """Whether there is more to hear than noise and echo can be: then a little likeness to a voice is enough."""
    has_slipped: bool = False
    """Whether the echo turned out to come earlier or later: what seemed to be more than echo just before was not."""


@dataclass(frozen=True, slots=True)
class Silence:
    """A frame passed in which nobody speaks."""

    time: float
    """Seconds, of the frame's end."""


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """Somebody began to speak."""

    time: float
    """Seconds, where the voice began."""
    noticed: float
    """Seconds, of the end of the frame that made it certain."""


@dataclass(frozen=True, slots=True)
class SpeechAudio:
    """Audio of a running speech: first the pre-roll, then every frame, also those of the pauses in it."""

    samples: Samples
    """Shape (n,), at SAMPLE_RATE."""
    time: float
    """Seconds, of the first sample."""
    voiced: bool = True
    """Whether the detector hears a voice in it."""
    probability: float = 1.0
    """How sure the detector is, 0 to 1."""
    is_near: bool = False
    """Whether there is more in it than noise and the loudspeaker's echo can be."""
    has_slipped: bool = False
    """Whether that was not so just before, though it seemed to be: the echo comes earlier or later than it did."""


@dataclass(frozen=True, slots=True)
class SpeechPaused:
    """The speaker fell silent for a moment (the soft end); the transcript is worth making now."""

    time: float
    """Seconds, where the voice ended."""
    noticed: float
    """Seconds, of the end of the frame that made it certain."""


@dataclass(frozen=True, slots=True)
class SpeechResumed:
    """The speaker goes on after a pause: it is still the same speech."""

    time: float
    noticed: float


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """The speech is over: silence for the set limit, cut at the longest length, or closed by the turn."""

    time: float
    """Seconds, where the voice ended."""
    noticed: float
    is_cut: bool = False
    """True where a long speech was cut at a pause: the next one follows at once and belongs to the same turn."""


SpeechEvent = Silence | SpeechStarted | SpeechAudio | SpeechPaused | SpeechResumed | SpeechEnded


@dataclass(frozen=True, slots=True)
class Word:
    """A recognized word."""

    text: str
    """With its leading space, where the language has one."""
    start: float
    """Seconds from the start of the audio that was recognized."""
    end: float
    probability: float = 1.0


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What a recognizer makes of some audio, on its own."""

    text: str
    words: tuple[Word, ...] = ()
    language: str = ""
    """Two letters, or empty where unknown."""
    is_suspect: bool = False
    """Whether a guard objects to it: it must not be settled, and must not prompt."""
    is_doubtful: bool = False
    """Whether the recognizer itself finds it less likely than clear words are: a cough, or two voices at once."""
    cost: float = 0.0
    """Seconds of a processor core that it took here; 0 where another machine did the work."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """What the running speech says, as far as it is known."""

    text: str
    stable: str
    """The leading part of `text` that will not change any more."""
    is_final: bool
    """True when it covers the speech up to its end or its last pause."""
    time: float
    """Seconds, of the end of the audio that it covers."""
    speech: int
    """Number of the speech (SpeechStarted) that it belongs to, from 0."""
    language: str = ""
    is_unclear: bool = False
    """Whether somebody surely spoke, but the words that were found are not believed; the text is empty then."""
    is_doubtful: bool = False
    """Whether the recognizer doubts its words: they stop no answer that a short sound over it would not stop."""


@dataclass(frozen=True, slots=True)
class RecognitionFailed:
    """The recognizer failed on a speech, whose empty final transcript follows; the listening goes on."""

    message: str
    """One line for a person."""
    speech: int
    """Number of the speech."""
    time: float
    """Seconds, of the end of the audio that should have been recognized."""


Heard = SpeechEvent | Transcript | RecognitionFailed


# --------------------------------------------------------------------------------------------- what is thought


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of the answer, to be spoken."""

    text: str
    is_filler: bool = False
    """True for a word said while a slow tool runs: spoken, but no part of the answer that is remembered."""


@dataclass(frozen=True, slots=True)
class Reasoning:
    """A piece of the model's thinking: never spoken."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model asks for a tool to be run; whole."""

    id: str
    name: str
    arguments: str
    """JSON object."""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """A tool was run."""

    call: ToolCall
    text: str
    is_error: bool = False
    seconds: float = 0.0
    """How long it took."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one request."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0


FinishReason = Literal["stop", "length", "tool_calls", "content_filter", "refusal", "pause", "load", "stopped_early"]


@dataclass(frozen=True, slots=True)
class Finish:
    """The answer is complete; the last part of every stream that did not fail."""

    reason: FinishReason = "stop"
    usage: Usage | None = None
    note: str = ""
    """Why, where the reason alone does not tell; the model's own words where it refused."""
    is_refusal: bool = False
    """True where the model refused in `note` instead of in its text."""
    saved_tokens: int = 0
    """Estimate of the tokens that were not paid for because the answer was stopped early."""


@dataclass(frozen=True, slots=True)
class ModelNotice:
    """Something about the answer that a person should know, and that is no part of it: it waits, or another writes."""

    code: str
    """A short fixed word for it."""
    message: str
    """One line for the screen."""
    spoken: str = ""
    """One short sentence to be said; empty where the screen is enough."""


ModelPart = Delta | Reasoning | ToolCall | ToolResult | ModelNotice | Finish


@dataclass(frozen=True, slots=True)
class Message:
    """One entry of the conversation."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    is_interrupted: bool = False
    """True where `content` is only what was heard of a longer answer."""


@dataclass(frozen=True, slots=True)
class ToolDescription:
    """What a model is told about a tool."""

    name: str
    description: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """JSON schema of the arguments (Any: JSON)."""


# --------------------------------------------------------------------------------------------- what is spoken


@dataclass(frozen=True, slots=True)
class WordMap:
    """Where a spoken word stands in the written text."""

    spoken_start: int
    """Index into Sentence.spoken."""
    spoken_end: int
    written_start: int
    """Index into the whole answer as the model wrote it."""
    written_end: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """A piece of the answer that is spoken in one go: a sentence, or a clause of a long one."""

    index: int
    text: str
    """Exactly as written; the texts of all sentences join to the answer."""
    spoken: str
    """What a person would say for it: no markup, no signs; digits as they are. Empty where nothing is said."""
    start: int = 0
    """Index of `text` in the answer."""
    words: tuple[WordMap, ...] = ()
    ends_sentence: bool = True
    """False where it is a clause and the sentence goes on."""


@dataclass(frozen=True, slots=True)
class WordTime:
    """When a word of the voiced text sounds."""

    start: int
    """Index of its first character in the text given to the voice."""
    end: int
    time: float
    """Seconds from the first sample of the text's audio."""


@dataclass(frozen=True, slots=True)
class Pcm:
    """A piece of a voice's audio."""

    samples: Samples
    rate: int
    """Hertz."""
    words: tuple[WordTime, ...] = ()
    """The words that begin in this piece, or empty where the voice does not tell."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A piece of a sentence's audio at the loudspeaker's rate, ready to be played."""

    sentence: Sentence
    samples: Samples
    words: tuple[WordTime, ...] = ()
    """Times of words of `sentence.spoken`, from the first sample of the sentence."""
    is_last: bool = False


@dataclass(frozen=True, slots=True)
class Played:
    """How much of a sentence has really been heard: samples played, less the device's own delay."""

    sentence: Sentence
    seconds: float
    total: float
    """Seconds of the sentence's audio handed over so far."""
    words: tuple[WordTime, ...] = ()
    is_whole: bool = False
