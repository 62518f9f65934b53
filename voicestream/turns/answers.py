"""Cells of the turn-taking table for a taken turn: its answer is silent yet, or sounds, and somebody may speak over it.

Each changes the Floor and decides actions.
"""

from __future__ import annotations

from typing import Literal

from voicestream.turns import actions as act
from voicestream.turns.actions import State
from voicestream.turns.backchannels import is_backchannel, is_hesitation
from voicestream.turns.floor import LEAKY, Floor, RunningAnswer
from voicestream.turns.stop_words import is_stop
from voicestream.turns.users_turn import be_ready, listen_on
from voicestream.turns.words import bare_words
from voicestream.vocabulary import SpeechResumed, SpeechStarted, Transcript

RESUME_AFTER = 0.27
"""Seconds after a sound over an answer, whose end a room and a detector make late by up to 0.21 s: the answer shall go
on within 0.5 s. Words that come later still interrupt."""
WORDS_AFTER = 1.0
"""The same, at most, where words were heard that may be the user's: their final text is being made, and tells."""
LONGEST_PAUSE = 4.0
"""Seconds for which a sound without words holds an answer up: singing, a crying child or a saw may go on for ever."""
SURE_WORDS = 2
"""Words of a partial transcript that make an interruption; a single one may be a misheard cough: the final tells."""
SURE_SHARE = 0.15
"""Share of a transcript with echo that must be the user's words: in a long echo some words are misheard."""
MOSTLY = 0.5
"""Share of a final text from which one word alone is the user's, if it is like none of the assistant's: of two words
the other one may be the assistant's by chance, as "timer" is of "time there"."""
NEAR = 4
"""Frames in which more is heard than noise and echo, from which one such word is the user's whatever else is heard. In
simulated rooms people have 4 and more, what is left of the echo 2 or 3 as a rule."""
FALSE_END = 1.0
"""Seconds after the first sound of an answer in which the user's speech shows that the turn was not over."""
LONGEST_ECHO = 5.0
"""Seconds of a speech that is nothing but echo, after which it is closed: the longer it is, the more is misheard."""
ECHO_BEGINS = 1.0
"""Seconds after the loudspeaker began in which its echo sets off the speech detector."""
ECHO_ENDS = 0.6
"""Seconds after the loudspeaker fell silent in which its echo is over: devices' delay and the room."""
SLIP = 0.3
"""Seconds that pass at most before an echo that slips is found, and until it is cancelled again and over."""


SoundReason = Literal["silence", "backchannel", "echo"]
"""What a sound over an answer was."""


# ------------------------------------------------------------------------------------------------- silent yet


def hold(floor: Floor, event: SpeechStarted | SpeechResumed) -> None:
    """Hold a silent answer back until it is clear whether the user goes on."""
    if floor.rules.listening != "push_to_talk":
        floor.pause_speaker()
        floor.state = State.HELD


def weigh_more_words(floor: Floor, event: Transcript) -> None:
    """Open a taken turn again when the user said more before the answer sounded; both halves are one turn."""
    if event.speech < floor.words.first_speech or floor.answer is None or floor.rules.listening == "push_to_talk":
        return
    more = floor.newly_said()
    is_more = not _is_listening_sound(floor, more) and is_sure(floor, event, more)
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
    """Let the held answer go on when the sound is over, or too long, and no words came of it."""
    if is_waited_for(floor):
        go_on_answering(floor, "silence")


def is_waited_for(floor: Floor) -> bool:
    """Tell whether a sound has had its time to become words, and its words to become final."""
    if floor.is_voiced:
        return floor.now >= floor.silenced_at + LONGEST_PAUSE
    if floor.now >= floor.voice_end + WORDS_AFTER:
        return True
    has_faded = floor.now >= max(floor.voice_end, floor.sound_end) + RESUME_AFTER
    return has_faded and not _is_final_awaited(floor)


def _is_final_awaited(floor: Floor) -> bool:
    """Tell whether words were heard that may be the user's, and their final text is not in."""
    text = floor.words.sure_text
    return bool(text) and not _is_listening_sound(floor, text) and not floor.is_understood


def _is_listening_sound(floor: Floor, text: str) -> bool:
    """Tell whether the user only shows that they listen, or think."""
    return is_backchannel(text, floor.words.language) or is_hesitation(text)


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
        if event.is_failed:
            floor.play_sound("error")
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


# -------------------------------------------------------------------------------------------------- it sounds


def hear_over_answer(floor: Floor, event: SpeechStarted | SpeechResumed) -> None:
    """Pause for a voice over the answer, unless it may be the answer itself."""
    if not floor.is_deaf_to_speech and not floor.leaks_echo:
        _pause(floor)


def hear_on_over_answer(floor: Floor, event: object) -> None:
    """Pause for a voice that may have been the answer itself, and turns out louder than that."""
    is_somebody = floor.is_voiced and floor.near >= NEAR and floor.is_near_trusted
    if is_somebody and floor.leaks_echo and not floor.is_deaf_to_speech:
        floor.is_near_trusted = False  # until words tell
        _pause(floor)
    else:
        notice_no_echo(floor, event)


def _pause(floor: Floor) -> None:
    floor.pause_speaker()
    floor.state = State.PAUSED


def notice_no_echo(floor: Floor, event: object) -> None:
    """Trust a voice again, after the loudspeaker has sounded for a while and nothing came back."""
    quiet = 0.0 if floor.is_voiced else floor.now - max(floor.sounding_since, floor.voice_end)
    if quiet > floor.quiet_needed:
        floor.leaks = 0
    if quiet > max(floor.quiet_needed, ECHO_BEGINS):
        floor.is_room_known = True


