"""Settings that are read again count from the next answer on, and what needs a restart is named once."""

from __future__ import annotations

import asyncio

from voicestream.backends.no_ears import NoEars
from voicestream.config_file import load_config
from voicestream.events import Event, Events
from voicestream.sessions.conversation import open_assistant
from voicestream.sessions.reload import reload

WORDS = ("thinking.provider=offline", "audio.output=none", "control.socket=none")


def test_live_keys_count_at_once_and_the_others_are_named() -> None:
    seen: list[Event] = []

    async def live() -> None:
        events = Events()
        async with open_assistant(load_config(overrides=WORDS), events, ears=NoEars()) as assistant:
            events.show_on(seen.append)
            new = (
                "turns.end_of_turn=0.9",
                "speaking.pause=1.5",
                "speaking.rate=200",
                "sentences.pronunciations={nginx: engine x}",
                "turns.wake_phrase=computer",
                "speaking.voice=other",
            )
            reload(assistant, lambda: load_config(overrides=(*WORDS, *new)))
            config, style = assistant.config, assistant.speaking_style
            assert (config.turns.end_of_turn, config.speaking.pause, style.pause) == (0.9, 1.5, 1.5)
            assert style.verbalise("nginx runs", "en").text == "engine x runs"
            assert assistant.parts.delivery is not None
            assert assistant.parts.delivery.rate == 200
            before = load_config(overrides=WORDS)
            assert (config.turns.wake_phrase, config.speaking.voice) == (before.turns.wake_phrase, "")

    asyncio.run(live())
    [notice] = seen
    assert notice.name == "notice"
    assert getattr(notice, "message", "").endswith("These count after a restart: turns.wake_phrase, speaking.voice.")
