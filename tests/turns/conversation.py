"""A hand that plays the inputs of turn taking, with the times kept."""

from __future__ import annotations

import numpy as np

from voicestream.config import Turns
from voicestream.speaking.word_times import estimate_words
from voicestream.turns import actions as act
from voicestream.turns.actions import Action, State
from voicestream.turns.turn_taking import TurnTaking
from voicestream.vocabulary import (
    FRAME_SAMPLES,
    FRAME_SECONDS,
    Silence,
    SpeechAudio,
    SpeechEnded,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    Transcript,
)

FRAME = np.zeros(FRAME_SAMPLES, np.float32)


class Conversation:
    """Feeds a TurnTaking as the hearing stage would, and collects what it decides."""

    def __init__(self, rules: Turns | None = None) -> None:
        self.turn_taking = TurnTaking(rules or Turns())
        self.now = 1.0
        self.speech = -1
        self.voice_end = 0.0
        self.is_open = False
        self.actions: list[Action] = []

    @property
    def state(self) -> State:
        return self.turn_taking.state

    def add(self, event: act.Input) -> list[Action]:
        """Feed one input and return what follows."""
        actions = self.turn_taking.add(event)
        self.actions += actions
        return actions

    def taken(self) -> list[Action]:
        """Return what was decided since the last call, the shown states left out."""
        actions, self.actions = self.actions, []
        return [action for action in actions if not isinstance(action, act.ChangeState)]

    def start(self) -> list[Action]:
        """A voice begins."""
        self.speech += 1
        self.is_open = True
        self.now += 0.1
        return self.add(SpeechStarted(self.now - 0.1, self.now))

    def resume(self) -> list[Action]:
        """The voice goes on."""
        self.now += 0.1
        return self.add(SpeechResumed(self.now - 0.1, self.now))

    def words(self, text: str, seconds: float = 0.5) -> list[Action]:
        """A partial transcript arrives, after so many seconds of voice."""
        self.now += seconds
        self.add(SpeechAudio(FRAME, self.now - FRAME_SECONDS))
        return self.add(Transcript(text, "", False, self.now, self.speech))

    def near(self, count: int) -> None:
        """So many frames hold more than noise and the loudspeaker's echo can be."""
        for _ in range(count):
            self.add(SpeechAudio(FRAME, self.now, is_near=True))

    def pause(self) -> list[Action]:
        """The voice falls silent; 0.2 s later that is certain."""
        self.voice_end = self.now
        self.now += 0.2
        return self.add(SpeechPaused(self.voice_end, self.now))

    def final(self, text: str, language: str = "", *, is_doubtful: bool = False) -> list[Action]:
        """The final transcript of all up to the pause arrives."""
        return self.add(Transcript(text, text, True, self.voice_end, self.speech, language, is_doubtful=is_doubtful))

    def unclear(self) -> list[Action]:
        """The final transcript arrives, of words that are not believed, though somebody spoke."""
        return self.add(Transcript("", "", True, self.voice_end, self.speech, is_unclear=True))

    def wait(self, seconds: float) -> list[Action]:
        """Silence passes, frame by frame."""
        actions: list[Action] = []
        end = self.now + seconds
        while self.now < end - 1e-9:
            self.now += FRAME_SECONDS
            tick = SpeechAudio(FRAME, self.now - FRAME_SECONDS, False) if self.is_open else Silence(self.now)
            actions += self.add(tick)
        return actions

    def end(self) -> list[Action]:
        """The segmenter ends the speech."""
        self.is_open = False
        return self.add(SpeechEnded(self.voice_end, self.now))

    def say(self, text: str, seconds: float = 1.0) -> list[Action]:
        """The user says all of it, and falls silent; the final text is there at once."""
        return [*self.start(), *self.words(text, seconds), *self.pause(), *self.final(text)]

    def ask(self, text: str = "What time is it?") -> list[Action]:
        """The user asks, and the turn is taken."""
        return [*self.say(text), *self.wait(2.2)]

    def sound(self, turn: int = 1) -> list[Action]:
        """The answer begins to sound."""
        actions = self.add(act.AnswerSounding(turn))
        if act.CloseSpeech() in actions:
            self.end()
        return actions

    def talk_over(self, text: str = "", seconds: float = 0.3) -> list[Action]:
        """Somebody makes a sound over the answer, understood as `text`."""
        actions = [*self.start(), *self.words("", seconds), *self.pause(), *self.final(text)]
        if act.CloseSpeech() in actions:
            self.end()
        return actions


def in_state(state: State) -> Conversation:
    """Return a conversation that stands in `state` by the shortest way."""
    rules = Turns(listening="wake_phrase") if state is State.ASLEEP else Turns()
    talk = Conversation(rules)
    if state is State.MUTED:
        talk.add(act.Muted())
    if state in (State.HEARING, State.MAYBE_FINISHED):
        talk.start()
        talk.words("What time is")
    if state is State.MAYBE_FINISHED:
        talk.pause()
        talk.final("What time is it?")
    if state in (State.ANSWERING, State.HELD, State.SPEAKING, State.PAUSED):
        talk.ask()
    if state in (State.SPEAKING, State.PAUSED):
        talk.sound()
        talk.wait(2.0)
    if state is State.HELD:
        talk.resume()
    if state is State.PAUSED:
        talk.start()
    talk.taken()
    assert talk.state is state
    return talk


def saying(text: str, start: float, seconds: float) -> act.Saying:
    """Return what the loudspeaker says from `start` on, with the words' times."""
    return act.Saying(text, start, estimate_words(text, seconds))


def kinds(actions: list[Action]) -> list[str]:
    """Return the names of the actions' types."""
    return [type(action).__name__ for action in actions]
