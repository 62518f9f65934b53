"""What a model is told before the conversation: that it is heard and not read.

The prompt never changes within a conversation, and holds no date: a clock in it would empty the server's prompt cache
at every turn. The time stands at the end of the user's messages instead, and stays there."""

from __future__ import annotations

import re
from datetime import datetime

from voicestream.thinking.clock_times import say_date

_BUILT_IN = """\
You are voicestream, a voice assistant. Your answer is spoken aloud while you write it, and the user hears it only once.
Answer the way a friendly, competent person speaks: the answer itself in the first sentence, then only what is needed.
Use one to three short sentences unless the user asks for more.
Write plain sentences. No lists, headings, tables, markdown, emoji, web addresses or code, unless the user asks for \
exactly that. Write numbers, units and abbreviations so that they can be read aloud.
What the user says comes from a speech recognizer and may contain words that were misheard: take the most sensible \
meaning, and ask back in one short question only when you cannot know it.
The user may interrupt you. An answer of yours that ends with an ellipsis was cut off there, and the rest was not heard.
A note in parentheses at the end of a user's message gives the time at which it was said; do not mention it unasked.
When a tool can do what is asked, use it, and tell its result in your own words. Never say that something was done \
unless a tool has done it."""

_MOMENT = re.compile(r"\n\(Said on [^()\n]*\)\Z")


def write_system_prompt(additions: str = "", replacement: str = "") -> str:
    """Return the system prompt: the built-in one or `replacement`, with the user's own `additions` at the end."""
    parts = [replacement.strip() or _BUILT_IN, additions.strip()]
    return "\n\n".join(part for part in parts if part)


def with_moment(text: str, now: datetime) -> str:
    """Return the user's text with the note of when it was said."""
    return f"{text}\n(Said on {say_date(now.date())}, at {now:%H:%M}.)"


def without_moment(text: str) -> str:
    """Return the user's text as it was said."""
    return _MOMENT.sub("", text)
