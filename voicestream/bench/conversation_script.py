"""What is said in the conversations of the bench."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from voicestream.bench.rehearsal import SpokenPhrase

Line = str | SpokenPhrase
"""What a person says: a text, for a synthesized voice, or the recording of somebody who says it."""

QUESTIONS = (
    "What time is it?",
    "How tall is the Eiffel Tower?",
    "What is the capital of France?",
    "How many people live in Berlin?",
    "Can you tell me a story?",
    "Who wrote the Odyssey?",
    "What is the weather like tomorrow?",
    "How do I boil an egg?",
)
STORY = (
    "Once upon a time there was a small harbour by the northern sea. Every morning the fishermen went out before the "
    "sun was up. An old woman watched them from her window, and counted the sails. One winter the fog came early and "
    "stayed for many weeks. Nobody could see the lighthouse any more, so she hung a lantern on her door. The boats "
    "found their way home by its yellow light. In spring the village gave her a new roof made of red tiles. She "
    "laughed, and said that she had only wanted to read at night. "
)
INTERRUPTIONS = (
    "No, I meant the other one.",
    "Tell me about the mountains instead.",
    "Who was the president back then?",
    "Please set a timer for ten minutes.",
    "Stop.",
    "That is not what I asked.",
    "Wait.",
    "Turn off the kitchen light.",
    "Speak a little louder, please.",
    "What does that mean?",
)
LISTENING = ("Mhm.", "Yeah.", "Okay.", "Uh huh.", "Right.", "I see.")
HALVES = (
    ("I would like to", "book a table for two."),
    ("Can you remind me to", "call my mother tomorrow?"),
    ("So I was", "thinking about the holidays."),
    ("What is the", "fastest way to the station?"),
    ("Put milk, eggs,", "and butter on the list."),
    ("Um", "how far is the moon?"),
    ("I need a recipe with", "rice and beans."),
    ("If it rains tomorrow", "close the windows please."),
    ("Play something by", "Johann Sebastian Bach."),
    ("How long does it take from", "London to Paris?"),
    ("My number is five five two", "nine one four."),
    ("Tell me whether", "the shop is open on Sunday."),
    ("Turn on the lights", "in the kitchen please."),
    ("Wake me up at seven because", "I have to catch a train."),
    ("The meeting is on Monday and", "I want to be there early."),
    ("Could you", "turn it down a little?"),
    ("I think", "we should leave at noon."),
    ("Please write to Anna that", "I will be late."),
    ("Where can I buy", "a good bicycle?"),
    ("Set the temperature to", "twenty one degrees."),
)
"""Sentences with the place where somebody stops to think."""


@dataclass(frozen=True, slots=True)
class Lines:
    """What is said. People's recordings hold only questions and interruptions; all else is synthesized."""

    questions: Sequence[Line] = QUESTIONS
    interruptions: Sequence[Line] = INTERRUPTIONS
    spoken_by: str = "synthesized voices"
