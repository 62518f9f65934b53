"""The phrases of the offline assistant, each said once: understood by thinking/requests.py, listed for people, and
written as the grammar that PocketSphinx listens with.

Knows what can be asked for, and nothing of how it is done."""

from __future__ import annotations

import random
from dataclasses import dataclass

from voicestream.thinking.grammar import Choice, Literal, Node, Sequenced, Slot, generate, list_slots, read_notation
from voicestream.thinking.phrase_slots import HEARD_RULES


@dataclass(frozen=True, slots=True)
class Phrase:
    """One thing that can be asked for, and its wordings, in the notation of thinking/grammar.py."""

    name: str
    example: str
    """As people are told; itself understood."""
    heard: tuple[str, ...]
    """Wordings that the embedded recognizer listens for."""
    understood: tuple[str, ...] = ()
    """Further wordings, understood where they are typed or come from a recognizer that knows more words."""
    is_order: bool = True
    """Whether people say "please" and "can you" to it."""


PHRASES = (
    Phrase(
        "tell_time",
        "What time is it?",
        ("what time is it [now]", "<what> the time", "tell me the time"),
        ("[<what>] [current] time [now]", "what hour is it", "do you (know|have) (what time it is|the time)",
         "have you got the time", "tell me what time it is", "how late is it", "give me the time", "time check"),
        is_order=False,
    ),
    Phrase(
        "tell_date",
        "What's today's date?",
        ("<what> today's date", "<what> the date [today]", "what day is it [today]", "what day is <day>",
         "tell me the date"),
        ("[<what>] [the] [current] (date|day) [today]", "what date is it",
         "what (day|date) (is|was|will) [it] [on] <day> [be]",
         "(what|which) day of the (week|month) is it [today]", "<what> <day>", "(today's|tomorrow's|yesterday's) date",
         "<what> (tomorrow's|yesterday's) date", "which day is it [today]", "which day is <day>",
         "(what|which) <part_of_date> is (it|this)", "when is <day>", "what day was it <day>",
         "<what> the (date|day) [on|for|of] <day>", "what will the (date|day) be [on] <day>",
         "<what> the day [of the week] [today]", "tell me what day it is", "what (is|was) the date <day>"),
        is_order=False,
    ),
    Phrase(
        "set_timer",
        "Set a timer for five minutes.",
        ("(set|start|create) ([a|the|my] | (a|the|my) <timer_name>) timer for <duration>",
         "(set|start|create) a <duration_whole> timer"),
        ("[<make>] [a|the|my|another] [new] [<timer_name>] (timer|countdown|time) [for|of|with|to|at] <duration>",
         "[<make>] [a|the|my|another] timer on for <duration>", "[<make>] a reminder (for|in) <duration>",
         "[<make>] a reminder (to|about) <note> in <duration>", "in <duration> (remind|tell) me [(to|about) <note>]",
         "[<make>] [a|an|the|my|another] [new] <duration> [<timer_name>] (timer|countdown) [please]",
         "[<make>] [a] timer [for] <duration> (called|named|for|labeled) [the] <called>",
         "[<make>] [a] timer (called|named|labeled) <called> (for|of) <duration>",
         "[<make>] [a] <duration> timer (called|named|for|labeled) [the] <called>",
         "(remind|alert|tell|call|ping) me in <duration>", "(remind|tell) me in <duration> (to|about) <note>",
         "remind me (to|about) <note> in <duration>", "(wake|get) me [up] in <duration>",
         "let me know in <duration>", "(count|countdown) [down] [from|for] <duration>", "time <duration>",
         "[<make>] [an] alarm in <duration>", "(another|one) [one|timer] for <duration>"),
    ),
    Phrase(
        "set_timer_for_what",
        "Set a timer.",
        (),
        ("<make> [a|an|the|my|another] [new] [<timer_name>] (timer|countdown)", "i need a timer"),
    ),
    Phrase(
        "set_alarm",
        "Set an alarm for ten thirty p.m.",
        ("(set|create) an alarm for <clock_time>", "wake me [up] at <clock_time>"),
        ("[<make>] [a|an|the|my|another] [new] [<timer_name>] alarm [clock] [for|at|to|on] <clock_time>",
         "[<make>] [a] timer (for|at|to|until) <time_said_whole>",
         "[<make>] [a|an|the|my] <clock_time> alarm", "(wake|get) me [up] [at|on|by] <clock_time>",
         "remind me (at|on) <clock_time>", "remind me [at|on] <clock_time> (to|about) <note>",
         "remind me (to|about) <note> (at|on) <clock_time>", "[<make>] a reminder (for|at) <clock_time>",
         "[<make>] a reminder (to|about) <note> (at|on|for) <clock_time>",
         "at <clock_time> remind me [(to|about) <note>]",
         "i (need|want|have) to (get|wake) up at <clock_time>",
         "[<make>] [an] alarm (called|named) <called> (for|at) <clock_time>"),
    ),
    Phrase(
        "set_alarm_for_what",
        "Set an alarm.",
        (),
        ("<make> [a|an|the|my|another] [new] [<timer_name>] alarm [clock]", "wake me [up]"),
    ),
    Phrase(
        "list_timers",
        "How much time is left?",
        ("<kind> status", "status of (the|my) (timer|timers)", "how much time is left [on (the|my) <kind>]",
         "how long is left on (the|my) [<timer_name>] timer"),
        ("[<what>] [the] [<timer_name>] <kind> status",
         "<what> (left|remaining) (on|of) [the|my] [<timer_name>] <kind>",
         "[<what>] [the] status of [all] [of] [the|my] [<timer_name>] <kind>",
         "how (much time|long|much|many minutes) [is|are|do i have|have i got] (left|remaining|remain|to go) "
         "[on|for|in|of] [the|my] [<timer_name>] [<kind>]",
         "how (much time|long|much) [is|does|has] [the|my] [<timer_name>] <kind> [have|got] (left|remaining|to go)",
         "how much longer [on|for|until|does] [the|my] [<timer_name>] [<kind>] [is done|have|rings|take]",
         "how long until [the|my] [<timer_name>] <kind> [is done|is up|rings|goes off]",
         "when (is|does|will) [the|my] [<timer_name>] <kind> [set for|done|up|over|ring|go off|end|finish]",
         "[what|which|how many] <kind> [are] [there] [do i have|have i|i have] [running|set|active]",
         "(list|show|check|read) [me] [all] [of] [the|my] [<timer_name>] <kind>",
         "(do i have|are there|is there) [any|a|an] [active] <kind> [set|running]",
         "(how is|how are|how's) [the|my] [<timer_name>] <kind> [doing]", "time left",
         "(my|the) [<timer_name>] <kind>"),
        is_order=False,
    ),
    Phrase(
        "pause_timers",
        "Pause the timer.",
        ("pause ([the|my] | (the|my) <timer_name>) timer", "pause"),
        ("(pause|hold|freeze|suspend) <all> [of] [the|my|them] [<kind>]",
         "(pause|hold|freeze|suspend) [the|my] [<timer_name>|<duration>] (<kind>|it)"),
    ),
    Phrase(
        "resume_timers",
        "Resume the timer.",
        ("resume ([the|my] | (the|my) <timer_name>) timer", "resume"),
        ("(resume|continue|unpause|restart|unfreeze) <all> [of] [the|my|them] [<kind>]",
         "(resume|continue|unpause|restart|unfreeze) [the|my] [<timer_name>|<duration>] (<kind>|it)",
         "(continue|unpause)"),
    ),
    Phrase(
        "cancel_timers",
        "Cancel all timers.",
        ("(cancel|stop) all [of] [my] <plural_kind>", "(cancel|stop) (the|my) [<timer_name>] <kind>"),
        ("<end> <all> [of] [the|my|them] [<kind>]", "no more <plural_kind>", "<end> [the|my] <plural_kind>",
         "<end> [a|an|the|my|that|this] [<timer_name>] <kind> [clock]",
         "<end> [the|my] <kind> (called|named|for|to|about) [the] <called>", "<end> [the|my] <duration> <kind>",
         "<end> [the|my] <kind> (for|of) <duration>", "turn [the|my] [<timer_name>] <kind> off",
         "<end> [the|my] alarm (for|at) <clock_time>", "<end> [the|my] <clock_time> alarm"),
    ),
    Phrase(
        "extend_timer",
        "Add two minutes to the timer.",
        ("add <duration> to (the|my) timer",),
        ("(add|give) [me] (<duration>|<more_time>) [more] [(to|on) [the|my] [<timer_name>] [timer]]",
         "(extend|lengthen|increase) [the|my] [<timer_name>] timer [by] (<duration>|<more_time>)",
         "<duration> more", "<more_time>"),
    ),
    Phrase(
        "snooze",
        "Snooze.",
        ("snooze",),
        ("snooze [the] [alarm|it|timer] [for] <duration>", "snooze [the|it|my] [alarm|timer]",
         "<duration> more minutes of sleep"),
    ),
    Phrase(
        "calculate",
        "What is twelve times seven?",
        ("<what> <calculation>", "how much is <calculation>"),
        ("[<what>|how much is|how much are|how many is|how many are|what are] <calculation> [equal|equals|=|make]",
         "(calculate|compute|evaluate|solve|work out|figure out|and) <calculation>",
         "(what|how much) (does|do) <calculation> (equal|make|come to)", "<calculation> (is|equals|=) [what]"),
        is_order=False,
    ),
    Phrase(
        "convert_units",
        "Convert five miles to kilometers.",
        ("convert <conversion>", "<what> <conversion>", "how many <parts_of>"),
        ("[convert|change|turn|how much is|how far is|how long is|how heavy is|how hot is|how cold is|how tall is|"
         "how fast is|what are] <conversion>",
         "<quantity> is how many <unit>", "how much <unit> is <quantity>",
         "how (many|much) <unit> does <quantity> (have|make)"),
    ),
    Phrase(
        "louder",
        "Louder.",
        ("louder", "volume up", "turn up the volume", "turn it up"),
        ("(speak|talk|be|make it|a bit|a little|much) [a bit|a little] louder", "speak up",
         "(turn|put|raise|increase) [up] [your|the] volume [up] [a bit|a little]", "louder [volume|voice]",
         "i (can't|can not) hear you", "more volume", "turn [it|yourself|your voice] up"),
        is_order=False,
    ),
    Phrase(
        "quieter",
        "Quieter.",
        ("quieter", "volume down", "turn down the volume", "turn it down"),
        ("(speak|talk|be|make it|a bit|a little|much) [a bit|a little|more] (quieter|softer|quietly|softly|lower)",
         "(quieter|softer) [volume|voice]", "(turn|put|lower|decrease|reduce) [down] [your|the] volume [down]",
         "[you are|you're|that is|that's] too loud", "less volume", "not so loud",
         "turn [it|yourself|your voice] down"),
        is_order=False,
    ),
    Phrase(
        "set_volume",
        "Set the volume to fifty percent.",
        ("set the volume to <percent>", "volume <percent>"),
        ("[set|turn|put|change|make|bring] [the|your|it] [volume] [up|down] [to|at] <percent> [volume]",
         "[set|turn|put] [the|your] volume [up|down] [to|at] <number>", "volume [to|at] <number>",
         "<loudest> volume", "[set|turn|put] [the|your] volume [up|all the way up|to] [to] [the] <loudest>",
         "[set|turn|put] [the|your] volume all the way up", "as loud as (you can|possible)"),
    ),
    Phrase("tell_volume", "What's your volume?", (), ("<what> [the|your] volume", "how loud are you")),
    Phrase(
        "slower",
        "Speak slower.",
        ("speak slower", "talk slower", "slow down"),
        ("[speak|talk|read|go] [a bit|a little|much] (slower|more slowly|slowly|slower)",
         "[you are|you're|you] [speak|talk|speaking|talking] too fast", "not so fast",
         "(lower|decrease|reduce) [your|the] (speed|rate)", "slow it down"),
    ),
    Phrase(
        "faster",
        "Speak faster.",
        ("speak faster", "talk faster", "speed up"),
        ("[speak|talk|read|go] [a bit|a little|much] (faster|quicker|more quickly|quickly)",
         "[you are|you're|you] [speak|talk|speaking|talking] too (slow|slowly)", "hurry up", "speed it up",
         "(raise|increase) [your|the] (speed|rate)"),
    ),
    Phrase(
        "normal_rate",
        "Speak at normal speed.",
        ("speak at normal speed",),
        ("[speak|talk|go] [back] [at|to|with] [a|the|your] (normal|usual|regular|default) (speed|rate|pace)",
         "(speak|talk) normally"),
    ),
    Phrase(
        "repeat",
        "Repeat that.",
        ("repeat that", "say that again", "what did you say"),
        ("repeat [it|yourself|the last answer|what you said|your last answer]",
         "[say] [it|that] (again|once more|one more time)", "what (did you [just] say|was that|did you just say)",
         "pardon [me]", "come again", "sorry [what]", "i (didn't|did not) (hear|catch|get) [that|you|it]",
         "can you repeat [that|it]", "excuse me"),
        is_order=False,
    ),
    Phrase(
        "stop",
        "Never mind.",
        ("stop", "never mind", "be quiet"),
        ("(cancel|nevermind|quiet|silence|enough|shush|hush|abort|forget it|forget about it|stop it|stop that)",
         "(shut up|stop talking|stop speaking|that's enough|that is enough)",
         "(ok|alright|all right) (stop|enough)"),
        is_order=False,
    ),
    Phrase(
        "greeting",
        "Hello.",
        ("hello", "good morning", "good evening"),
        ("(hi|hey|howdy|greetings|hello) [there|again|assistant|computer|everyone]",
         "good (morning|afternoon|evening|day)"),
        is_order=False,
    ),
    Phrase("ask_health", "How are you?", (),
           ("[hello|hi|hey] how are you [doing] [today]", "how (do you do|is it going)", "what's up")),
    Phrase(
        "thanks",
        "Thank you.",
        ("thank you", "thanks"),
        ("(thank you|thanks|cheers) [very|so] [much|a lot|a bunch]", "thanks a (lot|million)",
         "(great|perfect|good|nice|awesome|cool|excellent|well done) [job|thanks|thank you]",
         "that's (great|perfect|nice|all|good)"),
        is_order=False,
    ),
    Phrase("agree", "Yes.", (), ("(yes|yeah|yep|yup|sure|ok|correct|right|absolutely|certainly|of course) [please]",
                                 "yes (do it|do that|go ahead)", "(do it|do that|go ahead|go on)")),
    Phrase("decline", "No.", (), ("(no|nope|nah) [thanks|thank you]", "(don't|do not) [do it|do that]", "no don't")),
    Phrase(
        "goodbye",
        "Goodbye.",
        ("goodbye", "good night"),
        ("(bye|goodbye|good bye|bye bye|see you|see you later|good night|so long)",),
        is_order=False,
    ),
    Phrase(
        "help",
        "What can you do?",
        ("what can you do", "what can i say"),
        ("help [me]", "what (can|could) (i|you) (do|say|ask|help) [you|me|with] [with|for me]", "how can you help [me]",
         "what (do you|can you) (know|understand)", "what (commands|phrases) (do you|can you) (know|understand)",
         "[list|show] [the] (commands|phrases|options)", "how do (you|i) (work|use you)", "what are you able to do"),
        is_order=False,
    ),
    Phrase(
        "introduce",
        "Who are you?",
        ("who are you", "what's your name"),
        ("(who|what) are you", "<what> your name", "what (are you|should i) (called|call you)",
         "tell me about yourself", "introduce yourself", "are you (a robot|real|human|an ai|a person|there)"),
        is_order=False,
    ),
)  # fmt: skip


