"""What people show to others holds no key."""

from __future__ import annotations

import pytest

from voicestream.discreet import find_keys, hide_keys
from voicestream.events import ErrorEvent, Event, Events, Notice


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://me:word@host:80/v1 does not answer", "http://…@host:80/v1 does not answer"),
        ("https://host/v1?key=abc&model=x: refused", "https://host/v1?key=…&model=… refused"),
        ("'https://host/v1?key=abc'", "'https://host/v1?key=…'"),
        ("tcp://token@10.0.0.1:10300", "tcp://…@10.0.0.1:10300"),
        ("write to me@example.org", "write to me@example.org"),
        ("http://host/a/b@c", "http://host/a/b@c"),
        ("is it ready? yes=no", "is it ready? yes=no"),
    ],
)
def test_passwords_and_parameters_of_addresses_are_hidden(text: str, shown: str) -> None:
    assert hide_keys(text) == shown


def test_values_of_variables_that_look_like_keys_are_hidden() -> None:
    environment = {
        "OPENAI_API_KEY": "sk-abcdef",
        "hub_token": " longer-sk-abcdef ",
        "MINE": "named-in-settings",
        "HOME": "/home/me",
        "TOKEN_LIMIT": "20",
        "EMPTY_KEY": "",
    }
    keys = find_keys(environment, ["MINE", ""])
    text = "sk-abcdef longer-sk-abcdef named-in-settings /home/me 20"
    assert hide_keys(text, keys) == "… … … /home/me 20"


@pytest.mark.parametrize("message", ["http://me:word@host:80/v1 does not answer"])
def test_no_event_tells_the_password_of_an_address(message: str) -> None:
    events, told = Events(), list[Event]()
    events.show_on(told.append)
    events.emit(Notice(code="recognizer", message=message))
    events.emit(ErrorEvent(stage="voice", code="voice", message=message))
    assert "word" not in str(told)
    assert str(told).count("http://…@host:80/v1 does not answer") == 2
