"""Tells what is said from what is only thought, and mends characters that a server cut in two."""

from __future__ import annotations

import re

from voicestream.vocabulary import Delta, Reasoning

_THINKING_BEGINS = ("<think>", "<thinking>", "<reasoning>", "◁think▷")
_THINKING_ENDS = ("</think>", "</thinking>", "</reasoning>", "◁/think▷")
_HARMONY = r"<\|channel\|>(\w*)[^<]*<\|message\|>"  # https://cookbook.openai.com/articles/openai-harmony
_HARMONY_SIGNS = ("<|start|>assistant", "<|end|>", "<|return|>", "<|call|>")
_LONGEST_SIGN = 64
_SURROGATE = "[\ud800-\udfff]"
_PAIR = "[\ud800-\udbff][\udc00-\udfff]"


class ReplyText:
    """Takes the pieces of a reply's text and returns them as Delta or Reasoning; no border depends on the pieces."""

    def __init__(self) -> None:
        self._held = ""
        self._half = ""
        self._is_thinking = False
        self._at_line_start = True

    def add(self, piece: str) -> list[Delta | Reasoning]:
        """Return what is certain; the beginning of a sign such as <think> waits for its end."""
        text = self._mend(piece)
        if not self._held and "<" not in text and "◁" not in text:
            return self._emit(text)
        text = self._held + text
        self._held = ""
        parts: list[Delta | Reasoning] = []
        while text:
            start = _first_sign(text)
            parts += self._emit(text[:start])
            text = text[start:]
            if text:
                used = self._read_sign(text)
                if used is None:
                    self._held = text
                    break
                if used == 0:
                    parts += self._emit(text[0])
                    used = 1
                text = text[used:]
        return parts

    def finish(self) -> list[Delta | Reasoning]:
        """Return what was held back."""
        rest, self._held = self._held + ("\ufffd" if self._half else ""), ""
        self._half = ""
        return self._emit(rest)

    def _emit(self, text: str) -> list[Delta | Reasoning]:
        if not text:
            return []
        if self._is_thinking:
            return [Reasoning(text)]
        written = text.rstrip(" \t")
        if written:
            self._at_line_start = written[-1] == "\n"
        return [Delta(text)]

    def _read_sign(self, text: str) -> int | None:
        """Obey the sign at the start of `text`; return its length, 0 where it is none, None where it may become one."""
        if self._is_thinking:
            signs = (*_THINKING_ENDS, *_HARMONY_SIGNS)
        else:
            signs = (*(_THINKING_BEGINS if self._at_line_start else ()), *_THINKING_ENDS, *_HARMONY_SIGNS)
        for sign in signs:
            if text.startswith(sign):
                self._is_thinking = sign in _THINKING_BEGINS
                return len(sign)
        channel = re.match(_HARMONY, text)
        if channel:
            self._is_thinking = channel[1] != "final"
            return channel.end()
        may_become = text.startswith("<|channel|>"[: len(text)]) and len(text) < _LONGEST_SIGN
        return None if may_become or any(sign.startswith(text) for sign in signs) else 0

    def _mend(self, piece: str) -> str:
        """Join the two JSON-escaped halves of a character that came in two pieces; a half alone becomes U+FFFD."""
        if not self._half and (piece.isascii() or not re.search(_SURROGATE, piece)):
            return piece
        text = self._half + piece
        self._half = ""
        if "\ud800" <= text[-1:] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        text = re.sub(_PAIR, lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)
        return re.sub(_SURROGATE, "\ufffd", text)


def _first_sign(text: str) -> int:
    places = [place for place in (text.find("<"), text.find("◁")) if place >= 0]
    return min(places, default=len(text))
