"""Reads tags of HTML and of voice markup, which are never obeyed, the tokens of models, and entities."""

from __future__ import annotations

import html
import json
import re
from importlib import resources

from voicestream.speaking.links import say_host
from voicestream.speaking.page import WAIT, Page

_TAG = re.compile(r"<(/?)([A-Za-z][\w:.-]{0,40})((?:\s[^<>]{0,280})?)(/?)>")
_TAG_PART = re.compile(r"</?(?:[A-Za-z][\w:.-]{0,40}(?:\s[^<>]{0,280})?/?)?\Z")
_TAG_CUT = re.compile(
    r"</[A-Za-z]*\Z|<(?:thi|thin|rea\w*|bre\w*|emp\w*|spe\w*|too\w*)\Z|</?[A-Za-z][\w:-]{0,40}\s[^<>]*=[^<>]*\Z"
)
"""A tag that the end of the answer cut in two."""
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^\s<>]{1,280}|[\w.+-]{1,64}@[\w.-]{1,80})>")
_AUTOLINK_PART = re.compile(r"<[^\s<>]{0,290}\Z")
_COMMENT = "<!--"
_COMMENT_END = re.compile("-->")
_TOKEN = re.compile(r"<[|｜]([\w▁/:.-]{1,40})[|｜]>")
_TOKEN_PART = re.compile(r"<[|｜][\w▁/:.-]{0,40}[|｜]?\Z")
_CHANNEL = re.compile(r"\s{0,4}(\w{0,20})[^<]{0,60}<")
_CHANNEL_HOLD = 90
_MESSAGE = re.compile(r"<\|message\|>")
_HEADER_END = re.compile(r"(?=<\|channel\|>)|<\|message\|>")
_MESSAGE_END = re.compile(r"<\|(?:end|return|call|start)\|>")
_KIMI = "◁think▷"
_KIMI_END = re.compile("◁/think▷")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_ENTITY_PART = re.compile(r"&(?:#[xX]?[0-9a-fA-F]{0,7}|[A-Za-z][A-Za-z0-9]{0,30})?\Z")

_NAMES: dict[str, str] = json.loads(
    resources.files("voicestream.speaking").joinpath("tables", "tags.json").read_text(encoding="utf-8")
)
_HIDDEN, _BLOCKS, _CELLS, _KNOWN = (frozenset(_NAMES[key].split()) for key in ("hidden", "blocks", "cells", "known"))
"""Tags whose content is not said; at which a sentence ends; between which a pause is; all others that are left out."""


def read_tag(page: Page, at: int) -> int:
    """Read `<`: a tag, a comment, a token, an address, or just the sign."""
    held = page.held
    if page.may_become(_TOKEN_PART, at) or (not page.is_all and _COMMENT.startswith(held[at:])):
        return WAIT
    if match := _TOKEN.match(held, at):
        return _read_token(page, at, match)
    if held.startswith(_COMMENT, at):
        return page.hide(at, at + len(_COMMENT), _COMMENT_END)
    if match := _AUTOLINK.match(held, at):
        address = match[1].removeprefix("mailto:")
        return page.put("verbatim", say_host(page, address) or address, at, match.end())
    if match := _TAG.match(held, at):
        return _leave_out(page, at, match)
    if page.may_become(_TAG_PART, at) or page.may_become(_AUTOLINK_PART, at):
        return WAIT
    if page.is_all and _TAG_CUT.match(held, at):
        return page.drop(at, len(held))
    return page.say(at, at + 1)


def _leave_out(page: Page, at: int, tag: re.Match[str]) -> int:
    """Leave out a tag; what it stands for is a pause or the end of a sentence at most."""
    name, is_closing, is_empty = tag[2].lower(), tag[1] == "/", tag[4] == "/"
    if name in _HIDDEN and not is_closing and not is_empty:
        return page.hide(at, tag.end(), re.compile(rf"</{re.escape(name)}\s?>", re.I))
    if name in _BLOCKS:
        return page.drop(at, tag.end(), "break", neighbour="")
    if name in _CELLS and is_closing:
        return page.put("pause", "", at, tag.end())
    if is_closing or name in _HIDDEN:
        return page.drop(at, tag.end())
    is_markup = name in _CELLS or name in _KNOWN or is_empty or "=" in tag[3] or ":" in name
    return page.put("opening", "", at, tag.end()) if is_markup else page.say(at, at + 1)


def _read_token(page: Page, at: int, token: re.Match[str]) -> int:
    """Read a model's own token such as <|channel|>: of OpenAI's Harmony format only the final channel is said."""
    name, end = token[1].lower(), token.end()
    if name == "channel":
        channel = _CHANNEL.match(page.held, end)
        if not channel and not page.is_all and len(page.held) - end < _CHANNEL_HOLD:
            return WAIT
        return page.hide(at, end, _MESSAGE if channel and channel[1] == "final" else _MESSAGE_END)
    if name == "start":
        return page.hide(at, end, _HEADER_END)
    if name.startswith("begin") and "thought" in name:
        return page.hide(at, end, re.compile(rf"<\|{name.replace('begin', 'end', 1)}\|>"))
    is_end = name in ("end", "return", "im_end", "eot_id", "endoftext")
    return page.put("break", "", at, end) if is_end else page.drop(at, end)


def read_kimi_tag(page: Page, at: int) -> int:
    """Read ◁think▷, as Kimi has it."""
    if page.held.startswith(_KIMI, at):
        return page.hide(at, at + len(_KIMI), _KIMI_END)
    return WAIT if not page.is_all and _KIMI.startswith(page.held[at:]) else page.drop(at, at + 1)


def read_entity(page: Page, at: int) -> int:
    """Read `&`: an entity as its character, which is text and never markup."""
    if page.may_become(_ENTITY_PART, at):
        return WAIT
    match = _ENTITY.match(page.held, at)
    character = html.unescape(match.group()) if match else ""
    if not match or character == match.group():
        return page.say(at, at + 1)
    if character.isspace():
        return page.put("said", " ", at, match.end())
    return page.put("said", character, at, match.end()) if character.isprintable() else page.drop(at, match.end())
