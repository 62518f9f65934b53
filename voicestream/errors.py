"""The errors of voicestream, split by who must act.

    VoicestreamError            exit status
    ├── UsageError              64   the command line; the person who typed it
    ├── InputError              65   a file that is not what it should be
    ├── ConfigError             78   config.yaml; whoever wrote it
    ├── DeviceError             69   microphone, loudspeaker, sound server
    ├── RecognitionError        70   the recognizer; costs one transcript
    ├── ModelError              69   the language model or its server; costs one answer
    ├── VoiceError              70   the voice; costs one sentence
    ├── NotRunningError         69   a conversation that shall be steered; whoever starts it
    └── FetchError              69   a download of a model of speech; the network, or the name

Each backend maps its library's exceptions in one place. A message says what happened, what was expected and what to
do, in one line, and holds no key.
"""

from __future__ import annotations

LOST_OUTPUT = 74
"""Exit status where the output could not be written: a full disk."""


class VoicestreamError(Exception):
    """An error with one clear line for a person."""

    exit_status = 70
    stage = "voicestream"

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code or type(self).__name__.removesuffix("Error").lower()


class UsageError(VoicestreamError):
    """The command line asks for something that does not exist."""

    exit_status = 64
    stage = "command line"


class InputError(VoicestreamError):
    """A file cannot be read as what it should be."""

    exit_status = 65
    stage = "input"


class ConfigError(VoicestreamError):
    """config.yaml is wrong; the message names the path of the key."""

    exit_status = 78
    stage = "config"


class DeviceError(VoicestreamError):
    """A microphone or loudspeaker is missing, refused, or gone."""

    exit_status = 69
    stage = "device"


class RecognitionError(VoicestreamError):
    """Speech could not be turned into text."""

    stage = "recognizer"


class ModelError(VoicestreamError):
    """The language model gave no answer, or not the whole of it. `code` is the class of the fault, such as "auth"."""

    exit_status = 69
    stage = "model"

    def __init__(self, message: str, code: str = "server_error", spoken: str = "") -> None:
        super().__init__(message, code)
        self.spoken = spoken or "Sorry, I could not get an answer."
        """One short sentence that is said aloud."""


class NotRunningError(VoicestreamError):
    """No conversation answers that could be steered."""

    exit_status = 69
    stage = "control"


class VoiceError(VoicestreamError):
    """A sentence could not be spoken."""

    stage = "voice"


class FetchError(VoicestreamError):
    """A model of speech could not be downloaded."""

    exit_status = 69
    stage = "models"
