"""Takes the written answer apart into what is said and what is only markup, while it is still being written.

Every construct is decided at its first character that can tell, holds a bounded number of characters until then, and
is literal text beyond that. Knows nothing of sentences, and nothing of how numbers are read."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Literal

from voicestream.speaking import markup
from voicestream.speaking.formulas import read_formula
from voicestream.speaking.signs import (
    CONTROLS,
    INVISIBLE,
    JOINERS,
    KEPT_SIGNS,
    NEWLINES,
    has_sound,
    match_terminal_sequence,
    needs_joiner,
)

_WAIT = -1
_RUN_HOLD = 80
"""Marks of one kind in a row."""
_RULE_HOLD = 200
_LINK_HOLD = 300
"""Characters that may lie between the brackets of a link."""
_URL_HOLD = 2000
_MATH_HOLD = 160
_DISPLAY_HOLD = 1500
_CODE_HOLD = 160
"""Characters of the longest code span within a sentence."""
_HIDDEN_TAIL = 40
"""Characters kept back in hidden text, so that a closing tag cut in two is seen."""

_match_plain = markup.PLAIN.match
_CODE_ENDS = re.compile(rf"`+|[{NEWLINES}]|''")
_UNSAID = re.compile(rf"[{INVISIBLE}{CONTROLS}]")


@dataclass(frozen=True, slots=True)
class Policy:
    """What is said where more than one way is right."""

    code: Literal["skip", "announce", "read"] = "skip"
    """Blocks of code; code within a sentence is always read."""
    code_phrase: str = "Here is the code."
    """What is said for a block that is announced."""
    urls: Literal["host", "whole"] = "host"
    images: Literal["alt", "skip"] = "alt"
    math: Literal["skip", "read"] = "skip"
    """Formulas on lines of their own; formulas within a sentence are always read."""
    footnotes: Literal["skip", "read"] = "skip"
    list_numbers: bool = True


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the written text, and what is said for it."""

    text: str
    kind: Literal["said", "verbatim", "break", "pause", "opening", "gone"]
    """verbatim: said, and no sentence ends in it. break: a sentence ends here. pause: a comma, if anything follows.
    opening: markup that belongs to what follows. gone: other markup."""
    start: int
    """Index into the written text."""
    end: int


