"""Arithmetic in words and signs, against Python's own."""

from __future__ import annotations

import contextlib
import random
from fractions import Fraction

import pytest

from voicestream.thinking.arithmetic import ArithmeticProblem, calculate, say_result
from voicestream.thinking.spoken_numbers import read_number, say_number
from voicestream.thinking.words import split_words

RESULTS = {
    "twelve times seven": "84",
    "15 percent of 80": "12",
    "fifteen percent of eighty plus five": "17",
    "the square root of 144": "12",
    "square root of 16 plus 9": "13",
    "square root of 2": "about 1.4142",
    "cube root of 27": "3",
    "cube root of minus 8": "-2",
    "two to the power of ten": "1,024",
    "2 to the fifth": "32",
    "five squared": "25",
    "three cubed minus two": "25",
    "7 factorial": "5,040",
    "half of 30": "15",
    "a third of 90": "30",
    "three quarters of 80": "60",
    "20 percent off 50": "40",
    "100 plus 10 percent": "110",
    "100 minus 25%": "75",
    "add five and seven": "12",
    "subtract 3 from 10": "7",
    "divide 100 by 8": "12.5",
    "multiply 6 by 7": "42",
    "the sum of 3 and 4": "7",
    "the difference between 3 and 10": "7",
    "the product of 6 and 7": "42",
    "17 mod 5": "2",
    "(3+4)*2^10": "7,168",
    "2 + 3 * 4": "14",
    "-2^2": "-4",
    "2^-1": "0.5",
    "10 - 3 - 2": "5",
    "100 / 10 / 2": "5",
    "2 and a half times 4": "10",
    "2 1/2 plus 1": "3.5",
    "3/4 + 1/2": "1.25",
    "12 x 7": "84",
    "12 × 7 ÷ 2": "42",
    "√16": "4",
    "5²": "25",
    "1,000*3": "3,000",
    "for times too": "8",
    "three million divided by seven": "about 428,571.4286",
    "1/3": "about 0.3333",
    "1/30000": "about 0.00003333",
    "0.1 + 0.2": "0.3",
    "2^200": "about 1.6069 times 10 to the power of 60",
    "10^15": "1 times 10 to the power of 15",
    "nine hundred ninety nine thousand nine hundred ninety nine plus one": "1,000,000",
}

PROBLEMS = {
    "10/0": "I cannot divide by zero.",
    "5 mod 0": "I cannot divide by zero.",
    "0^-1": "I cannot divide by zero.",
    "9^9^9": "That number is too large for me.",
    "2^100000": "That number is too large for me.",
    "1000 factorial": "That number is too large for me.",
    "2.5 factorial": "Only whole numbers from zero on have a factorial.",
    "square root of minus 4": "A negative number has no real square root.",
    "(-2)^0.5": "That has no real result.",
    "three times": "I could not understand that calculation.",
    "(3 + 4": "I could not understand that calculation.",
    "": "I could not understand that calculation.",
    "__import__('os')": "I could not understand that calculation.",
}


@pytest.mark.parametrize(("expression", "result"), RESULTS.items())
def test_an_expression_has_its_result(expression: str, result: str) -> None:
    assert say_result(calculate(expression)) == result


@pytest.mark.parametrize(("expression", "problem"), PROBLEMS.items())
def test_what_has_no_result_is_a_sentence(expression: str, problem: str) -> None:
    with pytest.raises(ArithmeticProblem) as caught:
        calculate(expression)
    assert str(caught.value) == problem


SIGNS = {
    "+": ("plus", "+"),
    "-": ("minus", "-"),
    "*": ("times", "*", "multiplied by"),
    "/": ("divided by", "/", "over"),
}


def _random_expression(chance: random.Random, depth: int) -> tuple[str, str]:
    """Return the same expression for us and for Python."""
    if depth == 0 or chance.random() < 0.3:
        number = chance.choice([chance.randrange(100), chance.randrange(10_000), chance.randrange(10**7)])
        written = str(number) if chance.random() < 0.5 else say_words(number)
        return written, f"Fraction({number})"
    left, python_left = _random_expression(chance, depth - 1)
    right, python_right = _random_expression(chance, depth - 1)
    sign = chance.choice("+-*/")
    if chance.random() < 0.6:
        return f"({left}) {chance.choice(SIGNS[sign])} ({right})", f"({python_left}) {sign} ({python_right})"
    return f"{left} {chance.choice(SIGNS[sign])} {right}", f"{python_left} {sign} {python_right}"


ONES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
ONES += ["thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def say_words(number: int) -> str:
    if number < 20:
        return ONES[number]
    if number < 100:
        return f"{TENS[number // 10]} {ONES[number % 10]}" if number % 10 else TENS[number // 10]
    for scale, word in ((10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred")):
        if number >= scale:
            rest = f" {say_words(number % scale)}" if number % scale else ""
            return f"{say_words(number // scale)} {word}{rest}"
    raise AssertionError(number)


def test_random_expressions_come_to_what_python_makes_of_them() -> None:
    chance = random.Random(84)
    for _ in range(400):
        ours, python = _random_expression(chance, 3)
        try:
            expected = eval(python, {"Fraction": Fraction})
        except ZeroDivisionError:
            with pytest.raises(ArithmeticProblem, match="zero"):
                calculate(ours)
            continue
        assert calculate(ours).value == expected, ours


def test_every_number_in_words_is_read_back() -> None:
    chance = random.Random(12)
    numbers = [*range(1200), *(chance.randrange(10 ** chance.randrange(4, 13)) for _ in range(1500))]
    for number in numbers:
        for words in (say_words(number), say_words(number).replace("hundred ", "hundred and "), f"{number:,}"):
            split = split_words(words)
            assert read_number(split, 0)[len(split)] == (0, number), words


@pytest.mark.parametrize(
    "text", ["twenty twelve", "five thirty", "ten ten", "hundred", "and five", "seven thousand million"]
)
def test_what_is_no_number_is_not_read_as_one(text: str) -> None:
    words = split_words(text)
    assert len(words) not in read_number(words, 0)


def test_a_written_number_is_the_number_or_says_that_it_is_not() -> None:
    chance = random.Random(5)
    for _ in range(2000):
        value = Fraction(chance.randrange(-(10**9), 10**9), chance.randrange(1, 10 ** chance.randrange(1, 9)))
        text = say_number(value)
        if "power" in text:
            continue
        written = Fraction(text.removeprefix("about ").replace(",", ""))
        assert (written == value) == (not text.startswith("about"))
        assert abs(written - value) <= max(abs(value), Fraction(1)) / 1000


def test_garbage_raises_nothing_but_arithmetic_problems() -> None:
    chance = random.Random(9)
    words = [
        "(",
        ")",
        "plus",
        "minus",
        "five",
        "percent",
        "of",
        "3",
        "sqrt",
        "^",
        "half",
        "hundred",
        "point",
        "1/2",
        "!",
    ]
    for _ in range(1500):
        with contextlib.suppress(ArithmeticProblem):
            calculate(" ".join(chance.choices(words, k=chance.randrange(0, 12))))
    with pytest.raises(ArithmeticProblem):
        calculate("(" * 5000)
    with pytest.raises(ArithmeticProblem):
        calculate("-" * 5000 + "1")
