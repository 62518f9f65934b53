"""Who has the floor: all that turn taking knows at a moment, and the steps that its transitions are made of."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, Protocol

from voicestream.turns import actions as act
from voicestream.turns.actions import Action, State
from voicestream.turns.echo_guard import EchoGuard
from voicestream.turns.endpointing import Endpointing
from voicestream.turns.spoken_turn import SpokenTurn
from voicestream.turns.wake_phrase import after_wake_phrase
from voicestream.turns.words import bare_words
from voicestream.vocabulary import Transcript

TAKEN_UP = 2
"""Words in a row that the user may take up from the assistant, unless the room is known to echo."""

CALLED = 5.0
"""Seconds at least for which who says the wake phrase may wait before the question."""

LEAKY = 2
"""Pauses in a row for nothing but the loudspeaker's own sound that show that the microphone hears it."""


class TurnRules(Protocol):
    """The settings of turn taking: section `turns` of config.yaml."""

    @property
    def end_of_turn(self) -> float:
        """Seconds of silence that end a turn."""

    @property
    def max_wait(self) -> float:
        """Seconds of silence that end even an unfinished turn."""

    @property
    def interruptible(self) -> bool:
        """Whether speech over an answer stops it."""

    @property
    def speculate(self) -> bool:
        """Whether the model is asked before the end of the turn is certain."""

    @property
    def listening(self) -> Literal["always", "wake_phrase", "wake_word", "push_to_talk"]:
        """When speech counts."""

    @property
    def wake_phrase(self) -> str:
        """What wakes the assistant."""

    @property
    def follow_up(self) -> float:
        """Seconds after an answer in which no wake phrase is needed."""

    @property
    def sounds(self) -> bool:
        """Whether short sounds are played."""


@dataclass(frozen=True, slots=True)
class RunningAnswer:
    """An answer that was begun and is not over."""

    turn: int
    text: str
    """What it answers."""
    is_speculative: bool
    is_sounding: bool = False


