"""The offline assistant: what is said to it, and what it answers. It is Sunday, November 22, 2026, half past ten."""

from __future__ import annotations

import asyncio
import json

import pytest
from offline_talk import START, OfflineTalk

from voicestream.thinking.offline_assistant import CONNECT_A_MODEL, OfflineAssistant
from voicestream.thinking.system_prompt import with_moment
from voicestream.vocabulary import Delta, Finish, Message, ModelPart, ToolCall

ANSWERS = {
    "what time is it": "It's 10:30 PM.",
    "What's the time, please?": "It's 10:30 PM.",
    "could you tell me what time it is": "It's 10:30 PM.",
    "do you know what time it is": "It's 10:30 PM.",
    "um what time is it now": "It's 10:30 PM.",
    "What is today's date?": "Today is Sunday, November 22, 2026.",
    "whats the date": "Today is Sunday, November 22, 2026.",
    "what day is it": "Today is Sunday, November 22, 2026.",
    "what day is tomorrow": "Tomorrow is Monday, November 23, 2026.",
    "what was yesterday's date": "I can't",
    "what day is it on friday": "Friday is November 27, 2026.",
    "what year is it": "It's 2026.",
    "which week is it": "It's week 47 of the year.",
    "set a timer for five minutes": "Timer set for 5 minutes.",
    "Set a timer for 3 hours and 10 minutes.": "Timer set for 3 hours and 10 minutes.",
    "could you please set a timer for an hour and a half": "Timer set for 1 hour and 30 minutes.",
    "set timer for two and a half minutes": "Timer set for 2 minutes and 30 seconds.",
    "create a timer for 5 and a half minutes": "Timer set for 5 minutes and 30 seconds.",
    "set a timer four five minutes": "Timer set for 5 minutes.",
    "set a timer for for minutes": "Timer set for 4 minutes.",
    "set a timer for to minutes": "Timer set for 2 minutes.",
    "set a timer for 1:30": "Timer set for 1 minute and 30 seconds.",
    "set a timer for one hour thirty": "Timer set for 1 hour and 30 minutes.",
    "ten minute timer please": "Timer set for 10 minutes.",
    "timer ten minutes": "Timer set for 10 minutes.",
    "set a pizza timer for ten minutes": "Pizza timer set for 10 minutes.",
    "set a 10 minute timer for the eggs": "Eggs timer set for 10 minutes.",
    "set a timer called homework for half an hour": "Homework timer set for 30 minutes.",
    "please could you um set a a timer for like ten minutes": "Timer set for 10 minutes.",
    "set a tiemr for five minuts": "Timer set for 5 minutes.",
    "remind me to call my mother in 20 minutes": "I'll remind you to call your mother in 20 minutes.",
    "remind me at nine am to take my pills": "I'll remind you to take your pills at 9 AM tomorrow.",
    "in ten minutes remind me to check the oven": "I'll remind you to check the oven in 10 minutes.",
    "set a reminder to call mom at 5 pm": "I'll remind you to call mom at 5 PM tomorrow.",
    "put a timer on for five minutes": "Timer set for 5 minutes.",
    "give me the time": "It's 10:30 PM.",
    "excuse me what's the date tomorrow": "Tomorrow is Monday, November 23, 2026.",
    "set an alarm for ten thirty p m": "Alarm set for 10:30 PM tomorrow.",
    "set an alarm for 11 p.m.": "Alarm set for 11 PM today.",
    "wake me up at seven": "Alarm set for 7 AM tomorrow.",
    "wake me at half past six tomorrow morning": "Alarm set for 6:30 AM tomorrow.",
    "set an alarm for quarter to eight on friday": "Alarm set for 7:45 AM on Friday.",
    "set an alarm for noon": "Alarm set for noon tomorrow.",
    "set an alarm for eighteen thirty": "Alarm set for 6:30 PM tomorrow.",
    "timer status": "There is no timer set.",
    "cancel the timer": "There is no timer set.",
    "pause the pizza timer": "There is no timer set.",
    "snooze": "Nothing is ringing.",
    "what is twelve times seven": "84.",
    "15 percent of 80": "12.",
    "What's the square root of 144?": "12.",
    "how much is 3 divided by 0": "I cannot divide by zero.",
    "what's 2+2": "4.",
    "two plus two is": "4.",
    "calculate (3 + 4) * 2": "14.",
    "what is ten divided by three": "About 3.3333.",
    "how many feet are in a mile": "1 mile is 5,280 feet.",
    "convert 100 fahrenheit to celsius": "100 degrees Fahrenheit are 37.8 degrees Celsius.",
    "what's minus 40 celsius in fahrenheit": "-40 degrees Celsius are -40 degrees Fahrenheit.",
    "how many ounces in a pound": "1 pound is 16 ounces.",
    "what's 6 feet 2 inches in centimeters": "74 inches are 187.96 centimeters.",
    "5 km in miles": "5 kilometers are about 3.1069 miles.",
    "5 miles to kilograms": "I cannot convert miles to kilograms: one is length, the other weight.",
    "what is pi times two": "About 6.2832.",
    "louder": "Volume 65 percent.",
    "could you speak a bit quieter please": "Volume 35 percent.",
    "turn it up": "Volume 65 percent.",
    "set the volume to eighty percent": "Volume 80 percent.",
    "volume 30": "Volume 30 percent.",
    "maximum volume": "Volume 100 percent.",
    "volume two fifty percent": "Volume 50 percent.",
    "what's the volume": "Volume 50 percent.",
    "speak slower": "Okay, slower.",
    "you're speaking too slowly": "Okay, faster.",
    "normal speed": "Back to normal speed.",
    "repeat that": "I have not said anything yet.",
    "stop": "",
    "never mind": "",
    "Hello!": "Hello! What can I do for you?",
    "thank you very much": "You're welcome.",
    "good night": "Goodbye!",
    "yes": "Okay.",
    "who are you": "I'm voicestream",
    "hello, what time is it": "It's 10:30 PM.",
    "What time is it? Thanks.": "It's 10:30 PM.",
    "what time is it and what's the date": "It's 10:30 PM. Today is Sunday, November 22, 2026.",
    "set a timer for five minutes and another for ten minutes": "Timer set for 5 minutes. Timer set for 10 minutes.",
    "set a timer": "For how long?",
    "wake me up": "For what time?",
    "what's the weather": "I can't answer that on my own.",
    "turn on the kitchen light": "I can't answer that on my own.",
    "is the front door locked": "I can't answer that on my own.",
    "five": "I can't answer that on my own.",
    "set a timer for zero minutes": "The arguments",
    "": "",
}


