"""config.yaml as typed settings. Every key has a default, a range, a unit and a line of comment, here and nowhere
else: the file in the repository is made from these classes."""

from __future__ import annotations

import copy
import difflib
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
import yaml
from msgspec import Meta

from voicestream.errors import ConfigError

Seconds = Annotated[float, Meta(ge=0, le=3600)]
PREFIX = "VOICESTREAM_"
"""Of environment variables that set a key, such as VOICESTREAM_SPEAKING_RATE."""

TRUTHS = {"yes": "true", "on": "true", "no": "false", "off": "false"}
"""How people and YAML 1.1 write truth values."""

LONGEST_FOUND = 40
"""Letters of a wrong value that a message repeats."""

Share = Annotated[float, Meta(ge=0, le=1)]


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
    key_variable: Annotated[str, Meta(description="environment variable that holds the key; never the key itself")] = ""
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
    fallback_key_variable: Annotated[str, Meta(description="environment variable that holds its key")] = ""


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
        str, Meta(description="environment variable that holds the remote voice's key; never the key itself")
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
    key_variable: Annotated[str, Meta(description="environment variable that holds the key; never the key itself")] = (
        "OPENAI_API_KEY"
    )
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


def load_config(
    path: Path | None = None, overrides: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> Config:
    """Return the settings of `path`, or the defaults, changed by VOICESTREAM_SECTION_KEY and `section.key=value`.

    Raise ConfigError with one line that names the key and where it was written.
    """
    written = _gather(path, overrides, environment or {})
    return _convert(written)


def change_config(tree: dict[str, Any], overrides: Sequence[str]) -> Config:
    """Return the settings of sections and keys, changed by `section.key=value`; raise ConfigError with one line."""
    written = _Written(copy.deepcopy(tree), {})
    _override(written, overrides)
    return _convert(written)


@dataclass(frozen=True, slots=True)
class _Written:
    """What was written, all of it as text; and where, for each path of a key."""

    tree: dict[str, Any]
    places: dict[str, str]

    def place(self, path: str) -> str:
        """Return where a key was written, or something in it, or else the section around it."""
        inner = (place for key, place in self.places.items() if f"{key}.".startswith(f"{path}."))
        return next(inner, "") or (self.place(path.rpartition(".")[0]) if "." in path else "")


def _gather(path: Path | None, overrides: Sequence[str], environment: Mapping[str, str]) -> _Written:
    written = _read(path) if path is not None else _Written({}, {})
    for name in sorted(environment):
        if (key := _key_of(name)) and environment[name]:
            _put(written, key, environment[name], name)
    _override(written, overrides)
    return written


def _override(written: _Written, overrides: Sequence[str]) -> None:
    for override in overrides:
        key, sign, text = override.partition("=")
        if not sign or not all(key.strip().split(".")):
            raise ConfigError(f"--set {override}: expected section.key=value, such as speaking.rate=160")
        _put(written, key.strip(), text, f"--set {key.strip()}")


def _read(path: Path) -> _Written:
    written = _Written({}, {})
    try:
        loader = yaml.BaseLoader(path.read_text(encoding="utf-8"))  # all scalars are text: `off` and `no` are words too
        try:
            node = loader.get_single_node()
            tree = {} if node is None or node.value == "" else loader.construct_document(node)
        finally:
            loader.dispose()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise ConfigError(f"{path}: line {line} is not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: is not YAML") from error
    if not isinstance(tree, dict):
        raise ConfigError(f"{path}: found {_found(tree)}, expected sections such as hearing: and speaking:")
    if isinstance(node, yaml.MappingNode):
        _note_lines(node, "", path, written.places)
    written.tree.update(tree)
    return written


def _note_lines(node: yaml.MappingNode, above: str, file: Path, places: dict[str, str]) -> None:
    """Note the line of each key; raise ConfigError where one stands twice, for YAML would drop the first unsaid."""
    for key, value in node.value:
        path = f"{above}.{key.value}" if above else str(key.value)
        place = f"line {key.start_mark.line + 1} of {file}"
        if path in places:
            raise ConfigError(f"config: {path}: stands twice ({places[path].split(' of ')[0]} and {place})")
        places[path] = place
        if isinstance(value, yaml.MappingNode):
            _note_lines(value, path, file, places)


def _key_of(variable: str) -> str:
    """Return the path of the key that an environment variable sets, such as VOICESTREAM_SPEAKING_RATE; or nothing."""
    name = variable.removeprefix(PREFIX).lower() if variable.startswith(PREFIX) else ""
    section = next((section for section in get_type_hints(Config) if name.startswith(f"{section}_")), "")
    return f"{section}.{name.removeprefix(f'{section}_')}" if section else ""


def _put(written: _Written, path: str, text: str, place: str) -> None:
    keys = path.split(".")
    branch = written.tree
    for key in keys[:-1]:
        if not branch.get(key):  # also a section that stands empty in the file
            branch[key] = {}
        branch = branch[key]
        if not isinstance(branch, dict):
            raise ConfigError(f"config: {path}: {key} is not a section ({place})")
    branch[keys[-1]] = _value(text)
    written.places[path] = place


def _value(text: str) -> Any:
    """Return a list, a mapping or a quoted text where there is one, else the text as it stands. Any: YAML."""
    if text.lstrip()[:1] not in tuple("[{'\""):
        return text.strip()
    try:
        return yaml.load(text, yaml.BaseLoader)
    except yaml.YAMLError:
        return text


def _convert(written: _Written) -> Config:
    tree = written.tree
    for path, found, known in _unknown_keys(tree, Config, ""):
        near = difflib.get_close_matches(found, known, 1)
        hint = f"did you mean {near[0]}?" if near else f"allowed are {', '.join(known)}"
        raise ConfigError(f"config: {path}: unknown key; {hint} ({written.place(path)})")
    try:
        return msgspec.convert(_with_truths(tree), Config, strict=False)  # numbers come as text
    except msgspec.ValidationError as error:
        place = str(error).partition(" - at ")[2].strip("`").removeprefix("$").lstrip(".")
        path = place.partition("[")[0]
        value = functools.reduce(lambda branch, key: branch.get(key, ""), path.split("."), tree)
        found = "something else in it" if "[" in place else _found(value)
        told = f"config: {path}: expected {_expected(path)}, found {found} ({written.place(path)})"
        raise ConfigError(told) from error


def _with_truths(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tree with yes, no, on and off as truth values where one is expected, and empty sections."""
    sections: dict[str, Any] = {}
    for name, section in tree.items():
        hints = get_type_hints(get_type_hints(Config)[name])
        sections[name] = section or {}
        if isinstance(section, dict):
            sections[name] = {key: _truth(value) if hints[key] is bool else value for key, value in section.items()}
    return sections


def _truth(value: Any) -> Any:
    return TRUTHS.get(value.lower(), value) if isinstance(value, str) else value


def _unknown_keys(tree: Mapping[str, Any], section: type, path: str) -> list[tuple[str, str, list[str]]]:
    hints = get_type_hints(section)
    unknown = []
    for key, value in tree.items():
        place = f"{path}.{key}" if path else str(key)
        if key not in hints:
            unknown.append((place, str(key), list(hints)))
        elif isinstance(value, dict) and isinstance(hints[key], type) and issubclass(hints[key], Section):
            unknown += _unknown_keys(value, hints[key], place)
    return unknown


def _expected(path: str) -> str:
    """Return in words what the key at `path` takes."""
    section, _, key = path.partition(".")
    if not key:
        return "a section"
    hint = get_type_hints(get_type_hints(Config)[section], include_extras=True)[key]
    base = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    if get_origin(base) is Literal:
        return f"one of {', '.join(get_args(base))}"
    kinds = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
    kind = kinds.get(base) or {dict: "pairs such as {name: text}", tuple: "a list such as [one, two]"}[get_origin(base)]
    return ", ".join([kind, *(_limits(meta) for meta in hint.__metadata__ if _limits(meta))])


def _found(value: object) -> str:
    if isinstance(value, str):
        return repr(value if len(value) <= LONGEST_FOUND else f"{value[:LONGEST_FOUND]}…") if value else "nothing"
    return "a list" if isinstance(value, list) else "a section"


@dataclass(frozen=True, slots=True)
class Setting:
    """What there is to know of one key."""

    section: str
    key: str
    allowed: str
    """Its range, or the words that it may be; empty where any value of its type is allowed."""
    meaning: str
    """With its unit."""

    @property
    def path(self) -> str:
        """As --set takes it."""
        return f"{self.section}.{self.key}"


def settings() -> list[Setting]:
    """Return every key, in the order of the file."""
    return [
        Setting(name, key, _allowed(hint), _meaning(hint))
        for name, section in get_type_hints(Config).items()
        for key, hint in get_type_hints(section, include_extras=True).items()
    ]


def value_of(config: Config, setting: Setting) -> str:
    """Return what a key is set to, as YAML writes it."""
    value = getattr(getattr(config, setting.section), setting.key)
    return yaml.safe_dump(value, default_flow_style=True, width=10_000, allow_unicode=True).split("\n")[0]


def as_yaml(config: Config | None = None) -> str:
    """Return the settings as a commented config.yaml."""
    config = config or Config()
    lines = [
        "# Settings of voicestream. Every key may be left out: what stands here is its default.",
        f"# An environment variable such as {PREFIX}SPEAKING_RATE wins over this file, and --set over both.",
    ]
    section = ""
    for setting in settings():
        if setting.section != section:
            section = setting.section
            lines += ["", f"# {type(getattr(config, section)).__doc__}", f"{section}:"]
        allowed = f" ({setting.allowed})" if setting.allowed else ""
        lines.append(f"  {setting.key}: {value_of(config, setting)}  # {setting.meaning}{allowed}")
    return "\n".join(lines) + "\n"


def sources(
    path: Path | None, overrides: Sequence[str], environment: Mapping[str, str] | None = None
) -> list[tuple[str, str, str]]:
    """Return each key with its value and where that was written, or "default"; raise ConfigError."""
    written = _gather(path, overrides, environment or {})
    config = _convert(written)
    rows = []
    for setting in settings():
        is_written = setting.key in (written.tree.get(setting.section) or {})
        place = written.place(setting.path) if is_written else "default"
        rows.append((setting.path, value_of(config, setting), place))
    return rows


def _meaning(hint: Any) -> str:
    return next((item.description for item in _metas(hint) if item.description), "")


def _allowed(hint: Any) -> str:
    metas = _metas(hint)
    base = get_args(hint)[0] if metas else hint
    if get_origin(base) is Literal:
        return " | ".join(map(str, get_args(base)))
    return next((limits for meta in metas if (limits := _limits(meta))), "")


def _metas(hint: Any) -> list[Meta]:
    return [item for item in getattr(hint, "__metadata__", ()) if isinstance(item, Meta)]


def _limits(meta: Meta) -> str:
    if meta.min_length is not None:
        return f"{meta.min_length} letters or more"
    if meta.le is None:
        return ""
    return (
        f"{meta.ge:.10g} to {meta.le:.10g}"
        if meta.ge is not None
        else f"more than {meta.gt:.10g}, up to {meta.le:.10g}"
    )
