"""A grammar and its smallest graph say the same phrases."""

from __future__ import annotations

import itertools
import re

import pytest

from voicestream.hearing.phrase_graph import is_phrase, read_jsgf

WORDS = ("a", "b", "c")


@pytest.mark.parametrize(
    ("notation", "pattern"),
    [
        ("a", "a"),
        ("a b | c", "ab|c"),
        ("[a] b", "a?b"),
        ("(a | b)+ c", "[ab]+c"),
        ("a* b*", "a*b*"),
        ("(a b)* [c]", "(ab)*c?"),
        ("a [b [c]] | b (a | c)+", "a(bc?)?|b[ac]+"),
        ("[a | [b]] c*", "(a|b)?c*"),
        ("((a)) | (b | (c))", "a|b|c"),
        ("(a* b)+ c | a", "(a*b)+c|a"),
    ],
)
def test_the_graph_says_what_the_notation_says(notation: str, pattern: str) -> None:
    graph = read_jsgf(f"#JSGF V1.0; grammar test; public <command> = {notation};")
    for length in range(6):
        for words in itertools.product(WORDS, repeat=length):
            expected = re.fullmatch(pattern, "".join(words)) is not None
            assert is_phrase(graph, words) == expected, words


def test_rules_weights_tags_and_comments_are_read() -> None:
    graph = read_jsgf(
        """#JSGF V1.0 UTF-8 en;
        grammar test; // the name
        /* two
           lines */
        <small> = /0.7/ one {1} | /0.3/ two;
        public <command> = [<polite>] count <small> [and <small>]; <polite> = please;
        """
    )
    assert is_phrase(graph, ["please", "count", "one", "and", "two"])
    assert is_phrase(graph, ["count", "two"])
    assert not is_phrase(graph, ["count"])
    assert graph.words == {"please", "count", "one", "two", "and"}


def test_a_rule_that_is_used_often_costs_its_states_once_where_the_ways_meet() -> None:
    digits = "<n> = one | two | three | four;"
    once = read_jsgf(f"{digits} public <command> = (add | take) <n>;")
    ways = read_jsgf(f"{digits} public <command> = add <n> | take <n> | take <n> | add <n>;")
    assert len(once.arcs) == len(ways.arcs) == 3


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ("public <command> = (a b;", "is not closed"),
        ("public <command> = a) b;", "unexpected"),
        ("public <command> = <nothing>;", "<nothing> is used, and nowhere said"),
        ("public <command> = a <command>;", "contains itself"),
        ("<a> = <b>; <b> = <a>; public <command> = <a>;", "contains itself"),
        ("public <other> = a;", "no rule <command>"),
        ("public <command> = + a;", "stands after nothing"),
        ("public <command> = a; nonsense here;", "expected <name> = words"),
        ("public <command> = a < b;", "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_said(rules: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        read_jsgf(f"#JSGF V1.0; grammar test; {rules}")
