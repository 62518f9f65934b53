"""Reads the settings from config.yaml, environment and command line, tells where each came from, and writes them.

Every error is one line that names the key and where it was written.
"""

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

from voicestream.config import Config, Section
from voicestream.errors import ConfigError

PREFIX = "VOICESTREAM_"
"""Of environment variables that set a key, such as VOICESTREAM_SPEAKING_RATE."""

TRUTHS = {"yes": "true", "on": "true", "no": "false", "off": "false"}
"""How people and YAML 1.1 write truth values."""

LONGEST_FOUND = 40
"""Letters of a wrong value that a message repeats."""


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
        if _is_variable(path):  # it may be the key itself
            found = "something else"
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
    if _is_variable(path):
        return "the name of an environment variable, which holds the key"
    kind = kinds.get(base) or {dict: "pairs such as {name: text}", tuple: "a list such as [one, two]"}[get_origin(base)]
    return ", ".join([kind, *(_limits(meta) for meta in hint.__metadata__ if _limits(meta))])


def _is_variable(path: str) -> bool:
    return path.endswith("key_variable")


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