_OPENING = "[please | can you | could you]"
_CLOSING = "[please]"


def list_phrases() -> tuple[str, ...]:
    """Return an example of everything that the embedded recognizer listens for, for people."""
    return tuple(phrase.example for phrase in PHRASES if phrase.heard)


def jsgf(call: str = "") -> str:
    """Return the grammar of all that the embedded recognizer listens for: JSGF, its public rule is <command>.

    `call` is the wake phrase, which may stand alone or before any of them.
    """
    command, rules = _heard_grammar()
    if call:
        rules = {"asked": command, **rules}
        command = read_notation(f"{call} | [{call}] <asked>")
    lines = ["#JSGF V1.0;", "grammar voicestream;", f"public <command> = {_as_jsgf(command)};"]
    lines += [f"<{name}> = {_as_jsgf(node)};" for name, node in rules.items()]
    return "\n".join(lines) + "\n"


def generate_command(chance: random.Random) -> str:
    """Return a random sentence of the grammar."""
    command, rules = _heard_grammar()
    return " ".join(generate(command, rules, chance))


def _heard_grammar() -> tuple[Node, dict[str, Node]]:
    """Return the node of a command and the rules that it needs, phrase by phrase."""
    heard = {phrase.name: read_notation(" | ".join(phrase.heard)) for phrase in PHRASES if phrase.heard}
    orders = " | ".join(f"<{phrase.name}>" for phrase in PHRASES if phrase.heard and phrase.is_order)
    others = " | ".join(f"<{phrase.name}>" for phrase in PHRASES if phrase.heard and not phrase.is_order)
    command = read_notation(f"{others} | {_OPENING} ({orders}) {_CLOSING}")
    rules = dict(heard)
    waiting = [name for node in heard.values() for name in sorted(list_slots(node))]
    for name in waiting:
        if name not in rules:
            rules[name] = read_notation(HEARD_RULES[name])
            waiting += sorted(list_slots(rules[name]))
    return command, rules


def _as_jsgf(node: Node) -> str:
    match node:
        case Literal(word):
            return word
        case Slot(name):
            return f"<{name}>"
        case Sequenced(parts):
            return " ".join(_as_jsgf(part) for part in parts)
        case Choice((inner, Sequenced(()))):
            return f"[{_as_jsgf(inner)}]"
        case Choice(options):
            return f"({' | '.join(_as_jsgf(option) for option in options)})"
