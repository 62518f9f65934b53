"""The cells of the turn-taking table: what an input means in a state. Each changes the Floor and decides actions."""

from __future__ import annotations

from typing import Literal

from voicestream.turns import actions as act
from voicestream.turns.actions import State
from voicestream.turns.backchannels import is_backchannel, is_hesitation
from voicestream.turns.floor import LEAKY, Floor, RunningAnswer
from voicestream.turns.stop_words import is_stop
from voicestream.turns.unfinished import is_unfinished
from voicestream.turns.wake_phrase import after_wake_phrase
from voicestream.turns.words import are_equivalent, bare_words
from voicestream.vocabulary import SpeechEnded, SpeechPaused, SpeechResumed, SpeechStarted, Transcript

MOST_TRIES = 3
"""Speculative answers of one turn; a peer's users saw their bills double without such a limit (livekit/agents#4219)."""
LONGEST_SPECULATION = 10.0
"""Seconds of speech after which nothing is asked ahead: a long turn is likely to go on."""
RESUME_AFTER = 0.45
"""Seconds after a sound over an answer; with one frame of 32 ms more the answer goes on within 0.5 s."""
SURE_WORDS = 2
"""Words of a partial transcript that make an interruption; a single one may be a misheard cough: the final tells."""
FALSE_END = 1.0
"""Seconds after the first sound of an answer in which the user's speech shows that the turn was not over."""
ECHO_BEGINS = 1.0
"""Seconds after the loudspeaker began in which its echo sets off the speech detector."""
ECHO_ENDS = 0.6
"""Seconds after the loudspeaker fell silent in which its echo is over: devices' delay and the room."""


SoundReason = Literal["silence", "backchannel", "echo"]
"""What a sound over an answer was."""


def ignore(floor: Floor, event: object) -> None:
    """Nothing follows."""


# ----------------------------------------------------------------------------------- the user speaks, nobody else


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
    wait = 0.0 if floor.is_released else floor.endpointing.wait(text, floor.words.language)
    if floor.now < floor.voice_end + wait:
        speculate(floor, text)
    elif is_hesitation(text):
        drop_speech(floor)
    else:
        take_turn(floor, text)


def drop_speech(floor: Floor) -> None:
    """Return to where we were: it was a cough, a noise, or the assistant's own voice."""
    floor.end_answer()
    has_words = bool(bare_words(floor.words.text))
    floor.ignore_speech("backchannel" if has_words else "echo" if floor.words.has_echo else "silence")
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
    return is_stop(text, floor.words.language) or is_stop(floor.newly_said(), floor.words.language)


def begin_answer(floor: Floor, text: str, is_speculative: bool) -> None:
    """Ask the model."""
    floor.answer = RunningAnswer(floor.turn, text, is_speculative)
    floor.do(act.BeginAnswer(floor.turn, text, is_speculative))


def hear_late_words(floor: Floor, event: Transcript) -> None:
    """Take up words of a slow recognizer that come when their speech was thought to be nothing."""
    if event.speech >= floor.words.first_speech and bare_words(floor.words.text):
        listen_on(floor, event)


def listen_on(floor: Floor, event: object) -> None:
    """Go on with the user's speech, wherever it stands."""
    floor.state = State.HEARING if floor.is_voiced else State.MAYBE_FINISHED
    if not floor.is_voiced:
        settle(floor, event)


def fall_asleep(floor: Floor, event: object) -> None:
    """Need the wake phrase again after a while."""
    floor.rest()


# ------------------------------------------------------------------------------------- the turn is taken, silent yet


def hold(floor: Floor, event: SpeechStarted | SpeechResumed) -> None:
    """Hold a silent answer back until it is clear whether the user goes on."""
    if floor.rules.listening != "push_to_talk":
        floor.pause_speaker()
        floor.state = State.HELD


def weigh_more_words(floor: Floor, event: Transcript) -> None:
    """Open a taken turn again when the user said more before the answer sounded; both halves are one turn."""
    more = floor.newly_said()
    language = floor.words.language
    is_more = not is_hesitation(more) and not is_backchannel(more, language) and is_sure(floor, event, more)
    if event.speech < floor.words.first_speech or floor.answer is None:
        return
    if is_more:
        floor.do(act.CancelAnswer(floor.answer.turn))
        floor.learn_pause()
        floor.endpointing.ended_falsely()
        reopen(floor, event)
    elif floor.state is State.HELD and floor.is_understood:
        floor.taken = floor.words.text
        go_on_answering(floor, "backchannel" if bare_words(more) else "silence")


