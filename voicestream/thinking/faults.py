"""What can go wrong between us and a model's server: its class, what is said aloud, and whether to try again.

Pure: takes statuses, headers and bodies, and knows no HTTP library. Classes and delays were checked against the
recorded error bodies of thirteen servers. No byte of a page or a body is ever spoken; the sentences stand here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from voicestream.errors import ModelError

LONGEST_DELAY = 1.5
"""Seconds that a person is kept waiting in silence for a further try."""

MAX_BODY_BYTES = 64 * 1024
"""Bytes of an error's body that are read."""

SPOKEN = {
    "auth": "The language model did not accept the key.",
    "not_found": "The language model I was told to use is not there.",
    "context_overflow": "Our conversation has become too long for the language model.",
    "rate_limited": "The language model is busy. Please try again in a moment.",
    "quota": "The quota of the language model is used up.",
    "overloaded": "The language model is overloaded. Please try again in a moment.",
    "loading": "The language model is still loading. Please try again in a moment.",
    "server_error": "Sorry, the language model reported an error.",
    "bad_request": "The language model refused the request.",
    "connect": "I cannot reach the language model.",
    "timeout": "Sorry, the language model took too long.",
    "incomplete": "Sorry, I lost the connection.",
    "protocol": "The language model's server sent something I do not understand.",
    "redirect": "The language model's address has moved.",
    "content_filter": "The rest of the answer was held back by a content filter.",
    "refusal": "The language model declined to answer that.",
}
"""One short sentence for each class."""

_TRIES_AGAIN = {"rate_limited", "overloaded", "loading", "server_error", "connect", "timeout", "incomplete", "protocol"}


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an answer ended without being whole."""

    code: str
    """Its class: a key of SPOKEN."""
    message: str
    """One line for a person; holds no key."""
    retry_after: float | None = None
    """Seconds that the server asks for, or None where it does not."""
    may_retry: bool = True
    """False where the server, or the nature of the fault, forbids it."""
    refused_option: str = ""
    """The part of the request that the server does not know."""


def as_error(fault: Fault) -> ModelError:
    """Return the error that tells of `fault`."""
    return ModelError(fault.message, fault.code, SPOKEN.get(fault.code, SPOKEN["server_error"]))


def as_fault(error: ModelError) -> Fault:
    """Return the fault that `error` tells of."""
    return Fault(error.code, str(error), may_retry=error.code in _TRIES_AGAIN)


class Retries:
    """Decides how long to wait before the next try of one request, or that there is none."""

    def __init__(self, patience: float) -> None:
        self._tries: dict[str, int] = {}
        self._waited = 0.0
        self._patience = patience
        """Seconds that a model may take to load."""

    def delay(self, fault: Fault) -> float | None:
        """Return the seconds to wait before trying again after `fault`, or None to give up."""
        if not fault.may_retry or fault.code not in _TRIES_AGAIN:
            return None
        tried = self._tries[fault.code] = self._tries.get(fault.code, 0) + 1
        if fault.code == "loading":
            delay, allowed = fault.retry_after or 0.5, self._patience
        elif fault.code == "connect":
            delay, allowed = 0.0, 0.0 if tried == 1 else -1.0
        elif fault.code in ("timeout", "protocol"):
            delay, allowed = 0.1, LONGEST_DELAY if tried == 1 else -1.0
        else:
            delay = 0.3 * 2 ** (tried - 1) if fault.retry_after is None else fault.retry_after
            allowed = LONGEST_DELAY if tried <= 2 else -1.0
        if self._waited + delay > allowed:
            return None
        self._waited += delay
        return delay


def classify_response(status: int, headers: Mapping[str, str], body: bytes, now: datetime | None = None) -> Fault:
    """Return what a response other than a good one means."""
    if 300 <= status < 400:
        return Fault("redirect", f"the server answers {status}: the address has moved; set base_url to the new one")
    error = _error_object(body)
    message = _message(error) or ("a page instead of an answer" if _is_page(body) else one_line(_text(body)))
    told = f"the server answers {status}" + (f": {message}" if message else "")
    delay = _retry_after(headers, error, now)
    code = _class_of(status, error, message)
    may_retry = headers.get("x-should-retry", "").lower() != "false"
    return Fault(code, told, delay, may_retry, _refused_option(error, message) if code == "bad_request" else "")


def classify_error(error: object) -> Fault:
    """Return what an error object inside a stream, or in a body with status 200, means."""
    found = error if isinstance(error, dict) else {"message": error if isinstance(error, str) else ""}
    message = _message(found) or "no reason given"
    code = _class_of(_number(found.get("code")), found, message)
    known = ("context_overflow", "quota", "auth", "overloaded", "rate_limited")
    return Fault(
        code if code in known else "server_error", f"the server reports: {message}", _retry_after({}, found, None)
    )


def one_line(text: str) -> str:
    """Return `text` as one line of at most 200 printable characters."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text[:2000]).split())
    return line if len(line) <= 200 else line[:199] + "…"


