"""Cells of the turn-taking table for the user's turn: from their first sound until the turn is taken.

Each changes the Floor and decides actions.
"""

from __future__ import annotations

from voicestream.turns import actions as act
from voicestream.turns.actions import State
from voicestream.turns.backchannels import is_backchannel, is_hesitation
from voicestream.turns.floor import Floor, RunningAnswer
from voicestream.turns.stop_words import is_stop
from voicestream.turns.unfinished import is_unfinished
from voicestream.turns.words import are_equivalent, bare_words
from voicestream.vocabulary import (
    RecognitionFailed,
    SpeechEnded,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    Transcript,
)

MOST_TRIES = 3
"""Speculative answers of one turn; a peer's users saw their bills double without such a limit (livekit/agents#4219)."""
LONGEST_SPECULATION = 10.0
"""Seconds of speech after which nothing is asked ahead: a long turn is likely to go on."""


def ignore(floor: Floor, event: object) -> None:
    """Nothing follows."""


def hear_voice(floor: Floor, event: SpeechStarted | SpeechResumed) -> None:
    """Listen to a speech."""
    floor.state = State.HEARING


def hear_pause(floor: Floor, event: SpeechPaused | SpeechEnded) -> None:
    """Think that the turn may be over; a speech that was cut for its length goes on at once."""
    if not (isinstance(event, SpeechEnded) and event.is_cut):
        floor.state = State.MAYBE_FINISHED
        settle(floor, event)


def hear_words(floor: Floor, event: Transcript) -> None:
    """Drop a speculative answer as soon as there are words that it does not know."""
    floor.learn_pause()
    answer, text = floor.answer, floor.words.text
    if answer is None or are_equivalent(text, answer.text):
        return
    if len(bare_words(text)) >= len(bare_words(answer.text)):  # a partial text lags behind the voice
        floor.end_answer()


def notice_silence(floor: Floor, event: object) -> None:
    """Notice that a speech which was cut did not go on."""
    if floor.has_speech and not floor.is_voiced and not floor.is_open:
        floor.state = State.MAYBE_FINISHED
        settle(floor, event)


def settle(floor: Floor, event: object) -> None:
    """Take the turn when its time has come; until then ask the model ahead. Words that say nothing end nothing."""
    if not floor.is_understood or floor.is_button_down:
        return
    text = floor.words.text
    floor.learn_pause()
    if not bare_words(text) or (floor.began_over_answer and is_backchannel(text, floor.words.language)):
        drop_speech(floor)
        return
    wording = floor.words.sure_text if means_stop(floor, text) else text
    wait = 0.0 if floor.is_released else floor.endpointing.wait(wording, floor.words.language)
    if floor.now < floor.voice_end + wait:
        speculate(floor, text)
    elif is_hesitation(text):
        drop_speech(floor)
    else:
        take_turn(floor, text)


def drop_speech(floor: Floor) -> None:
    """Return to where we were: it was a cough, a noise, or the assistant's own voice."""
    floor.end_answer()
    if bare_words(floor.words.text):
        floor.ignore_speech("backchannel")
    elif floor.words.has_echo:
        floor.ignore_speech("echo")
    else:
        floor.ignore_speech("unclear" if floor.words.is_unclear else "silence")
    floor.rest()


def speculate(floor: Floor, text: str) -> None:
    """Ask the model before the end of the turn is certain."""
    answer = floor.answer
    if answer is not None and are_equivalent(answer.text, text):
        return
    floor.end_answer()
    start = min((floor.starts[number] for number in floor.starts if number >= floor.words.first_speech), default=0.0)
    if (
        floor.rules.speculate
        and floor.tries < MOST_TRIES
        and floor.voice_end - start <= LONGEST_SPECULATION
        and not is_unfinished(text, floor.words.language)
        and not means_stop(floor, text)
    ):
        floor.tries += 1
        begin_answer(floor, text, is_speculative=True)


def take_turn(floor: Floor, text: str) -> None:
    """Take the turn: the answer may sound, the prepared one where it answers the same words."""
    answer = floor.answer
    if means_stop(floor, text):
        floor.end_answer()
        floor.close_speech()
        floor.do(act.StopAll(floor.turn, text))
        floor.taken = text
        floor.begin_turn(after=floor.speech)
        floor.stay_awake()
        floor.rest()
        return
    floor.play_sound("end")
    floor.taken, floor.taken_speech = text, floor.speech
    floor.do(act.TurnTaken(floor.turn, text))
    if answer is not None and are_equivalent(answer.text, text):
        floor.do(act.CommitAnswer(floor.turn, text))
        floor.answer = RunningAnswer(floor.turn, text, is_speculative=False)
    else:
        floor.end_answer()
        begin_answer(floor, text, is_speculative=False)
    floor.state = State.ANSWERING


def means_stop(floor: Floor, text: str) -> bool:
    """Tell whether the turn, or what was added to it after it was taken, is nothing but a wish for silence."""
    wordings = (text, floor.newly_said(), floor.words.sure_text)
    return any(is_stop(wording, floor.words.language) for wording in wordings)


def begin_answer(floor: Floor, text: str, is_speculative: bool) -> None:
    """Ask the model."""
    floor.answer = RunningAnswer(floor.turn, text, is_speculative)
    floor.do(act.BeginAnswer(floor.turn, text, is_speculative))


def hear_late_words(floor: Floor, event: Transcript) -> None:
    """Take up words of a slow recognizer that come when their speech was thought to be nothing."""
    if event.speech >= floor.words.first_speech and bare_words(floor.words.text):
        listen_on(floor, event)


def regret(floor: Floor, event: RecognitionFailed) -> None:
    """Let the user know that what they said was not understood for a fault."""
    floor.play_sound("error")


def listen_on(floor: Floor, event: object) -> None:
    """Go on with the user's speech, wherever it stands."""
    floor.state = State.HEARING if floor.is_voiced else State.MAYBE_FINISHED
    if not floor.is_voiced:
        settle(floor, event)


def fall_asleep(floor: Floor, event: object) -> None:
    """Need the wake phrase again after a while."""
    floor.rest()


def be_ready(floor: Floor, event: object) -> None:
    """Go on with a speech that began over the answer, or wait for the next one."""
    if floor.has_speech:
        floor.began_over_answer = True
        listen_on(floor, event)
    else:
        floor.rest()
