"""config.yaml as typed settings. Every key has a default, a range, a unit and a line of comment, here and nowhere
else: the file in the repository is made from these classes."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Seconds = Annotated[float, Meta(ge=0, le=3600)]
Share = Annotated[float, Meta(ge=0, le=1)]
Variable = Annotated[str, Meta(pattern=r"^([A-Za-z_][A-Za-z0-9_]*)?$")]
"""Name of an environment variable, or empty; most keys that are written in its place by mistake are none."""


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of config.yaml."""


class Audio(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Microphone and loudspeaker."""

    input: Annotated[
        str, Meta(description="mic, a device's name or number, a WAV or FLAC file, or - for standard input")
    ] = "mic"
    output: Annotated[str, Meta(description="speaker, a device's name or number, a WAV file, or none")] = "speaker"
    block: Annotated[float, Meta(ge=0.005, le=0.1, description="seconds of a block of the loudspeaker")] = 0.01
    ahead: Annotated[
        float, Meta(ge=0.1, le=10, description="seconds of speech that are made before they are played")
    ] = 2.0
    echo_canceller: Annotated[
        Literal["auto", "on", "off"],
        Meta(
            description="take the assistant's own voice out of the microphone; auto leaves it to the system if it does"
        ),
    ] = "auto"


class Hearing(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Speech detection and recognition."""

    recognizer: Annotated[
        Literal["auto", "whisper", "sphinx", "remote", "wyoming"],
        Meta(description="auto takes Whisper where a model is there or can be fetched, else the embedded one"),
    ] = "auto"
    model: Annotated[str, Meta(description="name of a Whisper model (tiny.en, base, small, …) or its folder")] = (
        "base.en"
    )
    language: Annotated[str, Meta(description="two letters, or auto to detect it, or a list such as en,de")] = "auto"
    threshold: Annotated[
        float, Meta(ge=0.05, le=0.95, description="probability from which a frame counts as a voice")
    ] = 0.5
    pre_roll: Annotated[float, Meta(ge=0, le=2, description="seconds of audio kept from before the voice began")] = 0.6
    min_speech: Annotated[
        float, Meta(ge=0.03, le=1, description="seconds of voice that make a speech, within twice that time")
    ] = 0.064
    pause: Annotated[float, Meta(ge=0.1, le=1, description="seconds of silence after which the transcript is made")] = (
        0.2
    )
    max_speech: Annotated[
        float, Meta(ge=5, le=30, description="seconds after which a long speech is cut at a pause")
    ] = 25.0
    partials: Annotated[bool, Meta(description="show the words while they are being said")] = True
    partial_share: Annotated[
        float, Meta(ge=0.05, le=4, description="how much of one processor core partial transcripts may take")
    ] = 0.5
    short_window: Annotated[
        bool, Meta(description="Whisper hears the speech instead of 30 seconds: 5 to 40 times faster")
    ] = True
    margin: Annotated[
        float, Meta(ge=0.2, le=30, description="seconds of padding after the speech in a short window")
    ] = 1.0
    hot_words: Annotated[str, Meta(description="names and rare words that are likely to be said")] = ""


class Turns(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the assistant may speak, and when it must stop."""

    end_of_turn: Annotated[float, Meta(ge=0.2, le=3, description="seconds of silence that end a turn")] = 0.5
    max_wait: Annotated[
        float, Meta(ge=0.5, le=5, description="seconds of silence that end even an unfinished turn")
    ] = 2.0
    interruptible: Annotated[bool, Meta(description="speech over an answer stops it")] = True
    speculate: Annotated[
        bool, Meta(description="ask the model before the end of the turn is certain; costs tokens")
    ] = True
    listening: Annotated[
        Literal["always", "wake_phrase", "wake_word", "push_to_talk"],
        Meta(
            description="when speech counts: wake_phrase is found in the transcript, wake_word by an acoustic model (extra wake)"
        ),
    ] = "always"
    wake_phrase: Annotated[
        str, Meta(min_length=3, description="any phrase; for wake_word the name of a model, such as okay nabu")
    ] = "hey computer"
    follow_up: Annotated[Seconds, Meta(description="seconds after an answer in which no wake phrase is needed")] = 8.0
    sounds: Annotated[bool, Meta(description="short sounds on waking, at the end of a turn and on an error")] = True


class Thinking(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The language model."""

    provider: Annotated[
        Literal["auto", "openai", "responses", "anthropic", "ollama", "gemini", "offline"],
        Meta(
            description="auto takes the first that answers: base_url, a key in the environment, a local server, else offline"
        ),
    ] = "auto"
    base_url: Annotated[
        str, Meta(description="address of the server, such as http://127.0.0.1:8080/v1; empty: the provider's own")
    ] = ""
    model: Annotated[str, Meta(description="name of the model; empty: the server's first")] = ""
    key_variable: Annotated[
        Variable, Meta(description="environment variable that holds the key; never the key itself")
    ] = ""
    system_prompt: Annotated[
        str, Meta(description="what the model is told about its task; empty: the built-in one")
    ] = ""
    first_token: Annotated[
        float, Meta(gt=0, le=600, description="seconds to wait for the first piece of an answer")
    ] = 30.0
    next_token: Annotated[float, Meta(gt=0, le=600, description="seconds to wait for each further piece")] = 8.0
    max_tokens: Annotated[int, Meta(ge=16, le=100_000, description="length limit of an answer, in tokens")] = 600
    whole_answer: Annotated[float, Meta(gt=0, le=3600, description="seconds that an answer may take to be written")] = (
        120.0
    )
    reasoning: Annotated[
        Literal["none", "low", "medium", "high", "default"],
        Meta(description="how much the model may think before it answers; default leaves it to the server"),
    ] = "none"
    longest_answer: Annotated[
        float, Meta(ge=0, le=3600, description="seconds of speech after which it asks whether to go on; 0: never")
    ] = 120.0
    languages: Annotated[
        str, Meta(description="languages you speak, such as en,de: an answer in another is stopped; empty: any")
    ] = ""
    stop_at: Annotated[tuple[str, ...], Meta(description="texts at which an answer is stopped")] = ()
    fallback_provider: Annotated[
        Literal["none", "openai", "responses", "anthropic", "ollama", "gemini"],
        Meta(description="who answers where the first fails before it has said anything"),
    ] = "none"
    fallback_url: Annotated[str, Meta(description="address of that server; empty: the provider's own")] = ""
    fallback_model: Annotated[str, Meta(description="its model; empty: the server's first")] = ""
    fallback_key_variable: Annotated[Variable, Meta(description="environment variable that holds its key")] = ""


class Speaking(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The voice."""

    engine: Annotated[
        Literal["pyttsx3", "espeak", "piper", "kokoro", "remote", "wyoming"], Meta(description="what speaks")
    ] = "pyttsx3"
    voice: Annotated[
        str, Meta(description="name of the voice; empty: the engine's own (`voicestream voices` lists them)")
    ] = ""
    voices: Annotated[
        dict[str, str], Meta(description="voice for each language, such as {de: German, fr: fr-fr}; empty: one voice")
    ] = {}
    rate: Annotated[int, Meta(ge=80, le=450, description="words a minute")] = 175
    pitch: Annotated[int, Meta(ge=0, le=100, description="0 to 100; only espeak's voices know it")] = 50
    volume: Annotated[float, Meta(ge=0, le=1, description="0 to 1")] = 1.0
    pause: Annotated[float, Meta(ge=0, le=2, description="seconds of silence between sentences")] = 0.25
    cache: Annotated[
        bool, Meta(description="keep the audio of the assistant's own fixed phrases on disk, at most 20 MB")
    ] = True
    filler: Annotated[
        str, Meta(description="what is said when the model is slow to begin, such as Let me think.; empty: nothing")
    ] = ""
    filler_after: Annotated[float, Meta(ge=0.3, le=30, description="seconds of waiting after which it is said")] = 1.5
    threads: Annotated[int, Meta(ge=1, le=8, description="threads of a neural voice")] = 2
    address: Annotated[
        str, Meta(description="of a remote voice: http://127.0.0.1:8880/v1, or tcp://127.0.0.1:10200 for wyoming")
    ] = ""
    remote_model: Annotated[str, Meta(description="name of the remote voice's model; empty: tts-1")] = ""
    key_variable: Annotated[
        Variable, Meta(description="environment variable that holds the remote voice's key; never the key itself")
    ] = ""


class Sentences(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is said of the text that a model writes."""

    first_clause: Annotated[
        int,
        Meta(ge=0, le=200, description="characters from which an answer's first clause is said on its own; 0: never"),
    ] = 24
    code: Annotated[Literal["skip", "announce", "read"], Meta(description="blocks of code")] = "skip"
    code_phrase: Annotated[str, Meta(description="what is said for a block of code that is announced")] = (
        "Here is the code."
    )
    addresses: Annotated[Literal["host", "whole"], Meta(description="how much of a web address is said")] = "host"
    images: Annotated[Literal["alt", "skip"], Meta(description="say the description of an image")] = "alt"
    formulas: Annotated[Literal["skip", "read"], Meta(description="formulas on lines of their own")] = "skip"
    footnotes: Annotated[Literal["skip", "read"], Meta(description="the text of footnotes")] = "skip"
    list_numbers: Annotated[bool, Meta(description="say the numbers of a list's items")] = True
    pronunciations: Annotated[
        dict[str, str], Meta(description="how words are said, such as {nginx: engine x}; capitals do not matter")
    ] = {}


class Tools(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the assistant can do besides speaking."""

    own: Annotated[
        bool,
        Meta(description="let models use the assistant's own tools: time, timers, calculator, units, volume, speed"),
    ] = True
    mcp: Annotated[
        dict[str, str],
        Meta(
            description="MCP servers, a name and a command line or URL for each; a key for NAME: VOICESTREAM_MCP_NAME_KEY"
        ),
    ] = {}
    mcp_environment: Annotated[
        tuple[str, ...],
        Meta(description="names of environment variables that MCP servers may see besides the usual ones"),
    ] = ()
    confirm: Annotated[
        Literal["never", "destructive", "effects"],
        Meta(description="which tools of MCP servers are asked for aloud before they run"),
    ] = "destructive"
    confirm_tools: Annotated[
        tuple[str, ...], Meta(description="names of tools that are always asked for aloud, such as set_alarm")
    ] = ()
    timeout: Annotated[float, Meta(gt=0, le=600, description="seconds that a tool may take")] = 20.0
    rounds: Annotated[int, Meta(ge=1, le=20, description="how often a model may call tools for one answer")] = 4
    filler: Annotated[
        str, Meta(description="what is said when a tool takes longer than 0.8 seconds; empty: nothing")
    ] = "One moment."


class Memory(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the assistant remembers of the conversation."""

    max_tokens: Annotated[
        int,
        Meta(
            ge=500, le=1_000_000, description="tokens of the conversation that a model is told; older turns are dropped"
        ),
    ] = 6000
    summarize: Annotated[
        bool, Meta(description="let the model summarize what is dropped; costs a request each time")
    ] = False
    keep: Annotated[bool, Meta(description="keep the conversation in a file, and go on with it after a restart")] = (
        False
    )
    file: Annotated[str, Meta(description="where it is kept; empty: conversation.json in the user's data folder")] = ""
    about_you: Annotated[
        str, Meta(description="what the model should know about you and how you want to be answered")
    ] = ""


class RemoteHearing(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A recognizer on another machine, for hearing.recognizer: remote or wyoming."""

    base_url: Annotated[str, Meta(description="remote: address of the server, such as http://192.168.1.5:8000/v1")] = (
        "https://api.openai.com/v1"
    )
    model: Annotated[str, Meta(description="remote: name of the server's model; wyoming: may be empty")] = "whisper-1"
    key_variable: Annotated[
        Variable, Meta(description="environment variable that holds the key; never the key itself")
    ] = "OPENAI_API_KEY"
    wyoming: Annotated[str, Meta(description="wyoming: address of the server")] = "tcp://127.0.0.1:10300"
    answer_limit: Annotated[float, Meta(ge=1, le=120, description="seconds to wait for an answer")] = 10.0
    partials: Annotated[bool, Meta(description="remote: send unfinished speech too; costs requests")] = True
    fall_back: Annotated[bool, Meta(description="use the local recognizer while the remote one cannot be reached")] = (
        True
    )


class Control(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The socket by which `voicestream control` and other programs of yours steer a running conversation."""

    socket: Annotated[
        str, Meta(description="path of the Unix socket; empty: in the user's own folder; none: no socket")
    ] = ""


class Hooks(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Commands that are run when something happens; the event comes as JSON on their standard input."""

    run: Annotated[
        dict[str, str],
        Meta(description="command for an event, or for a state, such as {turn: blink, state.speaking: led on}"),
    ] = {}
    limit: Annotated[float, Meta(gt=0, le=600, description="seconds that a command may take before it is ended")] = 5.0


class Config(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings."""

    audio: Audio = Audio()
    hearing: Hearing = Hearing()
    remote_hearing: RemoteHearing = RemoteHearing()
    turns: Turns = Turns()
    thinking: Thinking = Thinking()
    speaking: Speaking = Speaking()
    sentences: Sentences = Sentences()
    tools: Tools = Tools()
    memory: Memory = Memory()
    control: Control = Control()
    hooks: Hooks = Hooks()
