"""List the voices of the engine in the settings, or of all that are installed; or let one speak."""

from __future__ import annotations

import asyncio
import json
from argparse import ArgumentParser, Namespace
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import asdict
from typing import TYPE_CHECKING, get_args, get_type_hints

from voicestream.commands.options import add_output, add_settings, read_config

if TYPE_CHECKING:
    from voicestream.config import Config, Speaking
    from voicestream.vocabulary import Sentence

SAMPLE = "Hello. This is my voice, and this is how I speak."

EXAMPLES = """
voicestream voices --language en
voicestream voices --engine all
voicestream voices --play en-gb --text "How do you do?"
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `voicestream voices`."""
    parser.add_argument("--play", metavar="NAME", help="let this voice speak")
    parser.add_argument("--text", default=SAMPLE, help="what it says (default: a short greeting)")
    parser.add_argument(
        "--engine", metavar="ENGINE", help="instead of the engine in the settings; all: every local one"
    )
    parser.add_argument("--language", default="", help="list only the voices of a language, such as de")
    parser.add_argument("--json", action="store_true", help="print one JSON object a voice")
    add_output(parser)
    add_settings(parser)


def run(arguments: Namespace) -> int:
    """Print the voices, or play one."""
    if arguments.engine and arguments.engine != "all":
        arguments.set.append(f"speaking.engine={arguments.engine}")
    if arguments.play is not None:
        arguments.set.append(f"speaking.voice={json.dumps(arguments.play)}")
    config = read_config(arguments)
    if arguments.play is not None:
        asyncio.run(_play(config, arguments.text))
        return 0
    return asyncio.run(_list(config.speaking, arguments))


async def _list(speaking: Speaking, arguments: Namespace) -> int:
    """Print a line for each voice; a missing engine is an error, but of `all` only a line."""
    from msgspec.structs import replace

    from voicestream.config import Speaking
    from voicestream.errors import VoiceError

    local = [name for name in get_args(get_type_hints(Speaking)["engine"]) if name not in ("remote", "wyoming")]
    engines = local if arguments.engine == "all" else [speaking.engine]
    for engine in engines:
        try:
            await _print_voices(replace(speaking, engine=engine, voice=""), arguments)
        except VoiceError as error:
            if len(engines) == 1:
                raise
            print(f"{engine}: {error}")
    return 0


async def _print_voices(speaking: Speaking, arguments: Namespace) -> None:
    from voicestream.voice_choice import choose_voice

    async with choose_voice(speaking) as voice:
        found = await voice.voices()
    wanted = arguments.language.casefold()
    for one in found:
        if wanted and one.language.casefold().split("-")[0] != wanted:
            continue
        if arguments.json:
            print(json.dumps({"engine": speaking.engine, **asdict(one)}, ensure_ascii=False))
        else:
            print(f"{speaking.engine:<8} {one.language:<14} {one.name:<34} {one.id}")


async def _play(config: Config, text: str) -> None:
    from voicestream.assemble import open_mouth
    from voicestream.displays.lines import warn_of_notices
    from voicestream.events import Events
    from voicestream.speaking.synthesis import synthesize
    from voicestream.vocabulary import Sentence

    async def once() -> AsyncIterator[Sentence]:
        yield Sentence(0, text, text)

    events = Events()
    events.show_on(warn_of_notices)
    async with AsyncExitStack() as stack:
        mouth = await open_mouth(config, events, stack)
        async for sound in synthesize(once(), mouth.voice, mouth.speaker.rate):
            await mouth.speaker.play(sound)
        await mouth.speaker.drain()
