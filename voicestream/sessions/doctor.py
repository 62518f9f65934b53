"""`voicestream doctor`: looks at everything that `talk` needs on this machine, one finding after the other."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, replace

from voicestream.config import Config
from voicestream.discreet import find_keys, hide_keys
from voicestream.errors import VoicestreamError
from voicestream.sessions.check_echo import check_echo
from voicestream.sessions.check_machine import check_clock, check_disk, check_python, check_service
from voicestream.sessions.check_model import check_model
from voicestream.sessions.check_recognizer import check_recognizer
from voicestream.sessions.check_sound import check_loudspeaker, check_microphone, check_portaudio, check_wake_word
from voicestream.sessions.check_voice import INSTALL, check_espeak, check_voice
from voicestream.sessions.findings import Finding
from voicestream.vocabulary import Samples

CHECK_LIMIT = 60.0
"""Seconds that a check may take."""


@dataclass(frozen=True, slots=True)
class Check:
    """One look at one thing."""

    name: str
    doing: str
    """What it does, for whoever waits."""
    look: Callable[[], Awaitable[Finding]]
    """Raises an error of ours where the thing is not as it should be."""
    fix: str = ""
    """What to do then."""


class Doctor:
    """Examines this machine with one set of settings; what the voice says is what the recognizer writes down."""

    def __init__(self, config: Config, on_check: Callable[[Check], None] = lambda check: None) -> None:
        self._config = config
        self._on_check = on_check
        self._spoken: Samples | None = None

    async def examine(self) -> AsyncGenerator[Finding, None]:
        """Yield a finding for each check; one that fails with an error of ours is a problem."""
        settings = self._config
        names = (
            settings.thinking.key_variable,
            settings.thinking.fallback_key_variable,
            settings.speaking.key_variable,
            settings.remote_hearing.key_variable,
        )
        keys = find_keys(os.environ, names)
        for check in self._checks():
            self._on_check(check)
            finding = await _outcome(check)
            yield replace(finding, message=hide_keys(finding.message, keys), fix=hide_keys(finding.fix, keys))

    def _checks(self) -> tuple[Check, ...]:
        config = self._config
        portaudio = "sudo apt install libportaudio2; elsewhere than on Linux: pip install sounddevice"
        devices = "`voicestream devices` lists what there is"
        wake_word = "pip install pymicro-wakeword, or turns.listening: wake_phrase, which takes any words"
        typed = "`voicestream devices` lists what there is; on a terminal, `voicestream talk` takes typed lines too"
        return (
            Check("python", "looking at Python", check_python),
            Check("disk", "looking for room", lambda: check_disk(config)),
            Check("clock", "looking at the clock", check_clock),
            Check("portaudio", "looking for sound devices", lambda: check_portaudio(config), portaudio),
            Check("loudspeaker", "opening the loudspeaker", lambda: check_loudspeaker(config), devices),
            Check("microphone", "listening for a second", lambda: check_microphone(config), typed),
            Check("echo", "playing a chirp", lambda: check_echo(config), devices),
            Check("wake word", "loading the wake word", lambda: check_wake_word(config), wake_word),
            Check("espeak", "looking for espeak-ng", lambda: check_espeak(config), INSTALL),
            Check(
                "voice", "letting the voice speak", self._check_voice, "`voicestream voices --engine all` lists them"
            ),
            Check("recognizer", "measuring the recognizer", self._check_recognizer, "`voicestream models list`"),
            Check(
                "model", "asking the model", lambda: check_model(config), "see thinking in `voicestream config show`"
            ),
            Check("service", "looking for the service", check_service),
        )

    async def _check_voice(self) -> Finding:
        finding, self._spoken = await check_voice(self._config)
        return finding

    async def _check_recognizer(self) -> Finding:
        return await check_recognizer(self._config, self._spoken)


async def _outcome(check: Check) -> Finding:
    try:
        async with asyncio.timeout(CHECK_LIMIT):
            return await check.look()
    except TimeoutError:
        return Finding(check.name, "problem", f"took longer than {CHECK_LIMIT:.0f} s", check.fix)
    except VoicestreamError as error:
        return Finding(check.name, "problem", str(error), check.fix)