@pytest.mark.parametrize(("said", "answer"), ANSWERS.items())
def test_an_utterance_has_its_answer(talk: OfflineTalk, said: str, answer: str) -> None:
    spoken = talk.say(said)
    if answer.startswith(("I can't", "I'm voicestream", "The arguments")):
        assert spoken.startswith(answer)
    else:
        assert spoken == answer


CONVERSATIONS = {
    "what is missing is asked for": [
        ("set a pizza timer", "For how long?"),
        ("for ten minutes", "Pizza timer set for 10 minutes."),
        ("set an alarm", "For what time?"),
        ("seven p m tomorrow", "Alarm set for 7 PM tomorrow."),
    ],
    "one of several is asked for": [
        ("set a pizza timer for ten minutes", "Pizza timer set for 10 minutes."),
        ("set a timer for an hour", "Timer set for 1 hour."),
        ("pause the timer", "You have a pizza timer and a 1 hour timer. Which one do you mean?"),
        ("the pizza one", "Pizza timer paused."),
        ("cancel the timer", "You have a pizza timer and a 1 hour timer. Which one do you mean?"),
        ("all of them", "2 timers cancelled."),
        ("set a tea timer for ten minutes", "Tea timer set for 10 minutes."),
        ("set a timer for an hour", "Timer set for 1 hour."),
        ("cancel the timer", "You have a tea timer and a 1 hour timer. Which one do you mean?"),
        ("delete the tea timer", "Tea timer cancelled."),
    ],
    "a question left open does not hold the next request": [
        ("set a timer", "For how long?"),
        ("what time is it", "It's 10:30 PM."),
    ],
    "an alarm is called by its time": [
        ("wake me up at seven a m", "Alarm set for 7 AM tomorrow."),
        ("set an alarm for eight a m", "Alarm set for 8 AM tomorrow."),
        ("cancel the 8 am alarm", "8 AM alarm cancelled."),
        ("when is my alarm", "Your alarm is set for 7 AM tomorrow."),
    ],
    "a paused timer stands still": [
        ("set a timer for ten minutes", "Timer set for 10 minutes."),
        (60, ""),
        ("pause", "10 minute timer paused."),
        (600, ""),
        ("how much time is left", "Your 10 minute timer is paused with 9 minutes left."),
        ("resume the timer", "10 minute timer resumed."),
        ("add two minutes to the timer", "Your 10 minute timer has 11 minutes left."),
        ("resume", "Nothing is paused."),
        ("five more minutes", "Your 10 minute timer has 16 minutes left."),
        ("add another minute to the timer", "Your 10 minute timer has 17 minutes left."),
        ("give me 30 more seconds", "Your 10 minute timer has 17 minutes and 30 seconds left."),
    ],
    "repeating needs no model": [
        ("what is six times nine", "54."),
        ("what did you say", "54."),
        ("say that again please", "54."),
    ],
    "the volume ends somewhere": [
        ("volume 90 percent", "Volume 90 percent."),
        ("louder", "Volume 100 percent."),
        ("louder", "This is as loud as I can speak."),
        ("volume 0", "Volume 0 percent."),
        ("quieter", "This is as quiet as I can speak."),
    ],
    "how to connect a model is told once": [
        ("who won the war", f"I can't answer that on my own. {'I can tell'}"),
        ("and the other one", "I can't answer that without a language model. Ask me what I can do."),
    ],
}