def _error_object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if isinstance(found, list) and found:  # Gemini without alt=sse
        found = found[0]
    if not isinstance(found, dict):
        return {}
    inner = found.get("error")
    if isinstance(inner, dict):
        return inner
    return {"message": inner} if isinstance(inner, str) else found


def _message(error: Mapping[str, Any]) -> str:
    for key in ("message", "detail", "msg"):
        value = error.get(key)
        if isinstance(value, str) and value:
            return one_line(value)
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return _message(value[0])
    return ""


def _text(body: bytes) -> str:
    return "" if body.lstrip()[:1] in (b"{", b"[") else body.decode("utf-8", "replace")


def _is_page(body: bytes) -> bool:
    return body.lstrip()[:1] == b"<"


def _number(value: object) -> int:
    return int(value) if isinstance(value, (int, str)) and str(value).isdigit() else 0


# patterns stay text until a fault needs them: compiling them took a tenth of the client's import
_OVERFLOW = (
    r"(?i)context.?(length|size|window)|(prompt|input) is too long|too many (input )?tokens|maximum.{0,20}tokens"
)
_BUSY = r"(?i)overloaded|busy|at capacity|no capacity"
_LOADING = r"(?i)loading|warming up|starting up"
_MISSING_MODEL = r"(?i)model.{0,80}(not found|does not exist|not exist)"


def _class_of(status: int, error: Mapping[str, Any], message: str) -> str:
    kinds = {str(error.get(key)).lower() for key in ("type", "code", "status") if error.get(key) is not None}
    if kinds & {"context_length_exceeded", "exceed_context_size_error"} or (
        status in (0, 400, 413, 422, 500) and re.search(_OVERFLOW, message)
    ):
        return "context_overflow"
    if kinds & {"insufficient_quota", "billing_hard_limit_reached"} or status == 402:
        return "quota"
    if status in (401, 403) or kinds & {"authentication_error", "permission_error", "invalid_api_key"}:
        return "auth"
    if status == 404 or kinds & {"model_not_found", "not_found_error"}:
        return "not_found"
    if status == 429 or kinds & {"rate_limit_error", "rate_limit_exceeded", "resource_exhausted"}:
        return "rate_limited"
    if status == 529 or "overloaded_error" in kinds:
        return "overloaded"
    if status == 503 and re.search(_LOADING, message):
        return "loading"
    if status == 503 and re.search(_BUSY, message):
        return "overloaded"
    if status == 200 and not error:
        return "protocol"
    if status >= 500 or status in (200, 408, 409):
        return "server_error"
    return (
        "not_found"
        if status == 400 and error.get("param") == "model" and re.search(_MISSING_MODEL, message)
        else "bad_request"
    )


def _refused_option(error: Mapping[str, Any], message: str) -> str:
    param = error.get("param")
    if isinstance(param, str) and param:
        return re.split(r"[.\[]", param)[0]
    if re.search(r"does not support tools", message):
        return "tools"
    if re.search(r"does not support thinking", message):
        return "think"
    named = re.search(r"(?i)(?:unknown|unsupported|unrecognized|unexpected|extra)\b.*?['\"`](\w+)['\"`]", message)
    return named[1] if named else ""


def _retry_after(headers: Mapping[str, str], error: Mapping[str, Any], now: datetime | None) -> float | None:
    """Return the seconds asked for: retry-after-ms, Retry-After in both forms (RFC 9110), Gemini's retryDelay."""
    milliseconds = _decimal(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    asked = headers.get("retry-after", "")
    seconds = _decimal(asked)
    if seconds is not None:
        return seconds
    if asked:
        try:
            at = parsedate_to_datetime(asked)
        except ValueError:
            at = None
        if at is not None:
            at = at if at.tzinfo else at.replace(tzinfo=UTC)
            return max(0.0, (at - (now or datetime.now(UTC))).total_seconds())
    details = error.get("details")
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict) and isinstance(detail.get("retryDelay"), str):
            return _decimal(detail["retryDelay"].removesuffix("s"))
    return None


def _decimal(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\s*\d{1,9}(\.\d{0,9})?\s*", text) else None
