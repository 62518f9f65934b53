"""One answer while it lives: its task, what was written, spoken and heard of it, and when.

It knows nothing of devices, models or voices; times are seconds of the events' clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Literal

from voicestream import events as told
from voicestream.events import Event, Events
from voicestream.thinking.history import AnswerRecord, estimate_tokens
from voicestream.thinking.system_prompt import without_moment
from voicestream.vocabulary import Delta, ModelPart, Played, Sentence, Sound, Usage, WordTime

Milestone = Literal["transcript", "turn_confirmed", "first_delta", "first_sentence", "first_audio", "first_sound"]


Source = Callable[[asyncio.Event], AsyncGenerator[ModelPart, None]]
"""Opens the stream of an answer; nothing with effects happens in it before the event is set."""


class Reply:
    """An answer to one turn. Until it is committed it thinks and synthesizes, but nobody hears or sees it."""

    def __init__(self, turn: int, question: str, source: Source, input_tokens: int = 0) -> None:
        """`input_tokens`: estimate of what asking for it costs."""
        self.turn = turn
        self.question = question
        self.source = source
        self.input_tokens = input_tokens
        self.committed = asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        self.record = AnswerRecord()
        self.sentences: list[Sentence] = []
        self.played: list[Played] = []
        self.finish = "stop"
        self.usage: Usage | None = None
        self.unvoiced = 0
        """Sentences that the voice failed to say."""
        self.is_sounding = False
        self.is_interrupted = False
        self.asked_at = 0.0
        """When the user fell silent, or their typed line arrived."""
        self._pieces: list[Delta] = []
        self._made = -1
        self._words: dict[int, list[WordTime]] = {}
        self._milestones: dict[Milestone, float] = {}
        self._untold: list[tuple[Event, float]] = []

    def note(self, part: ModelPart) -> None:
        """Remember a part of the answer."""
        self.record.add(part)
        if isinstance(part, Delta):
            self._pieces.append(part)

    @property
    def is_failed(self) -> bool:
        """Whether something went wrong and nobody heard of it, or nothing of it can be said, as of a smiley."""
        spoken = sum(1 for sentence in self.sentences if sentence.spoken)
        if not self.is_sounding:
            return self.finish == "error" or not spoken
        return 0 < self.unvoiced == spoken

    @property
    def text(self) -> str:
        """All that was written so far, and what was said beside it."""
        return self.record.text()

    def written(self, until: int) -> str:
        """Return what the model wrote of the first `until` characters of `text`, without what was said beside it."""
        kept, place = [], 0
        for piece in self._pieces:
            if not piece.is_filler:
                kept.append(piece.text[: max(until - place, 0)])
            place += len(piece.text)
        return "".join(kept)

    def reach(self, milestone: Milestone, at: float) -> None:
        """Remember the first time that a milestone was reached."""
        self._milestones.setdefault(milestone, at)

    def tell(self, events: Events, event: Event, at: float | None = None) -> None:
        """Publish an event of this reply; before it is committed, keep it until then."""
        at = events.now() if at is None else at
        if self.committed.is_set():
            events.emit(event, at)
        else:
            self._untold.append((event, at))

    def say_beside(self, text: str) -> str:
        """Return `text`, noted as said but as no part of the answer."""
        self.note(Delta(text, is_filler=True))
        return text

    def note_sentence(self, sentence: Sentence, events: Events) -> None:
        """Remember and publish a sentence that is complete."""
        self.reach("first_sentence", events.now())
        self.sentences.append(sentence)
        event = told.SentenceEvent(turn=self.turn, index=sentence.index, text=sentence.text, spoken=sentence.spoken)
        self.tell(events, event)

    def note_sound(self, sound: Sound, events: Events) -> None:
        """Remember its words, and publish the first audio that was made of each sentence."""
        self._words.setdefault(sound.sentence.index, []).extend(sound.words)
        if sound.sentence.index > self._made:
            self._made = sound.sentence.index
            self.reach("first_audio", events.now())
            self.tell(events, told.SynthesizedEvent(turn=self.turn, index=self._made))

    def word_times(self, sentence: Sentence) -> tuple[WordTime, ...]:
        """Return when the words of a sentence sound, as far as its audio is made."""
        return tuple(self._words.get(sentence.index, ()))

    def commit(self, events: Events) -> None:
        """Let the reply be heard and seen: the user's turn is certain."""
        self.committed.set()
        for event, at in self._untold:
            events.emit(event, at)
        self._untold.clear()

    def latency(self) -> told.Latency:
        """Return the seconds from the end of the user's speech to each milestone that was reached."""
        seconds = {name: round(at - self.asked_at, 4) for name, at in self._milestones.items()}
        return told.Latency(turn=self.turn, **seconds)

    def wasted(self) -> told.Wasted:
        """Return the event of a reply that is taken back: nobody heard it."""
        usage = self.usage or Usage(self.input_tokens, estimate_tokens(self.text))
        return told.Wasted(
            turn=self.turn,
            text=without_moment(self.question),
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
        )

    def concluded(self, heard: int) -> told.Answer:
        """Return the event that ends the reply, of whose text the first `heard` characters were heard."""
        usage = self.usage
        tokens = (
            {"input": usage.input_tokens, "output": usage.output_tokens, "cached": usage.cached_tokens} if usage else {}
        )
        return told.Answer(
            turn=self.turn,
            text=self.written(len(self.text)).strip(),
            heard=self.written(heard).strip(),
            finish=self.finish,
            usage=tokens,
        )