def reopen(floor: Floor, event: object) -> None:
    """Gather the taken turn further."""
    floor.answer = None
    floor.reopened, floor.taken = floor.taken or "", None
    listen_on(floor, event)


def go_on_answering(floor: Floor, reason: act.ResumeReason) -> None:
    """Let the held answer go on."""
    floor.resume_speaker(reason)
    if floor.answer is not None and floor.answer.is_sounding:
        sound(floor)
    else:
        floor.state = State.ANSWERING


def wait_held(floor: Floor, event: object) -> None:
    """Let the held answer go on when the sound is over and no words came of it."""
    if not floor.is_voiced and floor.now >= floor.voice_end + RESUME_AFTER:
        go_on_answering(floor, "silence")


def begin_sounding(floor: Floor, event: act.AnswerSounding) -> None:
    """Close the user's turn: what they say from now on is a new one."""
    if floor.answer is not None and floor.answer.turn == event.turn:
        floor.answer = RunningAnswer(event.turn, floor.answer.text, is_speculative=False, is_sounding=True)
        sound(floor)


def sound_held(floor: Floor, event: act.AnswerSounding) -> None:
    """Remember that a block of the answer got out before the loudspeaker was paused: nobody heard a word."""
    if floor.answer is not None and floor.answer.turn == event.turn:
        floor.answer = RunningAnswer(event.turn, floor.answer.text, is_speculative=False, is_sounding=True)


def sound(floor: Floor) -> None:
    """Speak."""
    floor.close_speech()
    floor.begin_turn(after=floor.first_unanswered - 1)
    floor.sounding_since = floor.now
    floor.state = State.SPEAKING


def announce(floor: Floor, event: act.AnswerSounding) -> None:
    """Speak without having been asked: an alarm, an error."""
    floor.answer = RunningAnswer(event.turn, "", is_speculative=False, is_sounding=True)
    floor.turn = max(floor.turn, event.turn + 1)
    sound(floor)


def end_silently(floor: Floor, event: act.AnswerEnded) -> None:
    """Be ready again after an answer without a sound."""
    if floor.answer is not None and floor.answer.turn == event.turn:
        floor.answer = None
        floor.close_speech()
        floor.begin_turn(after=floor.first_unanswered - 1)
        floor.stay_awake()
        be_ready(floor, event)


def lose_speculative(floor: Floor, event: act.AnswerEnded) -> None:
    """Forget an answer that failed before it was wanted; it is asked for again when the turn is taken."""
    if floor.answer is not None and floor.answer.turn == event.turn:
        floor.answer = None


def end_held(floor: Floor, event: act.AnswerEnded) -> None:
    """Go on listening: the answer came to nothing, and what is being said belongs to the same turn."""
    if floor.answer is not None and floor.answer.turn == event.turn:
        floor.resume_speaker("ended")
        reopen(floor, event)


# --------------------------------------------------------------------------------------------- the answer sounds


def hear_over_answer(floor: Floor, event: SpeechStarted | SpeechResumed) -> None:
    """Pause for a voice over the answer, unless it may be the answer itself."""
    if not floor.is_deaf_to_speech and not floor.leaks_echo:
        floor.pause_speaker()
        floor.state = State.PAUSED


def notice_no_echo(floor: Floor, event: object) -> None:
    """Trust a voice again, after the loudspeaker has sounded for a while and nothing came back."""
    if not floor.is_voiced and floor.now > max(floor.sounding_since, floor.voice_end) + floor.quiet_needed:
        floor.leaks = 0