@dataclass(slots=True)
class Floor:
    """What is known now; changed by the transitions only."""

    rules: TurnRules
    guard: EchoGuard
    endpointing: Endpointing
    state: State = State.IDLE
    now: float = 0.0
    actions: list[Action] = field(default_factory=list)
    """What was decided since the last input."""

    speech: int = -1
    """Number of the newest speech."""
    starts: dict[int, float] = field(default_factory=dict)
    """Seconds, when the speeches of this turn began."""
    is_voiced: bool = False
    """Whether somebody makes a sound now."""
    near: int = 0
    """Frames of the newest speech that hold more than noise and the loudspeaker's echo can be."""
    is_open: bool = False
    """Whether the segmenter would let the newest speech go on."""
    voice_end: float = 0.0
    sound_end: float = 0.0
    """Seconds, when more was heard last than noise and the loudspeaker's echo can be."""
    pause: float = 0.0
    """Seconds, of the silence before the voice went on; 0 once it was learned from."""
    words_before_pause: int = 0

    words: SpokenTurn = field(default_factory=SpokenTurn)
    turn: int = 1
    """Number of the turn that is being gathered, or was taken and may yet go on."""
    taken: str | None = None
    """Text of that turn where it was taken: its answer does not sound yet."""
    taken_speech: int = -1
    """Number of its last speech."""
    reopened: str = ""
    """Text of that turn when it was taken too early."""
    tries: int = 0
    """Speculative answers of that turn."""
    began_over_answer: bool = False
    """Whether the turn's speech began while an answer was heard that is over now."""
    is_released: bool = False
    """Whether the button ended the turn."""
    is_button_down: bool = False
    awake_until: float = -math.inf

    answer: RunningAnswer | None = None
    sounding_since: float = 0.0
    """Seconds, when the loudspeaker began, or went on."""
    silenced_at: float = 0.0
    slipped_at: float = -math.inf
    """Seconds, where the echo turned out to come earlier or later."""
    leaks: int = 0
    """Pauses in a row that were made for nothing but the loudspeaker's own sound."""
    is_near_trusted: bool = True
    """Whether it was the user, the last time that something louder than the echo can be paused an answer by itself."""
    is_room_known: bool = False
    """Whether an answer has sounded for so long that its echo would have been heard."""
    quiet_needed: float = 0.5
    """Seconds of speaking without an echo after which the room is believed not to echo; doubled at each mistake."""

    # ------------------------------------------------------------------------------------------- what follows from it

    @property
    def leaks_echo(self) -> bool:
        """Whether the microphone hears the loudspeaker, so that a voice alone does not tell that the user speaks."""
        return self.leaks >= LEAKY

    @property
    def is_deaf_to_speech(self) -> bool:
        """Whether speech over an answer does not count."""
        return not self.rules.interruptible or self.rules.listening == "push_to_talk"

    @property
    def is_understood(self) -> bool:
        """Whether the voice is silent and all that it said is known."""
        return not self.is_voiced and self.words.is_understood(self.speech, self.voice_end)

    @property
    def first_unanswered(self) -> int:
        """Number of the first speech that is not part of a taken turn, and was not ignored."""
        first = self.words.first_speech
        return first if self.taken is None else max(first, self.taken_speech + 1)

    @property
    def has_speech(self) -> bool:
        """Whether the turn has a speech already."""
        return self.speech >= self.words.first_speech

    def users_words(self, transcript: Transcript) -> str:
        """Return what the user said: the transcript without the wake phrase and what must be an echo."""
        return self._without_own(transcript, longest_kept=0 if self.leaks else TAKEN_UP)

    def surely_users_words(self, transcript: Transcript) -> str:
        """Return the transcript without the wake phrase and without every word that the assistant said too."""
        return self._without_own(transcript, longest_kept=0)

    def has_echo(self, transcript: Transcript) -> bool:
        """Tell whether some of its words may be the assistant's own."""
        start = self.starts.get(transcript.speech, transcript.time)
        text, end = " ".join(transcript.text.split()), transcript.time
        return self.guard.own_words(text, start, end) != text or self.guard.resembles_own(text, start, end)

    def may_be_own(self, words: str, transcript: Transcript) -> bool:
        """Tell whether one of the words of a transcript may be the assistant's, much misheard."""
        start = self.starts.get(transcript.speech, transcript.time)
        return self.guard.resembles_own(words, start, transcript.time)

    def _without_own(self, transcript: Transcript, longest_kept: int) -> str:
        start = self.starts.get(transcript.speech, transcript.time)
        return self.without_call(self.guard.own_words(transcript.text, start, transcript.time, longest_kept))

    def without_call(self, text: str) -> str:
        """Return what was said after the wake phrase; all of it where nobody says that."""
        if self.rules.listening not in ("wake_phrase", "wake_word"):
            return text
        rest = after_wake_phrase(text, self.rules.wake_phrase)
        return text if rest is None else rest

    def is_called(self, transcript: Transcript) -> bool:
        """Tell whether somebody says the wake phrase."""
        if self.rules.listening not in ("wake_phrase", "wake_word"):
            return False
        return after_wake_phrase(transcript.text, self.rules.wake_phrase) is not None

    # --------------------------------------------------------------------------------------------------- small steps

    def do(self, *actions: Action) -> None:
        """Decide."""
        self.actions.extend(actions)

    def play_sound(self, sound: Literal["wake", "end", "error"]) -> None:
        """Play a short sound; who speaks freely needs no receipt, and the sound would come back as echo."""
        if self.rules.sounds and (sound == "error" or self.rules.listening != "always"):
            self.do(act.PlaySound(sound))

    def rest(self) -> None:
        """Wait for the next turn."""
        is_asleep = self.rules.listening != "always" and self.now >= self.awake_until
        self.state = State.ASLEEP if is_asleep else State.IDLE

    def wake_up(self) -> None:
        """Listen for a while, although nobody says the wake phrase again or holds the button."""
        self.awake_until = self.now + max(self.rules.follow_up, CALLED)

    def stay_awake(self) -> None:
        """Need no wake phrase for a while; the button is needed each time."""
        self.awake_until = self.now + (0.0 if self.rules.listening == "push_to_talk" else self.rules.follow_up)

    def learn_echo(self, leaks: int) -> None:
        """Remember so many pauses in a row for nothing but the loudspeaker's own sound."""
        if self.leaks < LEAKY <= leaks:
            self.quiet_needed *= 2
        self.leaks = leaks

    def learn_pause(self) -> None:
        """Learn how long this user pauses in the midst of a turn, once words show that it was one."""
        if self.pause and len(bare_words(self.words.text)) > self.words_before_pause > 0:
            self.endpointing.went_on(self.pause)
            self.pause = 0.0

    def close_speech(self) -> None:
        """Let whatever is said from now on be a new speech."""
        if self.is_open:
            self.do(act.CloseSpeech())
            self.is_open = False

    def ignore_speech(self, reason: act.IgnoreReason) -> None:
        """Let nothing come of what was said and not answered so far; do not tell what was said to others."""
        if self.speech >= self.first_unanswered:
            self.do(act.SpeechIgnored(reason, "" if reason in ("asleep", "muted") else self.newly_said()))
        self.begin_turn(after=self.speech)

    def begin_turn(self, after: int, lead: str = "") -> None:
        """Gather a new turn: the speeches up to number `after` belong to the past."""
        if self.taken is not None:
            self.turn += 1
        self.taken = None
        self.reopened = ""
        self.began_over_answer = False
        self.tries = 0
        self.is_released = False
        self.words.begin_after(after, lead)
        self.starts = {number: start for number, start in self.starts.items() if number >= after}

    def end_answer(self) -> None:
        """Stop the running answer, if there is one: for good where its turn was taken, else without a trace."""
        if self.answer is not None:
            cancelled = self.answer.is_speculative
            self.do(act.CancelAnswer(self.answer.turn) if cancelled else act.Interrupt(self.answer.turn))
            self.guard.silenced(self.now)
            self.answer = None

    def pause_speaker(self) -> None:
        """Fall silent until it is clear what the sound is."""
        self.do(act.PauseSpeaker())
        self.guard.silenced(self.now)
        self.silenced_at = self.now

    def resume_speaker(self, reason: act.ResumeReason) -> None:
        """Let the loudspeaker go on."""
        self.do(act.ResumeSpeaker(reason))
        self.guard.resumed(self.now)
        self.sounding_since = self.now

    def newly_said(self) -> str:
        """Return what was said since the turn was taken; all of it where it was not."""
        count = len(bare_words(self.taken or self.reopened))
        return self.words.text if not count else " ".join(bare_words(self.words.text)[count:])
