"""What is said for each construct of markup, however it is cut."""

from __future__ import annotations

import unicodedata

import pytest

from voicestream.speaking.page import Policy
from voicestream.speaking.sentences import SentenceSplitter, SplitOptions


def say(text: str, policy: Policy | None = None) -> str:
    """Return what is said, sentences joined by ` | `, and check that the cutting does not matter."""
    options = SplitOptions(early_clause=False, policy=policy or Policy())
    said = []
    for pieces in ([text], list(text), [text[begin : begin + 3] for begin in range(0, len(text), 3)]):
        splitter = SentenceSplitter("en", options)
        sentences = [sentence for piece in pieces for sentence in splitter.add(piece)] + splitter.finish()
        said.append(" | ".join(sentence.spoken for sentence in sentences if sentence.spoken))
        assert "".join(sentence.text for sentence in sentences) == text
    assert len(set(said)) == 1
    return said[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        # emphasis
        ("a **bold** and *thin* and ***both*** word", "a bold and thin and both word"),
        ("an _old_ and __great__ snake_case_name", "an old and great snake_case_name"),
        ("~~gone~~ but ~5 minutes and ~/.config", "gone but ~5 minutes and ~/.config"),
        ("==marked== but a == b and x==2", "marked but a == b and x==2"),
        ("2 * 3 * 4 and 2*3 and *one", "2 * 3 * 4 and 2*3 and one"),
        ("**cut off", "cut off"),
        ("\\*not bold\\* and a\\_b", "*not bold* and a_b"),
        # beginnings of lines
        ("# Title\n\nText", "Title | Text"),
        ("## Title ##\nText", "Title | Text"),
        ("#hashtag stays", "#hashtag stays"),
        ("- one\n* two\n+ three\n• four", "one | two | three | four"),
        ("1. one\n2) two\n10. ten", "1. one | 2) two | 10. ten"),
        ("2024 was good", "2024 was good"),
        ("-1.2 percent", "-1.2 percent"),
        ("- [x] done\n- [ ] open", "done | open"),
        ("> quoted\n>> twice\n> - item", "quoted | twice | item"),
        ("a > b", "a > b"),
        ("above\n---\nbelow\n***\n* * *\n___\nend", "above | below | end"),
        ("Title\n=====\ntext", "Title | text"),
        ("term\n: meaning", "term | meaning"),
        # tables
        ("| a | b |\n|---|:-:|\n| 1 | x. Y |\n", "a, b | 1, x. Y"),
        ("a | b\n--- | ---\n1 | 2\n", "a, b | 1, 2"),
        ("| a. | b, |  | c |", "a. b, c"),
        ("| Yes. No | It is. Or not |\n", "Yes. No, It is. Or not"),
        # links, images, notes
        ("[the guide](http://x.org/a_(b)?q=1 'T') now", "the guide now"),
        ("[**bold** link](x) and [ref][1] and [plain]", "bold link and ref and [plain]"),
        ("[1]: http://x.org\ntext", "text"),
        ("![a cat](cat.png) here!", "a cat here!"),
        ("a fact[^1] and one [2, 3-5]; x.", "a fact and one; x."),
        ("[^1]: Smith, p. 3\nmore", "more"),
        ("so【4†source】 it is", "so it is"),
        ("bacteria.¹ But 5 m² and x²", "bacteria. | But 5 m² and x²"),
        ("a [cut link", "a cut link"),
        ("a [cut](http://x.or", "a cut"),
        # addresses
        ("go to https://example.org/a_b*c*?d=1.", "go to example.org."),
        ("(see http://x.org/a_(b)) or <https://y.org/z>", "(see x.org) or y.org"),
        ("mail <me@x.org> or you@x.co.uk.", "mail me@x.org or you@x.co.uk."),
        ("这在https://x.org/a里。", "这在x.org里。"),
        # code
        ("run `pip install -U a_b==2.0. X` now", "run pip install -U a_b==2.0. X now"),
        ("use ``a`b`` here", "use a`b here"),
        ("one ` alone and more", "one alone and more"),
        ("x\n```py\ncode. More.\n```\ny", "x | y"),
        ("x\n~~~\ncode\n```\n~~~\ny", "x | y"),
        ("x ```js\ncode\n```\ny", "x | y"),
        ("x\n```\nunclosed. Code", "x"),
        # tags and tokens
        ("<b>bold</b> x<sub>2</sub> a<br>b", "bold x2 a | b"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a, b"),
        ("5 < 6 and x <3 and a<b", "5 < 6 and x <3 and a<b"),
        ("use <your-name> here", "use <your-name> here"),
        ("a <!-- note --> b", "a b"),
        ("<think>hidden</think>shown", "shown"),
        ("<thinking>hidden", ""),
        ("[THINK]hidden[/THINK]shown", "shown"),
        ("◁think▷hidden◁/think▷shown", "shown"),
        (
            "<|channel|>analysis<|message|>hidden<|end|><|start|>assistant<|channel|>final<|message|>shown<|return|>",
            "shown",
        ),
        ("<script>alert(1)</script>text", "text"),
        ('<speak>Hi <break time="1s"/>there</speak>', "Hi there"),
        ("Tom &amp; Ann&#39;s &lt;3 &nbsp; R&D AT&T", "Tom & Ann's <3 R&D AT&T"),
        ("&#27;[31m] red", "[31m] red"),
        # formulas and money
        ("it is $E = mc^2$ or \\(a_1\\)", "it is E = mc^2 or a_1"),
        ("$\\frac{a}{b} \\times \\pi$", "a/b × π"),
        ("roots:\n$$x = 1$$\nend", "roots: | end"),
        ("roots:\n\\[x = 1\\]\nend", "roots: | end"),
        ("costs $5 or $6, US$ 7, $AAPL and $HOME", "costs $5 or $6, US$ 7, $AAPL and $HOME"),
        # what nobody says
        ("a 🎉 b👩\u200d🍳 c ❤\ufe0f d 1\ufe0f\u20e3 🇩🇪.", "a b c d 1."),
        ("™ and © stay, ©\ufe0f not", "™ and © stay, not"),
        ("a\u200bb\u00adc\u202ed\ufeffe", "abcde"),
        ("\x1b[1;31mred\x1b[0m \x1b]0;title\x07text\x07", "red text"),
        ("a\tb  c\u00a0d", "a b c d"),
        ("a\r\nb\rc", "a | b | c"),
    ],
)
def test_only_what_a_person_would_say_is_said(text: str, said: str) -> None:
    assert say(text) == said


