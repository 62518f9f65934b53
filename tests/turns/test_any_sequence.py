"""Laws that hold for any sequence of inputs: a legal state, one answer, no speech lost."""

from __future__ import annotations

import random

import pytest
from conversation import FRAME, Conversation, saying

from voicestream.config import Turns
from voicestream.turns import actions as act
from voicestream.turns.actions import Action, State
from voicestream.vocabulary import RecognitionFailed, Silence, SpeechAudio, SpeechEnded, SpeechPaused, Transcript


class Room:
    """Plays random inputs as a hearing stage and an assistant could, and keeps the books on what is decided."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        rules = Turns(
            listening=self.random.choice(("always", "always", "wake_phrase", "wake_word", "push_to_talk")),
            interruptible=self.random.random() < 0.8,
            speculate=self.random.random() < 0.8,
        )
        self.talk = Conversation(rules)
        self.answer: tuple[int, str] | None = None
        self.is_paused = False
        self.unsettled: set[int] = set()
        self.finals_due: list[int] = []
        self.is_voiced = False

    def step(self) -> None:
        choices = [self.tick] * 6 + [self.key, self.voice, self.voice, self.voice, self.text, self.assistant, self.say]
        self.random.choice(choices)()

    def tick(self) -> None:
        self.feed(self.talk.wait(self.random.choice((0.032, 0.3, 1.0))))

    def key(self) -> None:
        kind = self.random.choice(
            (
                act.Typed,
                act.StopPressed,
                act.ButtonPressed,
                act.ButtonReleased,
                act.Muted,
                act.Unmuted,
                act.WakeWordHeard,
            )
        )
        event = act.Typed("Hello there.", self.talk.now) if kind is act.Typed else kind(self.talk.now)
        self.feed(self.talk.add(event))

    def say(self) -> None:
        self.feed(self.talk.add(saying("It is five o'clock.", self.talk.now, 1.0)))

    def voice(self) -> None:
        talk = self.talk
        if not talk.is_open:
            self.is_voiced = True
            self.unsettled.add(talk.speech + 1)
            self.feed(talk.start())
        elif self.is_voiced:
            self.is_voiced = False
            talk.now += self.random.choice((0.1, 1.0))
            self.feed(talk.pause())
        elif self.random.random() < 0.5:
            self.is_voiced = True
            self.feed(talk.resume())
        else:
            self.close()

    def close(self) -> None:
        if self.talk.is_open:
            if self.is_voiced:
                self.talk.voice_end = self.talk.now
                self.is_voiced = False
            self.feed(self.talk.end())
            self.finals_due.append(self.talk.speech)

    def text(self) -> None:
        talk = self.talk
        text = self.random.choice(
            ("", "mhm", "What time is it?", "stop", "and", "five o'clock", "hey computer", "hey computer what is new")
        )
        if self.finals_due:
            speech = self.finals_due.pop(0)
            if self.random.random() < 0.1:
                self.feed(talk.add(RecognitionFailed("It is broken.", speech, talk.now)))
                text = ""
            self.feed(talk.add(self.transcript(text, True, speech)))
        elif talk.is_open:
            self.feed(talk.add(self.transcript(text, not self.is_voiced, talk.speech)))

    def transcript(self, text: str, is_final: bool, speech: int) -> Transcript:
        is_unclear = is_final and not text and self.random.random() < 0.5
        is_doubtful = bool(text) and self.random.random() < 0.3
        return Transcript(text, text, is_final, self.talk.now, speech, is_unclear=is_unclear, is_doubtful=is_doubtful)

    def assistant(self) -> None:
        if self.answer is None:
            return
        turn, phase = self.answer
        if phase == "committed" and not self.is_paused:
            self.answer = (turn, "sounding")
            self.feed(self.talk.add(act.AnswerSounding(turn)))
        elif phase in ("sounding", "committed") and self.random.random() < 0.5:
            self.answer = None
            self.feed(self.talk.add(act.AnswerEnded(turn)))

    def feed(self, actions: list[Action]) -> None:
        """Perform what was decided, and check each step."""
        is_closing = False
        for action in actions:
            match action:
                case act.BeginAnswer(turn, _, is_speculative):
                    assert self.answer is None, "two answers at once"
                    self.answer = (turn, "speculative" if is_speculative else "committed")
                case act.CommitAnswer(turn):
                    assert self.answer == (turn, "speculative")
                    self.answer = (turn, "committed")
                case act.CancelAnswer(turn):
                    assert self.answer is not None
                    assert self.answer[0] == turn
                    self.answer, self.is_paused = None, False
                case act.Interrupt(turn):
                    assert self.answer is not None
                    assert self.answer[0] == turn
                    assert self.answer[1] != "speculative"
                    self.answer, self.is_paused = None, False
                case act.PauseSpeaker():
                    assert not self.is_paused
                    self.is_paused = True
                case act.ResumeSpeaker():
                    assert self.is_paused
                    self.is_paused = False
                case act.TurnTaken() | act.StopAll() | act.SpeechIgnored():
                    self.unsettled = {speech for speech in self.unsettled if speech > self.talk.speech}
                case act.CloseSpeech():
                    assert self.talk.is_open
                    is_closing = True
                case _:
                    pass
        state = self.talk.state
        assert self.is_paused == (state in (State.HELD, State.PAUSED))
        if state in (State.ANSWERING, State.HELD, State.SPEAKING, State.PAUSED):
            assert self.answer is not None
            assert self.answer[1] != "speculative"
        if is_closing:
            self.close()

    def settle(self) -> None:
        """Let everything come to rest."""
        for _ in range(4):
            self.close()
            while self.finals_due:
                self.text()
            self.tick()
            self.feed(self.talk.wait(2.5))
            if self.answer is not None:
                turn, self.answer = self.answer[0], None
                self.feed(self.talk.add(act.AnswerEnded(turn)))
            self.feed(self.talk.add(act.ButtonReleased(self.talk.now)))


@pytest.mark.parametrize("seed", range(600))
def test_any_sequence_leaves_a_legal_state_one_answer_and_no_speech_lost(seed: int) -> None:
    room = Room(seed)
    for _ in range(150):
        room.step()
    room.settle()
    assert room.talk.state in (State.IDLE, State.ASLEEP, State.MUTED)
    assert not room.unsettled
    assert room.talk.turn_taking.is_quiet


@pytest.mark.parametrize("seed", range(100))
def test_no_input_at_all_out_of_any_order_breaks_the_machine(seed: int) -> None:
    chance = random.Random(seed)
    talk = Conversation()
    for _ in range(600):
        time = talk.now = talk.now + chance.random()
        number = chance.randrange(-1, 5)
        talk.add(
            chance.choice(
                (
                    Silence(time),
                    SpeechAudio(FRAME, time, chance.random() < 0.5, has_slipped=chance.random() < 0.1),
                    SpeechPaused(time - 0.2, time),
                    SpeechEnded(time - 0.2, time, chance.random() < 0.3),
                    Transcript("and stop", "", chance.random() < 0.5, time, number),
                    act.AnswerSounding(number),
                    act.AnswerEnded(number),
                    act.Typed("Hello."),
                    act.ButtonPressed(time),
                    act.ButtonReleased(time),
                    act.Muted(time),
                    act.Unmuted(time),
                )
            )
        )
        if chance.random() < 0.3:
            talk.start() if chance.random() < 0.5 else talk.resume()
        assert talk.state in State