class SpokenText:
    """Reads the written text piece by piece."""

    def __init__(self, policy: Policy | None = None) -> None:
        self._policy = policy or Policy()
        self._held = ""
        self._offset = 0
        self._is_all = False
        self._pieces: list[Piece] = []
        self._previous = ""
        self._line_start = True
        self._in_row = False
        self._in_heading = False
        self._bullet = ""
        self._open_marks: set[str] = set()
        self._link_ends: set[int] = set()
        self._hidden: re.Pattern[str] | None = None
        self._fence = ""

    def add(self, text: str) -> list[Piece]:
        """Read on; return what is decided."""
        self._held += text
        return self._read()

    def finish(self) -> list[Piece]:
        """Return the rest: the text is complete."""
        self._is_all = True
        return self._read()

    def pause(self) -> list[Piece]:
        """Return an exclamation mark that was held back because an image could begin with it."""
        if self._held != "!":
            return []
        self._held = ""
        self._offset += 1
        self._previous = "!"
        return [Piece("!", "said", self._offset - 1, self._offset)]

    def _read(self) -> list[Piece]:
        at, held = 0, self._held
        while at < len(held):
            is_inside = self._line_start or self._hidden or self._fence
            plain = None if is_inside else _match_plain(held, at)
            step = self._read_plain(at, plain.end()) if plain else self._step(at)
            if step == _WAIT:
                break
            at = step
        self._held = self._held[at:]
        self._offset += at
        pieces, self._pieces = self._pieces, []
        return pieces

    def _step(self, at: int) -> int:
        held = self._held
        if self._fence:
            return self._read_fence(at)
        if self._hidden:
            return self._skip_hidden(at)
        if self._line_start:
            step = self._begin_line(at)
            if step != at:
                return step
            self._line_start = False
            return at
        return self._read_sign(at, held[at])

    # ------------------------------------------------------------------------------------------ what is put out

    def _put(
        self, kind: Literal["said", "verbatim", "break", "pause", "opening", "gone"], text: str, at: int, end: int
    ) -> int:
        self._pieces.append(Piece(text, kind, self._offset + at, self._offset + end))
        self._previous = self._held[end - 1] if end > at else self._previous
        return end

    def _say(self, at: int, end: int) -> int:
        return self._put("said", self._held[at:end], at, end)

    def _drop(self, at: int, end: int) -> int:
        """Leave out markup; what was before it stays the neighbour of what follows."""
        previous = self._previous
        self._put("gone", "", at, end)
        self._previous = previous
        return end

    def _more(self, part: re.Pattern[str], at: int) -> bool:
        """Say whether what lies at `at` may become a construct when more text comes."""
        return not self._is_all and part.match(self._held, at) is not None

    # -------------------------------------------------------------------------------------- beginnings of lines

    def _begin_line(self, at: int) -> int:
        """Read the marks at the beginning of a line; return `at` where the text begins."""
        held, sign = self._held, self._held[at]
        if sign in " \t\u00a0":
            return self._put("opening", "", at, at + 1)
        if sign in "-*_=+:|":
            if self._more(markup.RULE_PART, at) or (sign in "-|:+" and self._more(markup.ROW_RULE_PART, at)):
                return _WAIT if len(held) - at < _RULE_HOLD else at
            match = markup.RULE.match(held, at) or markup.ROW_RULE.match(held, at)
            if match and match.end() - at < _RULE_HOLD and match.group().strip() != "-":
                return self._drop(at, match.end())
        if sign in markup.BULLETS:
            return self._begin_item(at)
        if sign == "#":
            if self._more(markup.HEADING_PART, at):
                return _WAIT
            match = markup.HEADING.match(held, at)
            self._in_heading = match is not None
            self._line_start = False
            return self._put("opening", "", at, match.end()) if match else at
        if sign in "`~":
            return self._begin_fence(at)
        if sign == ">":
            if len(held) == at + 1 and not self._is_all:
                return _WAIT
            match = markup.QUOTE.match(held, at)
            return self._drop(at, match.end()) if match else at
        if sign.isdecimal() or sign == "(":
            return self._begin_number(at)
        if sign == "|":
            self._in_row, self._line_start = True, False
            return self._put("opening", "", at, at + 1)
        if sign == "[":
            return self._begin_bracket(at)
        if sign == ":":
            match = markup.DEFINITION.match(held, at)
            return self._drop(at, match.end()) if match else at
        return at

    def _begin_item(self, at: int) -> int:
        held = self._held
        if len(held) == at + 1 and not self._is_all and held[at] not in "•⁃":
            return _WAIT
        match = markup.BULLET.match(held, at)
        if not match:
            return at
        self._bullet = held[at]
        return self._put("opening", "", at, match.end())

    def _begin_number(self, at: int) -> int:
        held = self._held
        if held[at] == "(":
            return at
        if self._more(markup.NUMBER_PART, at):
            return _WAIT
        match = markup.NUMBER.match(held, at)
        if not match:
            return at
        self._line_start = False
        if not self._policy.list_numbers:
            return self._put("opening", "", at, match.end())
        end = self._put("verbatim", match[1], at, match.end(1))
        return self._put("said", " ", end, match.end())

    def _begin_bracket(self, at: int) -> int:
        held = self._held
        if (
            self._more(markup.TASK_PART, at)
            or self._more(markup.NOTE_PART, at)
            or self._more(markup.REFERENCE_PART, at)
        ):
            return _WAIT
        match = markup.TASK.match(held, at)
        if match:
            self._line_start = False
            return self._put("opening", "", at, match.end())
        match = markup.NOTE.match(held, at)
        if match:
            if self._policy.footnotes == "skip":
                self._hidden = re.compile(r"(?=[\n\r])")
            return self._drop(at, match.end())
        match = markup.REFERENCE.match(held, at)
        if match:
            self._hidden = re.compile(r"(?=[\n\r])")
            return self._drop(at, match.end())
        return at

    # ------------------------------------------------------------------------------------------- blocks of code

    def _begin_fence(self, at: int) -> int:
        held = self._held
        if self._more(markup.FENCE_PART, at):
            return _WAIT
        match = markup.FENCE.match(held, at)
        if not match:
            return at
        self._fence = match[1]
        self._put("break", "", at, at)
        if self._policy.code == "announce":
            self._put("said", self._policy.code_phrase, at, match.end())
            self._put("break", "", match.end(), match.end())
        else:
            self._drop(at, match.end())
        self._line_start = True
        return match.end()

    def _read_fence(self, at: int) -> int:
        """Read one line of a block of code, or as much of it as there is."""
        held = self._held
        if self._line_start:
            mark = self._fence[0]
            match = re.compile(rf"[ \t]{{0,80}}{mark}{{{len(self._fence)},80}}[ \t]{{0,80}}(?:[\n\r]|\Z)").match(
                held, at
            )
            if match and (held[match.end() - 1] in "\n\r" or self._is_all):
                self._fence, self._previous = "", ""
                self._put("break", "", at, match.end())
                return match.end()
            if self._more(re.compile(rf"[ \t]{{0,80}}{mark}{{0,80}}[ \t]{{0,80}}\Z"), at):
                return _WAIT
        end = min((place for place in (held.find("\n", at), held.find("\r", at)) if place >= 0), default=-1)
        self._line_start = end >= 0
        stop = end + 1 if end >= 0 else len(held)
        if self._policy.code != "read":
            return self._drop(at, stop)
        self._put("verbatim", held[at : stop - 1 if end >= 0 else stop], at, stop - 1 if end >= 0 else stop)
        return self._put("break", "", stop - 1, stop) if end >= 0 else stop

    def _skip_hidden(self, at: int) -> int:
        assert self._hidden is not None
        match = self._hidden.search(self._held, at)
        if match:
            self._hidden = None
            return self._drop(at, match.end())
        end = len(self._held) if self._is_all else max(at, len(self._held) - _HIDDEN_TAIL)
        return self._drop(at, end) if end > at else _WAIT

    # ------------------------------------------------------------------------------------------------- in lines

    def _read_plain(self, at: int, end: int) -> int:
        """Say a run of ordinary characters, up to a web address in it."""
        held = self._held
        begin = held.find("http", at, end + 3) if end - at > 3 else -1
        while begin >= 0:
            if _begins_word(held[begin - 1] if begin > at else self._previous) and held.startswith(("http://", "https://"), begin):
                return self._say(at, begin) if begin > at else self._read_url(begin)
            begin = held.find("http", begin + 4, end + 3)
        if end == len(held) and not self._is_all and held[-1] in "htps:/":
            match = markup.URL_PART.search(held, max(at, end - 8))
            if match and _begins_word(held[match.start() - 1] if match.start() > at else self._previous):
                return self._say(at, match.start()) if match.start() > at else _WAIT
        return self._say(at, end)

    def _read_url(self, at: int) -> int:
        match = markup.URL.match(self._held, at)
        assert match is not None
        if match.end() == len(self._held) and not self._is_all and match.end() - at < _URL_HOLD:
            return _WAIT
        url = markup.cut_url(match.group())
        host = markup.URL_HOST.match(url)
        end = at + len(url)
        if not host or not host[1]:
            return self._say(at, max(end, at + 4))
        return self._put("verbatim", host[1] if self._policy.urls == "host" else url, at, end)

    def _read_sign(self, at: int, sign: str) -> int:
        """Read one character that may be markup, and what belongs to it."""
        if sign in NEWLINES:
            return self._end_line(at)
        match sign:
            case "*" | "_" | "~" | "=":
                return self._read_mark(at, sign)
            case "`":
                return self._begin_code(at)
            case "[":
                return self._read_bracket(at)
            case "]":
                return self._read_bracket_end(at)
            case "!":
                return self._read_exclamation(at)
            case "<":
                return self._read_tag(at)
            case "&":
                return self._read_entity(at)
            case "\\":
                return self._read_backslash(at)
            case "$":
                return self._read_dollar(at)
            case "|" | "•" | "⁃":
                return self._read_separator(at)
            case "#":
                return self._read_hash(at)
            case "【":
                return self._read_source(at)
            case "◁":
                return self._read_kimi(at)
            case "\t":
                return self._put("said", " ", at, at + 1)
        return self._read_rare(at, sign)

    def _end_line(self, at: int) -> int:
        self._line_start = True
        self._in_row = self._in_heading = False
        self._bullet = ""
        self._open_marks.clear()
        end = self._put("break", "", at, at + 1)
        self._previous = ""
        return end

    def _read_rare(self, at: int, sign: str) -> int:
        """Read what is never said: emoji, controls, invisible marks, footnote signs; and blanks of odd widths."""
        held = self._held
        if sign in "\x1b\x9b":
            length = match_terminal_sequence(held, at)
            if length < 0 and not self._is_all:
                return _WAIT
            return self._drop(at, at + max(length, 1))
        if sign.isspace() and sign not in "\x0b\x0c\x1c\x1d\x1e\x1f":
            return self._put("said", " ", at, at + 1)
        if sign in KEPT_SIGNS:
            if len(held) == at + 1 and not self._is_all:
                return _WAIT
            return self._drop(at, at + 2) if held[at + 1 : at + 2] == "\ufe0f" else self._say(at, at + 1)
        if sign in JOINERS and self._previous and needs_joiner(self._previous):
            return self._say(at, at + 1)
        if sign.isdecimal() or sign.isdigit():  # superscripts: a note behind a word or stop, else a power
            is_note = not self._previous or self._previous in '.,;:!?"”’»)…。！？' or self._previous == "\0"
            return self._drop(at, at + 1) if is_note else self._say(at, at + 1)
        return self._drop(at, at + 1)

    def _read_mark(self, at: int, sign: str) -> int:
        """Read * _ ~ = : emphasis by its neighbours (CommonMark's flanking), else literal."""
        held, end = self._held, at + 1
        while end < len(held) and held[end] == sign and end - at < _RUN_HOLD:
            end += 1
        if end - at == _RUN_HOLD:
            return self._drop(at, end)
        if end == len(held) and not self._is_all:
            return _WAIT
        before, after, length = self._previous or " ", held[end : end + 1] or " ", end - at
        opens, closes = not after.isspace(), not before.isspace()
        if sign == "~":
            return self._say(at, end) if length == 1 else self._drop_mark(at, end, opens)
        if sign == "=":
            is_mark = length == 2 and ((opens and not before.isalnum()) or (closes and "=" in self._open_marks))
            if not is_mark:
                return self._say(at, end) if length < 4 else self._drop(at, end)
            return self._drop_mark(at, end, opens and not before.isalnum())
        if not opens and not closes:
            return self._say(at, end) if length < 3 else self._drop(at, end)
        if sign == "*":
            if (before.isdigit() or before == ")") and (after.isdigit() or after == "(") and length < 3:
                return self._say(at, end)
            return self._drop_mark(at, end, opens and not (closes and "*" in self._open_marks))
        if before.isalnum() and after.isalnum():
            return self._say(at, end)
        if opens and not before.isalnum():
            return self._drop_mark(at, end, True)
        if closes and "_" in self._open_marks or length > 2:
            return self._drop_mark(at, end, False)
        return self._say(at, end)

    def _drop_mark(self, at: int, end: int, opens: bool) -> int:
        sign = self._held[at]
        if not opens:
            self._open_marks.discard(sign)
            return self._drop(at, end)
        self._open_marks.add(sign)
        previous = self._previous
        self._put("opening", "", at, end)
        self._previous = previous if previous.isspace() or not previous else "("
        return end

    def _begin_code(self, at: int) -> int:
        held, end = self._held, at + 1
        while end < len(held) and held[end] == "`" and end - at < _RUN_HOLD:
            end += 1
        if end - at == _RUN_HOLD:
            return self._drop(at, end)
        if end == len(held) and not self._is_all:
            return _WAIT
        if end - at >= 3:
            step = self._begin_fence(at)
            if step != at:
                return step
        return self._read_code(at, end)

    def _read_code(self, at: int, begin: int) -> int:
        """Say a code span as it is; marks that nobody closes on their line are left out."""
        held, ticks = self._held, begin - at
        limit = begin + _CODE_HOLD
        for match in _CODE_ENDS.finditer(held, begin, limit):
            if match.end() == len(held) < limit and not self._is_all:
                return _WAIT
            following = held[match.end() : match.end() + 1]
            is_quote = ticks == 2 and held[match.start() - 1].isspace() and following.isalnum()
            if match.group() == "`" * ticks and not is_quote:
                self._put("opening", "", at, begin)
                self._put("verbatim", _UNSAID.sub("", held[begin : match.start()]).strip(), begin, match.start())
                self._drop(match.start(), match.end())
                self._previous = "`"
                return match.end()
            if match.group()[0] in NEWLINES or (match.group() == "''" and ticks == 2):  # ``quoted'' as TeX has it
                return self._drop_mark(at, begin, True)
        if len(held) < limit and not self._is_all:
            return _WAIT
        return self._drop_mark(at, begin, True)

    # ------------------------------------------------------------------------------------- brackets and links

    def _read_bracket(self, at: int, is_image: bool = False) -> int:
        held = self._held
        begin = at + 1 if is_image else at
        if held.startswith("[THINK]", begin):
            self._hidden = re.compile(r"\[/THINK\]")
            return self._drop(at, begin + 7)
        if not self._is_all and "[THINK]".startswith(held[begin:]):
            return _WAIT
        end = self._find_bracket_end(begin)
        if end == _WAIT:
            if len(held) - begin < _LINK_HOLD and not self._is_all:
                return _WAIT
            return self._drop(at, begin + 1) if self._is_all else self._say(at, begin + 1)
        if end == begin:
            return self._say(at, begin + 1)
        citation = markup.CITATION.match(held, begin)
        if len(held) == end + 1 and not self._is_all:
            return _WAIT
        if held[end + 1 : end + 2] == "(" or (held[end + 1 : end + 2] == "[" and not citation):
            self._link_ends.add(self._offset + end)
            if is_image and self._policy.images == "skip":
                return self._put("opening", "", at, end)
            if end == begin + 1:
                return self._drop(at, end)
            previous = self._previous
            self._put("opening", "", at, begin + 1)
            self._previous = previous
            return begin + 1
        if citation:
            self._drop(at, end + 1)
            self._previous = "\0"
            return end + 1
        return self._say(at, begin + 1)

    def _find_bracket_end(self, at: int) -> int:
        """Return the index of the bracket that closes the one at `at`, _WAIT if not there yet, `at` if never."""
        depth = 0
        for match in re.compile(r"[\[\]\n\r`\\]").finditer(self._held, at, at + _LINK_HOLD):
            character = match.group()
            if character in "\n\r":
                return at
            depth += {"[": 1, "]": -1}.get(character, 0)
            if depth == 0 and character == "]":
                return match.start()
        return _WAIT

    def _read_bracket_end(self, at: int) -> int:
        held = self._held
        if self._offset + at not in self._link_ends:
            return self._say(at, at + 1)
        self._link_ends.discard(self._offset + at)
        if held[at + 1] == "[":
            self._hidden = re.compile(r"\]|(?=[\n\r])")
            self._drop(at, at + 2)
            self._previous = "]"
            return at + 2
        depth = 0
        for match in re.compile(r"[()\n\r]").finditer(held, at + 1):
            if match.group() in "\n\r":
                return self._drop(at, match.start())
            depth += 1 if match.group() == "(" else -1
            if depth == 0:
                self._drop(at, match.end())
                self._previous = "]"
                return match.end()
        if self._is_all or len(held) - at > 4000:
            return self._drop(at, len(held))
        self._link_ends.add(self._offset + at)
        return _WAIT

    def _read_exclamation(self, at: int) -> int:
        held = self._held
        if len(held) == at + 1 and not self._is_all:
            return _WAIT
        if held[at + 1 : at + 2] == "[":
            return self._read_bracket(at, is_image=True)
        return self._say(at, at + 1)

    def _read_source(self, at: int) -> int:
        if self._more(markup.SOURCE_PART, at):
            return _WAIT
        match = markup.SOURCE.match(self._held, at)
        if match and ("†" in match.group() or not has_sound(match.group()) or match.group()[1:-1].isdigit()):
            return self._drop(at, match.end())
        return self._say(at, at + 1)

    # ------------------------------------------------------------------------------------------ tags and tokens

    def _read_tag(self, at: int) -> int:
        held = self._held
        if self._more(markup.TOKEN_PART, at):
            return _WAIT
        token = markup.TOKEN.match(held, at)
        if token:
            return self._read_token(at, token)
        if held.startswith(markup.COMMENT, at):
            self._hidden = re.compile(r"-->")
            return self._drop(at, at + 4)
        if not self._is_all and markup.COMMENT.startswith(held[at:]):
            return _WAIT
        link = markup.AUTOLINK.match(held, at)
        if link:
            address = link[1].removeprefix("mailto:")
            host = markup.URL_HOST.match(address)
            said = host[1] if host and host[1] and self._policy.urls == "host" else address
            return self._put("verbatim", said, at, link.end())
        tag = markup.TAG.match(held, at)
        if not tag:
            if self._more(markup.TAG_PART, at) or self._more(markup.AUTOLINK_PART, at):
                return _WAIT
            if self._is_all and markup.TAG_CUT.match(held, at):
                return self._drop(at, len(held))
            return self._say(at, at + 1)
        return self._obey_not(at, tag)

    def _obey_not(self, at: int, tag: re.Match[str]) -> int:
        """Leave out a tag; what it stands for is a pause at most."""
        name, is_closing, is_empty = tag[2].lower(), tag[1] == "/", tag[4] == "/"
        if name in markup.HIDDEN_TAGS:
            if not is_closing and not is_empty:
                self._hidden = re.compile(rf"</{re.escape(name)}\s?>", re.I)
            return self._drop(at, tag.end())
        if name in markup.BLOCK_TAGS:
            self._put("break", "", at, tag.end())
            self._previous = ""
            return tag.end()
        if name in markup.CELL_TAGS:
            return self._put("pause", "", at, tag.end()) if is_closing else self._drop(at, tag.end())
        if name in markup.PLAIN_TAGS or is_closing or is_empty or "=" in tag[3] or ":" in name:
            return self._drop(at, tag.end()) if is_closing else self._put("opening", "", at, tag.end())
        return self._say(at, at + 1)

    def _read_token(self, at: int, token: re.Match[str]) -> int:
        """Read a model's own token such as <|channel|>: only the final channel is said."""
        name = token[1].lower()
        if name == "channel":
            rest = self._held[token.end() :]
            header = re.match(r"\s*(\w*)[^<]{0,60}<", rest)
            if not header and not self._is_all and len(rest) < 80:
                return _WAIT
            if header and header[1] == "final":
                self._hidden = re.compile(r"<\|message\|>")
            else:
                self._hidden = re.compile(r"<\|(?:end|return|call|start)\|>")
            return self._drop(at, token.end())
        if name == "start":
            self._hidden = re.compile(r"(?=<\|channel\|>)|<\|message\|>")
        elif "thought" in name and name.startswith("begin"):
            self._hidden = re.compile(rf"<\|{name.replace('begin', 'end', 1)}\|>")
        elif name in ("end", "return", "im_end", "eot_id", "endoftext"):
            self._put("break", "", at, token.end())
            return token.end()
        return self._drop(at, token.end())

    def _read_kimi(self, at: int) -> int:
        held = self._held
        if held.startswith("◁think▷", at):
            self._hidden = re.compile("◁/think▷")
            return self._drop(at, at + 7)
        if not self._is_all and "◁think▷".startswith(held[at:]):
            return _WAIT
        return self._drop(at, at + 1)

    def _read_entity(self, at: int) -> int:
        if self._more(markup.ENTITY_PART, at):
            return _WAIT
        match = markup.ENTITY.match(self._held, at)
        character = html.unescape(match.group()) if match else "&"
        if not match or character == match.group():
            return self._say(at, at + 1)
        if character.isspace():
            return self._put("said", " ", at, match.end())
        if not character.isprintable():
            return self._drop(at, match.end())
        return self._put("said", character, at, match.end())

    # ------------------------------------------------------------------------------------------------- formulas

    def _read_backslash(self, at: int) -> int:
        held = self._held
        if len(held) == at + 1 and not self._is_all:
            return _WAIT
        following = held[at + 1 : at + 2]
        if following in ("(", "["):
            return self._read_formula(at, 2, "\\)" if following == "(" else "\\]", following == "[")
        if following == "b":
            if not self._is_all and "\\begin{".startswith(held[at : at + 7]) and len(held) - at < 7:
                return _WAIT
            if held.startswith("\\begin{", at):
                self._hidden = re.compile(r"\\end\{[^}\n]{0,30}\}")
                return self._drop(at, at + 7)
        if following and following in "!\"#$%&')*+,-./:;<=>?@]^_`{|}~\\":
            return self._put("said", following, at, at + 2)
        if following and following in NEWLINES:
            return self._drop(at, at + 1)
        return self._say(at, at + 1)

    def _read_dollar(self, at: int) -> int:
        held = self._held
        if held.startswith("$$", at):
            if held.startswith("$$$", at):
                return self._say(at, at + 3)
            if len(held) == at + 2 and not self._is_all:
                return _WAIT
            return self._read_formula(at, 2, "$$", True)
        if len(held) == at + 1 and not self._is_all:
            return _WAIT
        following = held[at + 1 : at + 2]
        if not following or following.isspace() or following in ".,;:!?)":
            return self._say(at, at + 1)
        if following.isdigit():
            token = re.compile(r"[^\s$]{0,40}").match(held, at + 1)
            assert token is not None
            if token.end() == len(held) and not self._is_all:
                return _WAIT
            if not re.search(r"[\\^_]", token.group()) and held[token.end() : token.end() + 1] != "$":
                return self._say(at, at + 1)
        elif re.compile(r"[^\W\d_]{2,}(?:[\s.,;:!?/)]|\Z)").match(held, at + 1):
            whole = re.compile(r"[^\W\d_]{2,}[\s.,;:!?/)]").match(held, at + 1)
            return self._say(at, at + 1) if whole or self._is_all else _WAIT
        return self._read_formula(at, 1, "$", False)

    def _read_formula(self, at: int, length: int, closing: str, is_display: bool) -> int:
        held, limit = self._held, _DISPLAY_HOLD if is_display else _MATH_HOLD
        end = held.find(closing, at + length, at + limit)
        while closing == "$" and end >= 0 and (held[end - 1].isspace() or held[end + 1 : end + 2].isdigit()):
            end = held.find(closing, end + 1, at + limit)
        line_end = re.compile(r"[\n\r]").search(held, at, at + limit)
        if end < 0 or (line_end and not is_display and line_end.start() < end):
            if not self._is_all and len(held) - at < limit and not (line_end and not is_display):
                return _WAIT
            if is_display and self._is_all:
                return self._drop(at, len(held))
            return self._say(at, at + length) if closing in ("$", "$$") else self._say(at + 1, at + length)
        if closing == "$" and end + 1 == len(held) and not self._is_all:
            return _WAIT
        content = held[at + length : end]
        is_formula = markup.MATH_SIGNS.search(content) is not None
        if closing == "\\]" and not is_formula:
            return self._put("said", "[", at, at + 2)
        if is_display and self._policy.math == "skip":
            self._put("break", "", at, end + len(closing))
        else:
            self._put("verbatim", read_formula(content), at, end + len(closing))
        self._previous = "$"
        return end + len(closing)

    # ---------------------------------------------------------------------------------------------- other signs

    def _read_separator(self, at: int) -> int:
        """Read | between cells, and • between items on one line."""
        held, sign = self._held, self._held[at]
        if self._in_row or self._bullet == sign:
            return self._put("pause" if self._in_row else "break", "", at, at + 1)
        if sign != "|":
            return self._put("pause", "", at, at + 1)
        if len(held) == at + 1 and not self._is_all:
            return _WAIT
        alone = self._previous.isspace() and (held[at + 1 : at + 2] or " ").isspace()
        return self._put("pause", "", at, at + 1) if alone else self._say(at, at + 1)

    def _read_hash(self, at: int) -> int:
        if not self._in_heading:
            return self._say(at, at + 1)
        if self._more(re.compile(r"#+[ \t]*\Z"), at):
            return _WAIT
        match = markup.HEADING_END.match(self._held, at)
        return self._drop(at, match.end()) if match else self._say(at, at + 1)


def _begins_word(before: str) -> bool:
    """Say whether a web address may begin behind a character; scripts without blanks run right up to it."""
    return not (before.isalnum() and before.isascii())
