"""Reads addresses, names of files, hashtags and acronyms.

Each function takes a match of its pattern and returns the words, or None where it does not apply after all."""

from __future__ import annotations

import re

from voicestream.speaking.wording import Wording

Match = re.Match[str]

_ENDINGS = "com|org|net|edu|gov|io|dev|ai|app|co|uk|de|fr|es|eu|info|ch|nl|tv|au|jp|br|ru|cn|example|test"
_FILES = (
    "py|js|ts|jsx|tsx|txt|md|json|jsonl|yaml|yml|toml|ini|conf|cfg|log|csv|tsv|pdf|png|jpg|jpeg|gif|svg|zip|gz|tar|xz|"
    "html|htm|css|sh|bat|c|cc|cpp|h|hpp|rs|go|java|kt|rb|php|sql|xml|exe|dll|so|deb|iso|docx|xlsx|pptx|odt|mp3|mp4|wav|"
    "flac|ogg|env|lock|bak|db|ipynb|service|onnx"
)
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
WEB = re.compile(
    rf"(?:https?://(?:[^\s,;]*[\w/])|(?:[\w-]+\.)+(?:{_ENDINGS})(?::\d+)?(?:/[\w./?=&%#~+-]*[\w/])?)(?![\w-]|\.\w)",
    re.I,
)
PATH = re.compile(r"(?:~|\.{1,2}|[A-Za-z]:)?(?:[/\\][\w.~+-]*[\w~+-])+[/\\]?|~/")
FILE = re.compile(rf"\.?[\w-]+(?:\.[\w-]+)*\.(?:{_FILES})(?![\w-]|\.\w)")
HASHTAG = re.compile(r"#([^\W\d_]\w*)")
MENTION = re.compile(r"@([^\W\d_]\w+)")
ACRONYM = re.compile(r"(?:[A-Z]\.){2,}(?![a-z])|[A-Z][A-Z0-9]{1,5}(s?)(?![\w'’])|[A-Z][a-z]?[A-Z]{1,3}(s?)(?!\w)")
DOTNET = re.compile(r"\.NET\b|C\+\+|[CF]#")

_SIGNS = re.compile(r"[\w]+|.")
_HUMPS = re.compile(r"(?<=[a-zß-ÿ\d])(?=[A-Z])|_")


def read_email(match: Match, wording: Wording) -> str | None:
    """Read `help.desk@example.co.uk`."""
    return _read_signs(match.group(), wording)


def read_web(match: Match, wording: Wording) -> str | None:
    """Read `github.com/example`, without the scheme."""
    return _read_signs(re.sub(r"^https?://", "", match.group()).rstrip("/"), wording)


def read_path(match: Match, wording: Wording) -> str | None:
    """Read `/var/log/app.log` and `C:\\Users\\me`."""
    written = match.group()
    if len(written) < 2 or not any(map(str.isalpha, written)):
        return None
    return _read_signs(written, wording)


def read_file(match: Match, wording: Wording) -> str | None:
    """Read `config.yaml`."""
    return _read_signs(match.group(), wording)


def read_hashtag(match: Match, wording: Wording) -> str | None:
    """Read `#OpenSource`."""
    return f"{wording.hashtag} {' '.join(filter(None, _HUMPS.split(match[1])))}"


def read_mention(match: Match, wording: Wording) -> str | None:
    """Read `@name`."""
    return f"{wording.at} {' '.join(filter(None, _HUMPS.split(match[1])))}"


def read_acronym(match: Match, wording: Wording) -> str | None:
    """Read `PDFs` and `U.S.` letter by letter; acronyms that can be said as words stay as they are."""
    written = match.group()
    plural = match[1] or match[2] or ""
    letters = written.removesuffix(plural) if plural else written
    if "." in written:
        spelled = " ".join(letters.replace(".", ""))
        return f"{spelled}." if not match.string[match.end() :].strip("\"'”’)»") else spelled
    is_spelled = letters in wording.spelled or written in wording.spelled or not re.search(r"[AEIOUYaeiouy]", letters)
    if not is_spelled or (written.isupper() and _is_shouted(match.string)):
        return None
    return " ".join(letters) + plural


def read_special_name(match: Match, wording: Wording) -> str | None:
    """Read `C++`, `C#` and `.NET`."""
    if match.group().endswith("#"):
        return f"{match.group()[0]} sharp"
    return f"{wording.dot} net" if match.group() == ".NET" else f"C {wording.plus} {wording.plus}"


def _is_shouted(text: str) -> bool:
    """Say whether a whole text is in capitals, so that capitals mean nothing."""
    letters = [letter for letter in text if letter.isalpha()]
    return len(letters) > 12 and sum(map(str.isupper, letters)) > 0.7 * len(letters)


def _read_signs(address: str, wording: Wording) -> str:
    """Name the signs between the words of an address."""
    names = {
        ".": wording.dot, "@": wording.at, "/": wording.slash, "\\": wording.backslash, "-": wording.hyphen,
        "_": wording.underscore, ":": wording.colon, "~": wording.tilde, "+": wording.plus,
    }  # fmt: skip
    parts: list[str] = []
    for match in _SIGNS.finditer(address.replace("_", " _ ")):
        part = match.group()
        if part.strip():
            parts += [names.get(part, part if part[0].isalnum() else "")]
    return " ".join(filter(None, parts))
