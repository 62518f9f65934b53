"""Reads links by their words, images by their description, bare web addresses by their host; leaves out notes."""

from __future__ import annotations

import re

from voicestream.speaking.page import WAIT, Page
from voicestream.speaking.signs import has_sound

_LINK_HOLD = 300
"""Characters that may lie between the brackets of a link."""
_TARGET_HOLD = 4000
_URL_HOLD = 2000

_URL = re.compile(r"https?://[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]{0,1990}")
_URL_HOST = re.compile(r"https?://(?:[^/@]*@)?([^/?#:]*)")
_URL_PART = re.compile(r"h(?:t(?:t(?:ps?(?::/?/?)?)?)?)?\Z")
_CITATION = re.compile(r"\[(?:\^[^\]\n]{1,60}|\d{1,3}(?:[ ]?[,;–-][ ]?\d{1,3})*)\]")
_SOURCE = re.compile(r"【[^】\n]{0,60}】")
_SOURCE_PART = re.compile(r"【[^】\n]{0,60}\Z")
_BRACKET = re.compile(r"[\[\]\n\r]")
_PARENTHESIS = re.compile(r"[()\n\r]")
_REFERENCE_END = re.compile(r"\]|(?=[\n\r])")
_MAGISTRAL = "[THINK]"
_MAGISTRAL_END = re.compile(r"\[/THINK\]")


def read_plain(page: Page, at: int, end: int) -> int:
    """Say a run of ordinary characters, up to a web address in it."""
    held = page.held
    begin = held.find("http", at, end + 3) if end - at > 3 else -1
    while begin >= 0:
        if _begins_word(page, at, begin) and held.startswith(("http://", "https://"), begin):
            return page.say(at, begin) if begin > at else _read_url(page, at)
        begin = held.find("http", begin + 4, end + 3)
    if held[end - 1] in "htps:/" and page.lacks(end):
        match = _URL_PART.search(held, max(at, end - 8))
        if match and _begins_word(page, at, match.start()):
            return page.say(at, match.start()) if match.start() > at else WAIT
    return page.say(at, end)


def _begins_word(page: Page, at: int, begin: int) -> bool:
    """Say whether a web address may begin at a place; scripts without blanks run right up to it."""
    before = page.held[begin - 1] if begin > at else page.previous
    return not (before.isalnum() and before.isascii())


def _read_url(page: Page, at: int) -> int:
    match = _URL.match(page.held, at)
    assert match is not None
    if page.lacks(match.end()) and match.end() - at < _URL_HOLD:
        return WAIT
    url = _without_sentence_marks(match.group())
    host = say_host(page, url)
    return page.put("verbatim", host, at, at + len(url)) if host else page.say(at, at + max(len(url), 4))


def say_host(page: Page, url: str) -> str:
    """Return what is said for a web address, "" where it names no host."""
    host = _URL_HOST.match(url)
    if not host or not host[1]:
        return ""
    return host[1] if page.policy.urls == "host" else url


def _without_sentence_marks(url: str) -> str:
    """Return a web address without the marks that belong to the sentence around it."""
    while url:
        is_unbalanced = any(
            url[-1] == closing and url.count(opening) < url.count(closing) for opening, closing in ("()", "[]")
        )
        if not is_unbalanced and url[-1] not in ".,;:!?'*_~&":
            break
        url = url[:-1]
    return url


def read_bracket(page: Page, at: int) -> int:
    """Read `[`: a link, a note, a citation, or just a bracket."""
    if page.held.startswith(_MAGISTRAL, at):
        return page.hide(at, at + len(_MAGISTRAL), _MAGISTRAL_END)
    if not page.is_all and _MAGISTRAL.startswith(page.held[at:]):
        return WAIT
    return _read_brackets(page, at, at)


def read_exclamation(page: Page, at: int) -> int:
    """Read `!`, which begins an image where a bracket follows."""
    if page.lacks(at + 1):
        return WAIT
    return _read_brackets(page, at, at + 1) if page.held[at + 1 : at + 2] == "[" else page.say(at, at + 1)


def _read_brackets(page: Page, at: int, begin: int) -> int:
    """Read what lies between the bracket at `begin` and its closing one; `at`: where the construct begins."""
    held, end = page.held, _find_closing(page, begin)
    if end == WAIT:
        if len(held) - begin < _LINK_HOLD and not page.is_all:
            return WAIT
        return page.drop(at, begin + 1) if page.is_all else page.say(at, begin + 1)
    if end == begin:
        return page.say(at, begin + 1)
    if page.lacks(end + 1):
        return WAIT
    following = held[end + 1 : end + 2]
    is_citation = _CITATION.match(held, begin) is not None
    if following == "(" or (following == "[" and not is_citation):
        page.link_ends.add(page.offset + end)
        is_said = begin == at or page.policy.images == "alt"
        return page.drop(at, begin + 1 if is_said else end, "opening")
    return page.drop(at, end + 1, neighbour="\0") if is_citation else page.say(at, begin + 1)


def _find_closing(page: Page, at: int) -> int:
    """Return the place of the bracket that closes the one at `at`, WAIT if it may come, `at` if it does not."""
    depth = 0
    for match in _BRACKET.finditer(page.held, at, at + _LINK_HOLD):
        if match.group() in "\n\r":
            return at
        depth += 1 if match.group() == "[" else -1
        if depth == 0:
            return match.start()
    return WAIT


def read_bracket_end(page: Page, at: int) -> int:
    """Read `]`: behind the words of a link its target is left out."""
    held, place = page.held, page.offset + at
    if place not in page.link_ends:
        return page.say(at, at + 1)
    if held[at + 1] == "[":
        page.link_ends.discard(place)
        page.hidden = _REFERENCE_END
        return page.drop(at, at + 2, neighbour="]")
    end = _find_target_end(page, at + 1)
    if end == WAIT:
        return WAIT
    page.link_ends.discard(place)
    return page.drop(at, end, neighbour="]")


def _find_target_end(page: Page, at: int) -> int:
    """Return the place behind the parenthesis that closes a link's target, or the end of its line."""
    depth = 0
    for match in _PARENTHESIS.finditer(page.held, at, at + _TARGET_HOLD):
        if match.group() in "\n\r":
            return match.start()
        depth += 1 if match.group() == "(" else -1
        if depth == 0:
            return match.end()
    if page.is_all or len(page.held) - at >= _TARGET_HOLD:
        return min(len(page.held), at + _TARGET_HOLD)
    return WAIT


def read_source(page: Page, at: int) -> int:
    """Leave out a reference such as 【4†source】."""
    if page.may_become(_SOURCE_PART, at):
        return WAIT
    match = _SOURCE.match(page.held, at)
    if match and ("†" in match.group() or not has_sound(match.group()) or match.group()[1:-1].isdigit()):
        return page.drop(at, match.end())
    return page.say(at, at + 1)