def weigh_words_over_answer(floor: Floor, event: Transcript) -> None:
    """Stop for the user's own words; go on after a backchannel, a cough, or the assistant's own words."""
    if floor.is_deaf_to_speech or event.speech < floor.words.first_speech:
        return
    text, language = floor.users_words(event), floor.words.language
    is_called = not text and _is_called(floor, event)
    is_listening_sound = is_backchannel(text, language) or is_hesitation(text)
    if is_called or (not is_listening_sound and is_sure(floor, event, text)):
        interrupt(floor, event)
    elif floor.is_understood:
        reason: SoundReason = "backchannel" if is_listening_sound else "echo" if text != event.text else "silence"
        if reason == "echo" and not text:
            floor.learn_echo(LEAKY)
        if floor.state is State.PAUSED:
            go_on_speaking(floor, reason)
        floor.close_speech()
        floor.ignore_speech(reason)


def _is_called(floor: Floor, event: Transcript) -> bool:
    """Tell whether somebody says the wake phrase."""
    if floor.rules.listening not in ("wake_phrase", "wake_word"):
        return False
    return after_wake_phrase(event.text, floor.rules.wake_phrase) is not None


def is_sure(floor: Floor, event: Transcript, text: str) -> bool:
    """Tell whether the user's words are enough to act on."""
    words = bare_words(text)
    if is_stop(text, floor.words.language) and (event.is_final or floor.state is State.SPEAKING):
        return True
    if floor.words.has_echo or floor.leaks or not event.is_final:  # a misheard echo is one word as a rule
        return len(words) >= SURE_WORDS
    return bool(words)


def interrupt(floor: Floor, event: object) -> None:
    """Stop the answer for good, and listen."""
    if floor.starts.get(floor.speech, floor.now) < floor.sounding_since + FALSE_END:
        floor.endpointing.ended_falsely()
    floor.end_answer()
    listen_on(floor, event)


def go_on_speaking(floor: Floor, reason: SoundReason) -> None:
    """Let the paused answer go on, and learn whether the pause was made for the answer's own sound."""
    began = floor.starts.get(floor.speech, floor.now)
    is_own_sound = began < floor.sounding_since + ECHO_BEGINS and floor.voice_end < floor.silenced_at + ECHO_ENDS
    if reason == "silence":
        floor.learn_echo(floor.leaks + 1 if is_own_sound else 0)
    floor.resume_speaker(reason)
    floor.state = State.SPEAKING


def wait_paused(floor: Floor, event: object) -> None:
    """Let the paused answer go on when the sound is over and no words came of it; late words interrupt it yet."""
    if not floor.is_voiced and floor.now >= floor.voice_end + RESUME_AFTER:
        go_on_speaking(floor, "silence")


def end_speaking(floor: Floor, event: act.AnswerEnded) -> None:
    """Be ready for the next turn, which may have begun over the answer's last words."""
    if floor.answer is None or floor.answer.turn != event.turn:
        return
    floor.answer = None
    floor.endpointing.ended_well()
    floor.stay_awake()
    if not floor.has_speech:
        floor.leaks = 0
    if floor.state is State.PAUSED:
        floor.resume_speaker("ended")
    if floor.is_deaf_to_speech:
        floor.close_speech()
        floor.ignore_speech("not interruptible")
    be_ready(floor, event)


def be_ready(floor: Floor, event: object) -> None:
    """Go on with a speech that began over the answer, or wait for the next one."""
    if floor.has_speech:
        floor.began_over_answer = True
        listen_on(floor, event)
    else:
        floor.rest()


# ------------------------------------------------------------------------------------------- muted, asleep, keys


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
    if floor.rules.listening == "wake_phrase" and _is_called(floor, event):
        wake(floor, event)
    elif floor.is_understood:
        floor.ignore_speech("asleep")


def wake(floor: Floor, event: object) -> None:
    """Wake up; the speech that holds the wake phrase may hold the question too."""
    if floor.rules.listening == "push_to_talk":
        return
    floor.stay_awake()
    floor.play_sound("wake")
    if floor.has_speech:
        listen_on(floor, event)
    else:
        floor.rest()


def answer_call(floor: Floor, event: act.WakeWordHeard) -> None:
    """Stop an answer when the wake word is said over it."""
    floor.stay_awake()
    interrupt(floor, event)


def be_called(floor: Floor, event: act.WakeWordHeard) -> None:
    """Note that the user means the assistant: it is awake already."""
    floor.stay_awake()


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
    floor.rest()


def note_saying(floor: Floor, event: act.Saying) -> None:
    """Remember what the loudspeaker says."""
    floor.guard.said(event.text, event.time, event.time + event.seconds if event.seconds else None)
