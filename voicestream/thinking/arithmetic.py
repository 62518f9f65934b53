"""Arithmetic as people say it ("twelve times seven", "15 percent of 80") and as they type it ("(3 + 4) * 2^10").

Exact with fractions wherever the result is one. Knows nothing of the questions around it, such as "what is"."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from voicestream.thinking.readings import Readings, add_reading
from voicestream.thinking.spoken_numbers import read_fraction, read_number, say_number
from voicestream.thinking.words import split_words

_LARGEST_BITS = 4000
"""Of a result: larger ones take long and are of no use to a listener."""

_LONGEST_WORDS = 200
_DEEPEST = 30
"""Of brackets and signs: deeper ones are nonsense, and would end in Python's own limit."""


class ArithmeticProblem(ValueError):
    """There is no result; the message is a sentence to be spoken."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a calculation comes to."""

    value: Fraction
    is_exact: bool = True


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation with its operands; worked out only once the whole is understood."""

    sign: str
    operands: tuple[Expression, ...]


Expression = Fraction | Operation
_Read = Callable[[Sequence[str], int], Readings[Expression]]

_SUMS: dict[tuple[str, ...], str] = {("plus",): "+", ("+",): "+", ("minus",): "-", ("-",): "-", ("less",): "-"}
_PRODUCTS: dict[tuple[str, ...], str] = {
    ("times",): "*",
    ("*",): "*",
    ("multiplied", "by"): "*",
    ("divided", "by"): "/",
    ("/",): "/",
    ("over",): "/",
    ("mod",): "mod",
    ("modulo",): "mod",
}
_POWERS = (("to", "the", "power", "of"), ("two", "the", "power", "of"), ("to", "the", "power"), ("^",), ("*", "*"))
_ROOTS: dict[tuple[str, ...], int] = {
    ("square", "root", "of"): 2,
    ("square", "root"): 2,
    ("squared", "root", "of"): 2,
    ("root", "of"): 2,
    ("sqrt",): 2,
    ("cube", "root", "of"): 3,
    ("cubic", "root", "of"): 3,
}
_ENDINGS: dict[tuple[str, ...], tuple[str, int]] = {
    ("squared",): ("^", 2),
    ("cubed",): ("^", 3),
    **{("to", "the", word): ("^", n) for n, word in enumerate(("fourth", "fifth", "sixth", "seventh", "eighth"), 4)},
    ("factorial",): ("!", 0),
    ("percent",): ("percent", 0),
}
_PAIRS = (  # before, between, operation, whether the operands change places
    (("add",), ("and",), "+", False),
    (("add",), ("to",), "+", False),
    (("subtract",), ("from",), "-", True),
    (("multiply",), ("by",), "*", False),
    (("multiply",), ("and",), "*", False),
    (("divide",), ("by",), "/", False),
    (("sum", "of"), ("and",), "+", False),
    (("difference", "between"), ("and",), "difference", False),
    (("product", "of"), ("and",), "*", False),
    (("remainder", "of"), ("divided", "by"), "mod", False),
)


def calculate(expression: str) -> Result:
    """Return the result of an expression in words or signs; raise ArithmeticProblem with a sentence to be spoken."""
    words = split_words(expression)
    found = read_expression(words, 0).get(len(words))
    if found is None:
        raise ArithmeticProblem("I could not understand that calculation.")
    return work_out(found[1])


def say_result(result: Result) -> str:
    """Return a result as it stands in an answer: "84", "about 1.4142"."""
    text = say_number(result.value)
    return text if result.is_exact or text.startswith("about") else f"about {text}"


def read_calculation(words: Sequence[str], at: int) -> Readings[str]:
    """Return the readings of an expression that holds at least one operation, as the text of it."""
    return {
        end: (price, " ".join(words[at:end]))
        for end, (price, expression) in read_expression(words, at).items()
        if isinstance(expression, Operation)
    }


def read_expression(words: Sequence[str], at: int) -> Readings[Expression]:
    """Return the readings of an expression from `at` on, which may be a number alone."""
    if len(words) > _LONGEST_WORDS or sum(word in ("(", "-", "minus", "negative") for word in words) > _DEEPEST:
        return {}
    readings = _read_chain(words, at, _SUMS, _read_product)
    start = _skip_the(words, at)
    for before, between, sign, swapped in _PAIRS:
        if _has(words, start, before):
            for end, (price, left) in _read_chain(words, start + len(before), _SUMS, _read_product).items():
                if _has(words, end, between):
                    for last, (more, right) in _read_product(words, end + len(between)).items():
                        operands = (right, left) if swapped else (left, right)
                        add_reading(readings, last, price + more, Operation(sign, operands))
    return readings


def _read_product(words: Sequence[str], at: int) -> Readings[Expression]:
    return _read_chain(words, at, _PRODUCTS, _read_signed)


def _read_chain(
    words: Sequence[str], at: int, signs: Mapping[tuple[str, ...], str], read: _Read
) -> Readings[Expression]:
    """Read operands with `signs` between them; the left ones belong together first."""
    readings = read(words, at)
    ends = dict(readings)
    while ends:
        longer: Readings[Expression] = {}
        for end, (price, left) in ends.items():
            for sign, operation in signs.items():
                if _has(words, end, sign):
                    for last, (more, right) in read(words, end + len(sign)).items():
                        add_reading(longer, last, price + more, Operation(operation, (left, right)))
        for end, (price, value) in longer.items():
            add_reading(readings, end, price, value)
        ends = longer
    return readings


def _read_signed(words: Sequence[str], at: int) -> Readings[Expression]:
    if at < len(words) and words[at] in ("-", "minus", "negative"):
        found = _read_signed(words, at + 1)
        return {end: (price, _negated(value)) for end, (price, value) in found.items()}
    return _read_power(words, at)


def _negated(value: Expression) -> Expression:
    return Operation("negative", (value,)) if isinstance(value, Operation) else -value


def _read_power(words: Sequence[str], at: int) -> Readings[Expression]:
    """Read what binds closest: a number or brackets, "squared", "percent of …", "to the power of …"."""
    readings = _read_alone(words, at)
    for end, (price, value) in list(readings.items()):
        for sign in _POWERS:
            if _has(words, end, sign):
                for last, (more, exponent) in _read_signed(words, end + len(sign)).items():
                    add_reading(readings, last, price + more, Operation("^", (value, exponent)))
        for ending, (operation, fixed) in _ENDINGS.items():
            if _has(words, end, ending):
                operands = (value, Fraction(fixed)) if operation == "^" else (value,)
                last = end + len(ending)
                add_reading(readings, last, price, Operation(operation, operands))
                if operation == "percent":
                    _add_share(readings, words, last, price, Operation("percent", (value,)))
    for end, (price, part) in read_fraction(words, at).items():
        _add_share(readings, words, end, price, part)
    return readings


def _add_share(readings: Readings[Expression], words: Sequence[str], end: int, price: int, part: Expression) -> None:
    """Read "of 80" after "15 percent" or "a third", and "off 50" after "20 percent"."""
    for sign, between in (("of", "of"), ("of", "on"), ("off", "off")):
        if _has(words, end, (between,)):
            for last, (more, whole) in _read_signed(words, end + 1).items():
                add_reading(readings, last, price + more, Operation(sign, (part, whole)))


def _read_alone(words: Sequence[str], at: int) -> Readings[Expression]:
    readings: Readings[Expression] = {}
    start = _skip_the(words, at)
    for root, degree in _ROOTS.items():
        if _has(words, start, root):
            for end, (price, value) in _read_under_root(words, start + len(root)).items():
                add_reading(readings, end, price, Operation("root", (value, Fraction(degree))))
    if _has(words, at, ("(",)):
        for end, (price, value) in read_expression(words, at + 1).items():
            if _has(words, end, (")",)):
                add_reading(readings, end + 1, price, value)
    elif _has(words, at, ("pi",)):
        add_reading(readings, at + 1, 0, Operation("pi", ()))
    elif at < len(words) and words[at] not in ("-", "minus", "negative"):
        is_division = _has(words, at + 1, ("/",))  # "8 / 4 / 2" is two divisions, and 4 / 2 no number in it
        for end, (price, number) in read_number(words, at).items():
            if end == at + 1 or not is_division:
                add_reading(readings, end, price, number)
    return readings


def _read_under_root(words: Sequence[str], at: int) -> Readings[Expression]:
    is_signed = at < len(words) and words[at] in ("-", "minus", "negative")
    return _read_signed(words, at) if is_signed else _read_alone(words, at)


def _skip_the(words: Sequence[str], at: int) -> int:
    return at + 1 if _has(words, at, ("the",)) else at


def _has(words: Sequence[str], at: int, expected: tuple[str, ...]) -> bool:
    return tuple(words[at : at + len(expected)]) == expected


def work_out(expression: Expression) -> Result:
    """Return the result of an expression; raise ArithmeticProblem where there is none."""
    if isinstance(expression, Fraction):
        return Result(expression)
    results = [work_out(operand) for operand in expression.operands]
    is_exact = all(result.is_exact for result in results)
    values = [result.value for result in results]
    match expression.sign, values:
        case "pi", []:
            return Result(Fraction(math.pi), is_exact=False)
        case ("+" | "-") as sign, [left, right] if _is_percent(expression.operands[1]):
            value = left * (1 + right if sign == "+" else 1 - right)  # "100 plus 10 percent" is 110 to people
        case "+", [left, right]:
            value = left + right
        case "-", [left, right]:
            value = left - right
        case "difference", [left, right]:
            value = abs(left - right)
        case (("*" | "of"), [left, right]):
            value = left * right
        case "off", [part, whole]:
            value = whole * (1 - part)
        case "/", [left, right]:
            value = left / _not_zero(right)
        case "mod", [left, right]:
            value = left % _not_zero(right)
        case "negative", [inner]:
            value = -inner
        case "percent", [inner]:
            value = inner / 100
        case "!", [inner]:
            value = _factorial(inner)
        case "root", [inner, degree]:
            return _root(inner, int(degree), is_exact)
        case "^", [base, exponent]:
            return _power(base, exponent, is_exact)
        case _:
            raise AssertionError(expression.sign)
    return Result(_not_huge(value), is_exact)


def _is_percent(expression: Expression) -> bool:
    return isinstance(expression, Operation) and expression.sign == "percent"


def _not_zero(value: Fraction) -> Fraction:
    if not value:
        raise ArithmeticProblem("I cannot divide by zero.")
    return value


def _not_huge(value: Fraction) -> Fraction:
    if value.numerator.bit_length() + value.denominator.bit_length() > _LARGEST_BITS:
        raise ArithmeticProblem("That number is too large for me.")
    return value


def _factorial(value: Fraction) -> Fraction:
    if value.denominator != 1 or value < 0:
        raise ArithmeticProblem("Only whole numbers from zero on have a factorial.")
    if value > 400:
        raise ArithmeticProblem("That number is too large for me.")
    return Fraction(math.factorial(int(value)))


def _root(value: Fraction, degree: int, is_exact: bool) -> Result:
    if value < 0 and degree == 2:
        raise ArithmeticProblem("A negative number has no real square root.")
    top, bottom = (_whole_root(part, degree) for part in (abs(value.numerator), value.denominator))
    if top is not None and bottom is not None:
        return Result(Fraction(top, bottom) * (-1 if value < 0 else 1), is_exact)
    return _power(value, Fraction(1, degree), is_exact)


def _whole_root(value: int, degree: int) -> int | None:
    if degree == 2:
        root = math.isqrt(value)
    elif value.bit_length() > 150:  # beyond what a float's cube root finds to the unit
        return None
    else:
        root = round(math.cbrt(value))
    return root if root**degree == value else None


def _power(base: Fraction, exponent: Fraction, is_exact: bool) -> Result:
    if not base and exponent < 0:
        raise ArithmeticProblem("I cannot divide by zero.")
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if exponent.denominator == 1:
        if bits * abs(exponent) > 2 * _LARGEST_BITS and abs(base) != 1:
            raise ArithmeticProblem("That number is too large for me.")
        return Result(_not_huge(base ** int(exponent)), is_exact)
    if base < 0 and exponent != Fraction(1, 3):
        raise ArithmeticProblem("That has no real result.")
    try:
        size = math.cbrt(base) if exponent == Fraction(1, 3) else math.pow(base, exponent)
        return Result(Fraction(size), is_exact=False)
    except (OverflowError, ValueError):
        raise ArithmeticProblem("That number is too large for me.") from None
