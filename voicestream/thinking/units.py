"""Units of measure: their names, and conversion between those of one kind. Exact; factors as the standards define
them (international yard and pound of 1959, US customary volumes)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from voicestream.thinking.readings import Readings
from voicestream.thinking.spoken_numbers import say_number


class UnitError(ValueError):
    """Two units that do not measure the same, or an unknown one; the message is a sentence to be spoken."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measure."""

    kind: str
    singular: str
    plural: str
    factor: Fraction
    """How many of the kind's standard unit it is."""
    shift: Fraction = Fraction(0)
    """Added to an amount before the factor counts; only temperatures have one."""


_TABLE: dict[str, tuple[tuple[str, str, str, str], ...]] = {  # kind: singular, plural, factor, other names
    "length": (
        ("meter", "meters", "1", "metre metres m"),
        ("kilometer", "kilometers", "1000", "kilometre kilometres km kms"),
        ("centimeter", "centimeters", "0.01", "centimetre centimetres cm"),
        ("millimeter", "millimeters", "0.001", "millimetre millimetres mm"),
        ("inch", "inches", "0.0254", "in"),
        ("foot", "feet", "0.3048", "ft"),
        ("yard", "yards", "0.9144", "yd yds"),
        ("mile", "miles", "1609.344", "mi"),
        ("nautical mile", "nautical miles", "1852", ""),
    ),
    "weight": (
        ("kilogram", "kilograms", "1", "kg kgs kilo kilos"),
        ("gram", "grams", "0.001", "g"),
        ("milligram", "milligrams", "0.000001", "mg"),
        ("tonne", "tonnes", "1000", ""),
        ("ton", "tons", "907.18474", ""),
        ("pound", "pounds", "0.45359237", "lb lbs"),
        ("ounce", "ounces", "0.028349523125", "oz"),
        ("stone", "stone", "6.35029318", "stones"),
    ),
    "volume": (
        ("liter", "liters", "1", "litre litres l"),
        ("milliliter", "milliliters", "0.001", "millilitre millilitres ml"),
        ("gallon", "gallons", "3.785411784", "gal"),
        ("quart", "quarts", "0.946352946", "qt"),
        ("pint", "pints", "0.473176473", "pt"),
        ("cup", "cups", "0.2365882365", ""),
        ("fluid ounce", "fluid ounces", "0.0295735295625", ""),
        ("tablespoon", "tablespoons", "0.01478676478125", "tbsp"),
        ("teaspoon", "teaspoons", "0.00492892159375", "tsp"),
    ),
    "speed": (
        (
            "kilometer per hour",
            "kilometers per hour",
            "1",
            "kph,kmh,km per hour,kilometre per hour,kilometres per hour",
        ),
        ("mile per hour", "miles per hour", "1.609344", "mph"),
        ("meter per second", "meters per second", "3.6", "metres per second"),
        ("knot", "knots", "1.852", ""),
    ),
    "area": (
        ("square meter", "square meters", "1", "square metre,square metres"),
        ("square kilometer", "square kilometers", "1000000", "square kilometre,square kilometres"),
        ("square foot", "square feet", "0.09290304", ""),
        ("square mile", "square miles", "2589988.110336", ""),
        ("acre", "acres", "4046.8564224", ""),
        ("hectare", "hectares", "10000", ""),
    ),
    "time": (
        ("second", "seconds", "1", "sec secs"),
        ("minute", "minutes", "60", "min mins"),
        ("hour", "hours", "3600", "hr hrs"),
        ("day", "days", "86400", ""),
        ("week", "weeks", "604800", ""),
        ("year", "years", "31557600", ""),
    ),
    "data": (
        ("byte", "bytes", "1", ""),
        ("kilobyte", "kilobytes", "1000", "kb"),
        ("megabyte", "megabytes", "1000000", "mb"),
        ("gigabyte", "gigabytes", "1000000000", "gb gig gigs"),
        ("terabyte", "terabytes", "1000000000000", "tb"),
    ),
    "energy": (
        ("joule", "joules", "1", ""),
        ("kilojoule", "kilojoules", "1000", "kj"),
        ("calorie", "calories", "4184", "kcal kilocalorie kilocalories"),
        ("kilowatt hour", "kilowatt hours", "3600000", "kwh"),
    ),
}

_CELSIUS = Unit("temperature", "degree Celsius", "degrees Celsius", Fraction(1))
_FAHRENHEIT = Unit("temperature", "degree Fahrenheit", "degrees Fahrenheit", Fraction(5, 9), Fraction(-32))
_KELVIN = Unit("temperature", "kelvin", "kelvin", Fraction(1), Fraction("-273.15"))
_TEMPERATURES = {
    "celsius": _CELSIUS,
    "centigrade": _CELSIUS,
    "c": _CELSIUS,
    "fahrenheit": _FAHRENHEIT,
    "f": _FAHRENHEIT,
    "kelvin": _KELVIN,
    "kelvins": _KELVIN,
}


def _name_units() -> dict[tuple[str, ...], Unit]:
    units: dict[tuple[str, ...], Unit] = {}
    for kind, rows in _TABLE.items():
        for singular, plural, factor, others in rows:
            unit = Unit(kind, singular, plural, Fraction(factor))
            spellings = others.split(",") if "," in others else others.split()
            for name in (singular, plural, *spellings):
                units[tuple(name.split())] = unit
    for name, unit in _TEMPERATURES.items():
        for before in ((), ("degree",), ("degrees",)):
            units[(*before, name)] = unit
    return units


_UNITS = _name_units()
_LONGEST_NAME = max(map(len, _UNITS))


def read_unit(words: Sequence[str], at: int) -> Readings[Unit]:
    """Return the readings of a unit's name from `at` on."""
    readings: Readings[Unit] = {}
    for end in range(at + 1, min(at + _LONGEST_NAME, len(words)) + 1):
        unit = _UNITS.get(tuple(words[at:end]))
        if unit is not None:
            readings[end] = (0, unit)
    return readings


def find_unit(name: str) -> Unit:
    """Return the unit called `name`, singular or plural or short; raise UnitError."""
    unit = _UNITS.get(tuple(name.lower().replace("°", "degrees ").replace("/", " per ").split()))
    if unit is None:
        raise UnitError(f"I do not know the unit {name}.")
    return unit


def list_unit_names(kind: str) -> tuple[str, ...]:
    """Return singular and plural names of the units of a kind."""
    return tuple(name for row in _TABLE[kind] for name in row[:2])


def convert_units(amount: Fraction, source: Unit, target: Unit) -> Fraction:
    """Return `amount` of `source` in `target`; raise UnitError where they do not measure the same."""
    if source.kind != target.kind:
        raise UnitError(f"I cannot convert {source.plural} to {target.plural}: one is {source.kind}, "
                        f"the other {target.kind}.")  # fmt: skip
    return (amount + source.shift) * source.factor / target.factor - target.shift


def say_amount(amount: Fraction, unit: Unit) -> str:
    """Return an amount as it stands in an answer: "8.0467 kilometers", "1 mile"."""
    if unit.kind == "temperature":  # nobody feels more, and no thermometer shows more
        amount = Fraction(round(amount * 10), 10)
    return f"{say_number(amount)} {unit.singular if abs(amount) == 1 else unit.plural}"