@pytest.mark.parametrize("turns", CONVERSATIONS.values(), ids=CONVERSATIONS.keys())
def test_a_conversation_goes_as_it_should(talk: OfflineTalk, turns: list[tuple[str | int, str]]) -> None:
    for said, answer in turns:
        if isinstance(said, int):
            talk.seconds += said
        else:
            assert talk.say(said).startswith(answer)


def test_an_unknown_request_is_told_how_to_connect_a_model(talk: OfflineTalk) -> None:
    answer = talk.say("tell me about the french revolution")
    assert CONNECT_A_MODEL in answer
    assert "config.yaml" in answer
    assert "Ollama" in answer


def test_the_same_is_said_at_the_same_time_every_time(talk: OfflineTalk) -> None:
    other = type(talk)()
    for said in ("what time is it", "set a timer for ten minutes", "who won the war", "timer status"):
        assert talk.say(said) == other.say(said)


def _parts(messages: list[Message], tools: bool = True) -> list[ModelPart]:
    async def collect() -> list[ModelPart]:
        described = [tool.description for tool in OfflineTalk().user._tools.values()] if tools else []
        return [part async for part in OfflineAssistant().stream(messages, described)]

    return asyncio.run(collect())


def test_the_answer_streams_word_by_word_and_ends_with_a_finish() -> None:
    parts = _parts([Message("user", "who are you")])
    assert all(isinstance(part, Delta) and len(part.text.split()) == 1 for part in parts[:-1])
    assert parts[-1] == Finish("stop")


def test_what_has_effects_is_a_call_and_no_deed() -> None:
    parts = _parts([Message("user", with_moment("set a timer for a minute", START))])
    assert isinstance(parts[0], ToolCall)
    assert json.loads(parts[0].arguments) == {"seconds": 60.0}
    assert parts[-1] == Finish("tool_calls")


def test_without_tools_it_says_so() -> None:
    parts = _parts([Message("user", "set a timer for a minute")], tools=False)
    assert isinstance(parts[0], Delta)
    assert parts[-1] == Finish("stop")
