"""The assistant's own tools: each defined once, for the offline assistant and for every model.

What a tool returns is a sentence that can be spoken as it is, and that tells a model all it needs."""

from __future__ import annotations

from fractions import Fraction

from voicestream.thinking.arithmetic import ArithmeticProblem, calculate, say_result
from voicestream.thinking.clock_times import WEEKDAYS, day_of, say_date, say_time
from voicestream.thinking.delivery import Delivery
from voicestream.thinking.timer_tools import Now, timer_tools
from voicestream.thinking.timers import Timers
from voicestream.thinking.tools import Arguments, Tool, ToolProblem
from voicestream.thinking.units import UnitError, convert_units, find_unit, say_amount
from voicestream.vocabulary import ToolDescription

VOLUME_STEP = 0.15
RATE_STEP = 1.15


def own_tools(timers: Timers, delivery: Delivery, now: Now) -> tuple[Tool, ...]:
    """Return all tools of the assistant, in a fixed order: models keep the beginning of a request in their cache."""
    return (*clock_tools(now), *timer_tools(timers, now), *counting_tools(), *delivery_tools(delivery))


def clock_tools(now: Now) -> tuple[Tool, ...]:
    """Return the tools that tell time and date."""

    async def get_time(arguments: Arguments) -> str:
        return f"It's {say_time(now().wall)}."

    async def get_date(arguments: Arguments) -> str:
        today = now().wall.date()
        match arguments.get("part"):
            case "year":
                return f"It's {today.year}."
            case "month":
                return f"It's {today:%B}."
            case "week":
                return f"It's week {today.isocalendar().week} of the year."
        named = arguments.get("day", "today")
        day = day_of(named, today)
        if named in WEEKDAYS:
            return f"{day:%A} is {day:%B} {day.day}, {day.year}."
        return f"{named.capitalize()} {'was' if named == 'yesterday' else 'is'} {say_date(day)}."

    return (
        Tool(ToolDescription("get_time", "Tell the time of day.", {"type": "object", "properties": {}}), get_time),
        Tool(_GET_DATE, get_date),
    )


def counting_tools() -> tuple[Tool, ...]:
    """Return the tools that calculate and convert."""

    async def calculate_expression(arguments: Arguments) -> str:
        try:
            return f"{say_result(calculate(arguments['expression']))}.".capitalize()
        except ArithmeticProblem as problem:
            raise ToolProblem(str(problem)) from None

    async def convert(arguments: Arguments) -> str:
        try:
            source, target = find_unit(arguments["from_unit"]), find_unit(arguments["to_unit"])
            amount = _read_amount(arguments["amount"])
            result = say_amount(convert_units(amount, source, target), target)
        except UnitError as problem:
            raise ToolProblem(str(problem)) from None
        return f"{say_amount(amount, source)} {'is' if amount == 1 else 'are'} {result}."

    return Tool(_CALCULATE, calculate_expression), Tool(_CONVERT, convert)


def _read_amount(amount: str | float) -> Fraction:
    try:
        return Fraction(str(amount))
    except (ValueError, ZeroDivisionError):
        raise ToolProblem(f"{amount} is no number.") from None


def delivery_tools(delivery: Delivery) -> tuple[Tool, ...]:
    """Return the tools that change how loud and how fast the assistant speaks."""

    async def set_volume(arguments: Arguments) -> str:
        before = delivery.volume
        if "percent" in arguments:
            delivery.set_volume(arguments["percent"] / 100)
        elif "change" in arguments:
            delivery.set_volume(before + (VOLUME_STEP if arguments["change"] == "louder" else -VOLUME_STEP))
        if delivery.volume == before and before in (0.0, 1.0) and "change" in arguments:
            return f"This is as {'loud' if before else 'quiet'} as I can speak."
        return f"Volume {round(delivery.volume * 100)} percent."

    async def set_speaking_rate(arguments: Arguments) -> str:
        before = delivery.rate
        match arguments["change"]:
            case "faster":
                delivery.set_rate(before * RATE_STEP)
            case "slower":
                delivery.set_rate(before / RATE_STEP)
            case _:
                delivery.set_rate(delivery.usual_rate)
                return "Back to normal speed."
        if delivery.rate == before:
            return f"This is as {'fast' if arguments['change'] == 'faster' else 'slow'} as I can speak."
        return f"Okay, {arguments['change']}."

    return Tool(_SET_VOLUME, set_volume, has_effects=True), Tool(_SET_RATE, set_speaking_rate, has_effects=True)


_GET_DATE = ToolDescription(
    "get_date",
    "Tell the date.",
    {
        "type": "object",
        "properties": {
            "day": {"type": "string", "enum": ["today", "tomorrow", "yesterday", *WEEKDAYS]},
            "part": {"type": "string", "enum": ["date", "year", "month", "week"]},
        },
        "additionalProperties": False,
    },
)

_CALCULATE = ToolDescription(
    "calculate",
    "Work out an arithmetic expression exactly.",
    {
        "type": "object",
        "properties": {
            "expression": {"type": "string", "maxLength": 500, "description": "Such as (3 + 4) * 2^10 or 15% of 80."}
        },
        "required": ["expression"],
        "additionalProperties": False,
    },
)

_CONVERT = ToolDescription(
    "convert_units",
    "Convert an amount from one unit of measure to another.",
    {
        "type": "object",
        "properties": {
            "amount": {"type": ["number", "string"]},
            "from_unit": {"type": "string", "description": "Such as miles, kg, degrees celsius, cups."},
            "to_unit": {"type": "string"},
        },
        "required": ["amount", "from_unit", "to_unit"],
        "additionalProperties": False,
    },
)

_SET_VOLUME = ToolDescription(
    "set_volume",
    "Speak louder or quieter, or at a volume.",
    {
        "type": "object",
        "properties": {
            "percent": {"type": "number", "minimum": 0, "maximum": 100},
            "change": {"type": "string", "enum": ["louder", "quieter"]},
        },
        "additionalProperties": False,
    },
)

_SET_RATE = ToolDescription(
    "set_speaking_rate",
    "Speak faster or slower.",
    {
        "type": "object",
        "properties": {"change": {"type": "string", "enum": ["faster", "slower", "normal"]}},
        "required": ["change"],
        "additionalProperties": False,
    },
)