def weigh_words_over_answer(floor: Floor, event: Transcript) -> None:
    """Stop for the user's own words, even unclear ones; go on after a backchannel, a cough, or the assistant's own."""
    if event.speech < floor.words.first_speech:
        return
    if floor.is_deaf_to_speech:
        if floor.is_understood:
            floor.close_speech()
            floor.ignore_speech("not interruptible")
        return
    if _is_slip(floor):
        if floor.is_understood:
            _go_on_after(floor, "echo")
            floor.ignore_speech("echo")
        return
    text, language = floor.surely_users_words(event), floor.words.language
    is_called = not text and floor.is_called(event)
    is_listening_sound = _is_listening_sound(floor, text)
    is_first_echo = _is_first_echo(floor)
    is_doubted = event.is_doubtful and not _has_outlived_echo(floor)
    is_believed = is_stop(text, language) or not (is_first_echo or is_doubted)
    if is_called or (not is_listening_sound and is_believed and is_sure(floor, event, text)):
        if is_called:
            floor.wake_up()
        interrupt(floor, event)
    elif event.is_unclear and _has_outlived_echo(floor):
        interrupt(floor, event)
        floor.play_sound("error")
    elif floor.is_understood or (floor.state is State.SPEAKING and _is_long(floor, event)):
        reason: SoundReason = "backchannel" if is_listening_sound else "echo" if text != event.text else "silence"
        if reason == "echo" and not text:
            floor.learn_echo(LEAKY)
        _go_on_after(floor, reason)
        why_words = "echo" if is_first_echo else "unclear" if is_doubted else reason
        floor.ignore_speech(why_words if text and reason == "silence" else reason)


def _go_on_after(floor: Floor, reason: SoundReason) -> None:
    """Let a paused answer go on, and take what sounds next for a new speech."""
    if floor.state is State.PAUSED:
        go_on_speaking(floor, reason)
    floor.close_speech()


def _is_long(floor: Floor, event: Transcript) -> bool:
    """Tell whether nothing but echo is being heard for so long that it had better be cut."""
    return floor.now > floor.starts.get(event.speech, floor.now) + LONGEST_ECHO


def is_sure(floor: Floor, event: Transcript, text: str) -> bool:
    """Tell whether the user's words are enough to act on."""
    words, all_words = bare_words(text), bare_words(event.text)
    if is_stop(text, floor.words.language) and (event.is_final or floor.state is State.SPEAKING):
        return True
    is_unlike = not floor.may_be_own(text, event)
    is_near = is_unlike and floor.near >= NEAR
    is_theirs = (
        _has_outlived_echo(floor) or (is_unlike and len(words) >= MOSTLY * len(all_words)) or not floor.has_echo(event)
    )
    is_clear = event.is_final and (is_near or (is_theirs and not floor.leaks))
    needed = 1 if is_clear else SURE_WORDS  # a misheard echo is one word as a rule, and dies with the loudspeaker
    return len(words) >= max(needed, SURE_SHARE * len(all_words))


def _has_outlived_echo(floor: Floor) -> bool:
    """Tell whether the voice went on when the loudspeaker had been paused for it, and the echo was over."""
    is_paused_for_it = floor.silenced_at >= floor.starts.get(floor.speech, floor.now)
    is_in_silence = floor.state is State.PAUSED or floor.voice_end < floor.sounding_since
    return is_paused_for_it and is_in_silence and floor.voice_end >= floor.silenced_at + ECHO_ENDS


def _is_first_echo(floor: Floor) -> bool:
    """Tell whether the newest speech is the answer's own sound in a room that is not known yet, whatever its words."""
    return not floor.is_room_known and floor.near < NEAR and _is_own_sound(floor)


def _is_slip(floor: Floor) -> bool:
    """Tell whether the newest speech is an echo that slipped: it began just before that was found, and was over then.

    The tail of a sound that the canceller had in the wrong place makes one word or two, such as "Hello."
    """
    began = floor.starts.get(floor.speech, floor.now)
    heard_to = floor.now if floor.is_voiced else floor.voice_end
    return began <= floor.slipped_at <= began + SLIP and heard_to <= floor.slipped_at + SLIP


def _is_own_sound(floor: Floor) -> bool:
    """Tell whether the newest speech came with the sound of the loudspeaker, and went when that was paused for it."""
    began = floor.starts.get(floor.speech, floor.now)
    heard_to = floor.now if floor.is_voiced else floor.voice_end
    has_come = began < floor.sounding_since + ECHO_BEGINS
    has_gone = began < floor.silenced_at and heard_to < floor.silenced_at + ECHO_ENDS
    return has_come and has_gone


def interrupt(floor: Floor, event: object) -> None:
    """Stop the answer for good, and listen."""
    if floor.starts.get(floor.speech, floor.now) < floor.sounding_since + FALSE_END:
        floor.endpointing.ended_falsely()
    floor.is_near_trusted = True
    floor.end_answer()
    listen_on(floor, event)


def go_on_speaking(floor: Floor, reason: SoundReason) -> None:
    """Let the paused answer go on, and learn whether the pause was made for the answer's own sound."""
    floor.is_near_trusted |= reason == "backchannel"
    if reason == "silence":
        floor.learn_echo(floor.leaks + 1 if _is_own_sound(floor) else 0)
    floor.resume_speaker(reason)
    floor.state = State.SPEAKING


def wait_paused(floor: Floor, event: object) -> None:
    """Let the paused answer go on when the sound is over, or too long, and no words came of it; late ones interrupt."""
    if is_waited_for(floor):
        go_on_speaking(floor, "silence")


def end_speaking(floor: Floor, event: act.AnswerEnded) -> None:
    """Be ready for the next turn, which may have begun over the answer's last words."""
    if floor.answer is None or floor.answer.turn != event.turn:
        return
    floor.answer = None
    if event.is_failed:
        floor.play_sound("error")
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
