"""The sentences that the tiny Whisper learns: commands to an assistant, and how they are written."""

from __future__ import annotations

import random
import re

_ONES = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
eighteen nineteen
"""
ONES = _ONES.split()
TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
ROOMS = ["kitchen", "office", "bedroom", "living room", "bathroom", "garage"]
DEVICES = [
    *("bed light", "standing light", "living room lamp", "tv", "front door", "garage door", "sliding door"),
    *("lights", "light", "lamp", "fan", "heating", "music"),
]
COLORS = ["red", "green", "blue", "white", "yellow", "orange"]
FOODS = ["apples", "milk", "bread", "eggs", "coffee", "soup"]
DOORS = ["front door", "garage door", "sliding door"]
COUNTS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 25, 30, 40, 45, 50]
SHARES = [10, 20, 25, 30, 40, 50, 60, 75, 80, 90, 100]
_QUESTIONS = """
what how who where when why which whose is are was were am do does did will can could would should may
"""
QUESTIONS = _QUESTIONS.split()
NAMES = {"tv": "TV", "ecobee": "EcoBee", "new york": "New York", "france": "France", "germany": "Germany"}
NAMES |= {"mycroft": "Mycroft", "firefox": "Firefox", "i": "I"}

FIXED = (
    """
what time is it|what's the time|what's the date|what is today's date|what day is it|nevermind|next|pause|resume|stop
cancel|yes|no|hello|good morning|good night|thank you|please|what's the weather|what's the weather like in new york
what's the weather in new york|what's the new york weather|what is the weather today|will it rain tomorrow
how cold is it outside|what's the temperature|what is the temperature|what's the temp
what's the temperature of the ecobee|what is the ecobee temperature|what's the temp of the ecobee
what is the outdoor humidity|what is the value of outdoor humidity|activate mood lighting|run party time
run party time script|add apples to my shopping list|add milk to my shopping list|add bread to my shopping list
launch firefox|hey mycroft|cancel timer|cancel all timers|pause timer|resume timer|resume the timer|timer status
status of the timers|stop my timer|stop all of my timers|how much time is left on my timer|skip on tv|next on tv
next track|skip this song|skip track on the tv|pause the tv|resume tv|turn off tv|turn on the tv|tell me a joke
tell me a story|how are you today|what is your name|who are you|what can you do|can you hear me|play some music
turn up the volume|turn down the volume|repeat that please|what is the capital of france
what is the capital of germany|how far is the moon|how tall is the tower|who wrote this book
what is the meaning of life|remind me to call mom tomorrow|read me the news|where is my phone|find a recipe for soup
turn off all of the lights in the kitchen|turn off all of the kitchen lights|turn off the lights in here
turn the lights off in here|turn the lights on|set lights to red|set color of lights to green
open the blinds in the office|open the office curtains|close the kitchen windows|close the windows in the office
""".strip()
    .replace("\n", "|")
    .split("|")
)


def number(value: int) -> str:
    """Return a number below 1000 in words."""
    if value < 20:
        return ONES[value]
    if value < 100:
        return TENS[value // 10] + ("" if value % 10 == 0 else f" {ONES[value % 10]}")
    return f"{ONES[value // 100]} hundred" + ("" if value % 100 == 0 else f" {number(value % 100)}")


def sample_sentence(chance: random.Random) -> str:
    """Return one sentence of the templates."""
    kinds = [_switch, _timer, _setting, _house, _digits, _sum]
    return chance.choices(kinds, [30, 22, 16, 16, 8, 8])[0](chance)


def _switch(chance: random.Random) -> str:
    state, device, room = chance.choice(["on", "off"]), chance.choice(DEVICES), chance.choice(ROOMS)
    forms = [f"turn {state} the {device}", f"turn {state} {device}", f"turn the {device} {state}"]
    forms += [f"turn {state} the {room} lights", f"turn {state} the lights in the {room}"]
    forms += [f"turn {state} the {device} in the {room}", f"turn {state} all of the lights in the {room}"]
    forms += [f"turn the {device} in the {room} {state}", f"turn {state} lights in the {room}"]
    forms += [f"would you please turn {state} the {device}", f"please turn {state} the {room} lights"]
    return chance.choice(forms)


def _timer(chance: random.Random) -> str:
    count = chance.choice([*COUNTS, chance.randint(1, 60)])
    unit = chance.choice(["second", "minute", "hour"])
    duration = f"{number(count)} {unit}{'' if count == 1 else 's'}"
    if unit != "second" and chance.random() < 0.35:
        smaller = "seconds" if unit == "minute" else "minutes"
        duration += f" and {number(chance.choice([5, 10, 15, 20, 25, 30, 45]))} {smaller}"
    elif unit != "second" and count > 1 and chance.random() < 0.12:
        duration = f"{number(count)} and a half {unit}s"
    verb = chance.choice(["set", "start", "create"])
    return f"{verb} {chance.choice(['a timer', 'timer'])} for {duration}"


def _setting(chance: random.Random) -> str:
    device, room, color = chance.choice(DEVICES), chance.choice(ROOMS), chance.choice(COLORS)
    share = number(chance.choice(SHARES))
    forms = [f"set {device} brightness to {share} percent", f"set the brightness of the {room} to {share} percent"]
    forms += [f"set brightness to {share} percent", f"set {room} brightness to {share} percent"]
    forms += [f"set {room} lights to {color}", f"set the color of the {device} to {color}"]
    forms += [f"set {device} color to {color}", f"set color of the {room} lights to {color}"]
    forms += [f"set lights in the {room} to {color}", f"set brightness of the {device} to {share} percent"]
    return chance.choice(forms)


def _house(chance: random.Random) -> str:
    door, room = chance.choice(DOORS), chance.choice(ROOMS)
    forms = [f"is the {door} {state}" for state in ("locked", "unlocked", "open", "closed")]
    forms += [f"{verb} the {door}" for verb in ("lock", "unlock", "open", "close")]
    forms += [f"what's the temperature in the {room}", f"what's the {room} temp", f"open the {door} in the {room}"]
    forms += [f"add {chance.choice(FOODS)} to my shopping list"]
    forms += [f"set an alarm for {number(chance.randint(1, 12))} in the morning"]
    forms += [f"wake me up at {number(chance.randint(1, 12))} thirty"]
    return chance.choice(forms)


def _digits(chance: random.Random) -> str:
    return " ".join(chance.choice(ONES[:10]) for _ in range(chance.randint(1, 6)))


def _sum(chance: random.Random) -> str:
    sign = chance.choice(["plus", "minus", "times"])
    return f"what is {number(chance.randint(1, 20))} {sign} {number(chance.randint(1, 20))}"


def held_out_sentences(count: int = 80) -> list[str]:
    """Return the sentences that are never learned, for measuring."""
    chance = random.Random(4242)
    found: list[str] = []
    while len(found) < count:
        sentence = sample_sentence(chance)
        if len(sentence.split()) >= 4 and sentence not in (*found, *FIXED) and not sentence.startswith("what is"):
            found.append(sentence)
    return found


def written(sentence: str) -> str:
    """Return a sentence as a recognizer writes it: capital letter, names, full stop or question mark."""
    for name, capital in NAMES.items():
        sentence = re.sub(rf"\b{name}\b", capital, sentence)
    sign = "?" if sentence.split()[0].lower().split("'")[0] in QUESTIONS else "."
    return sentence[0].upper() + sentence[1:] + sign
