"""Cells of the turn-taking table for what is not said: typed, pressed, muted; and for waking up.

Each changes the Floor and decides actions.
"""

from __future__ import annotations

from voicestream.turns import actions as act
from voicestream.turns.actions import State
from voicestream.turns.answers import announce, begin_sounding, end_silently, interrupt
from voicestream.turns.floor import Floor
from voicestream.turns.users_turn import listen_on, settle, take_turn
from voicestream.vocabulary import Transcript


def mute(floor: Floor, event: act.Muted) -> None:
    """Let the microphone not count; a taken turn is answered."""
    if floor.state in (State.HELD, State.PAUSED):
        floor.resume_speaker("muted")
    if floor.answer is not None and floor.answer.is_speculative:
        floor.end_answer()
    floor.is_button_down = False
    floor.close_speech()
    if floor.taken is None:
        floor.ignore_speech("muted")
    floor.state = State.MUTED


def hear_muted(floor: Floor, event: Transcript) -> None:
    """Forget what was said while muted."""
    if event.is_final and event.speech >= floor.words.first_speech:
        floor.do(act.SpeechIgnored("muted", ""))
        floor.words.begin_after(event.speech, floor.taken or "")


def sound_muted(floor: Floor, event: act.AnswerSounding) -> None:
    """Note that the answer sounds."""
    announce(floor, event) if floor.answer is None else begin_sounding(floor, event)
    floor.state = State.MUTED


def end_muted(floor: Floor, event: act.AnswerEnded) -> None:
    """Note that the answer is over."""
    end_silently(floor, event)
    floor.state = State.MUTED


def unmute(floor: Floor, event: act.Unmuted) -> None:
    """Listen again, but not to what was said meanwhile."""
    floor.close_speech()
    if floor.answer is None:
        floor.ignore_speech("muted")
        floor.stay_awake()
        floor.rest()
        return
    if floor.speech >= floor.first_unanswered:
        floor.do(act.SpeechIgnored("muted", ""))
    floor.words.begin_after(floor.speech, floor.taken or "")
    floor.state = State.SPEAKING if floor.answer.is_sounding else State.ANSWERING


def hear_wake_phrase(floor: Floor, event: Transcript) -> None:
    """Wake up when somebody says the phrase; what else is said is nobody's business."""
    if event.speech < floor.words.first_speech:
        return
    if floor.rules.listening == "wake_phrase" and floor.is_called(event):
        wake(floor, event)
    elif floor.is_understood:
        floor.ignore_speech("asleep")


def wake(floor: Floor, event: object) -> None:
    """Wake up; the speech that holds the wake phrase may hold the question too."""
    floor.wake_up()
    floor.play_sound("wake")
    if floor.has_speech:
        listen_on(floor, event)
    else:
        floor.rest()


def answer_call(floor: Floor, event: act.WakeWordHeard) -> None:
    """Stop an answer when the wake word is said over it."""
    floor.wake_up()
    interrupt(floor, event)


def be_called(floor: Floor, event: act.WakeWordHeard) -> None:
    """Note that the user means the assistant: it is awake already."""
    floor.wake_up()


def press_button(floor: Floor, event: act.ButtonPressed) -> None:
    """Listen, whatever is going on; the turn ends when the button is released."""
    if floor.state is State.ASLEEP:
        floor.close_speech()
        floor.ignore_speech("asleep")
    if floor.answer is not None and not floor.answer.is_speculative:
        floor.end_answer()
        if floor.taken is not None:
            floor.close_speech()
            floor.begin_turn(after=floor.taken_speech)
        elif floor.is_deaf_to_speech:
            floor.close_speech()
            floor.ignore_speech("not interruptible")
    floor.is_button_down = True
    floor.is_released = False
    floor.state = State.HEARING


def release_button(floor: Floor, event: act.ButtonReleased) -> None:
    """Take what was said as the turn."""
    if not floor.is_button_down:
        return
    floor.is_button_down = False
    if not floor.has_speech:
        floor.rest()
        return
    floor.close_speech()
    floor.is_released = True
    floor.state = State.MAYBE_FINISHED
    settle(floor, event)


def let_go_button(floor: Floor, event: act.ButtonReleased) -> None:
    """Note that the button is up."""
    floor.is_button_down = False


def take_typed(floor: Floor, event: act.Typed) -> None:
    """Take a typed turn at once; it stands for whatever was being said."""
    text = event.text.strip()
    if not text:
        return
    is_muted = floor.state is State.MUTED
    floor.end_answer()
    floor.close_speech()
    floor.ignore_speech("typed")
    floor.begin_turn(floor.speech, lead=text)
    take_turn(floor, text)
    if is_muted:
        floor.state = State.MUTED


def stop_all(floor: Floor, event: act.StopPressed) -> None:
    """Be silent at once."""
    state = floor.state
    floor.end_answer()
    floor.close_speech()
    floor.ignore_speech("stopped")
    floor.do(act.StopAll(floor.turn, ""))
    floor.is_button_down = False
    if state is State.MUTED:
        return
    if state is not State.ASLEEP:
        floor.stay_awake()
    floor.rest()


def note_saying(floor: Floor, event: act.Saying) -> None:
    """Remember what the loudspeaker says."""
    floor.guard.said(event.text, event.time, event.words)