@pytest.mark.parametrize(
    "text",
    [
        "दिल्ली में बारिश",
        "می‌خواهم بروم",
        "العَرَبِيَّة",
        "ภาษาไทย",
        "한국어 문장",
        "Ελληνικά",
        "français naïve cœur",
        "tiếng Việt",
        "ქართული",
        "עִבְרִית",
        "தமிழ்",
        "日本語テキスト",
        "ԵՐԵՎԱՆ",
    ],
)
def test_no_letter_or_mark_of_any_script_is_lost(text: str) -> None:
    assert say(text) == text


def test_every_letter_of_unicode_is_said() -> None:
    for code in range(0xA0, 0x30000):
        character = chr(code)
        if (
            unicodedata.category(character) in ("Lu", "Ll", "Lo", "Lt", "Nd", "Mn", "Mc")
            and character not in "\u115f\u1160"
        ):
            sentence = SentenceSplitter("en").add(f"x{character}x\n")
            assert sentence[0].spoken == f"x{character}x" or 0xFE00 <= code <= 0xFE0F or code == 0x34F, hex(code)


@pytest.mark.parametrize(
    ("policy", "text", "said"),
    [
        (Policy(urls="whole"), "see https://x.org/a.", "see https://x.org/a."),
        (Policy(images="skip"), "![a cat](c.png) purrs", "purrs"),
        (Policy(math="read"), "so\n$$x = \\sqrt{2}$$\n", "so | x = √2"),
        (Policy(footnotes="read"), "[^1]: Smith, p. 3", "Smith, p. 3"),
        (Policy(list_numbers=False), "1. one\n2. two", "one | two"),
        (Policy(code="read"), "```\na = 1. b\nc\n```", "a = 1. b | c"),
        (Policy(code="announce", code_phrase="Some code."), "```\na\n```\nx", "Some code. | x"),
    ],
)
def test_where_two_ways_are_right_the_policy_tells(policy: Policy, text: str, said: str) -> None:
    assert say(text, policy) == said


def test_a_sentence_waits_for_no_more_markup_than_needed() -> None:
    """A heading's end, a list's item, an emphasis: decided at the next character."""
    splitter = SentenceSplitter("en", SplitOptions(early_clause=False))
    assert [one.spoken for one in splitter.add("It is **so.** W")] == ["It is so."]
    assert [one.spoken for one in splitter.add("ell\n")] == ["Well"]
    assert [one.spoken for one in splitter.add("- item\n")] == ["item"]
