"""The timeline of a conversation as a picture: SVG text, and PNG by matplotlib (extra timeline).

Texts of models and people are escaped: they are letters in the picture, and nothing else.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from voicestream.displays.timeline_shapes import STYLES, Box, Drawing, Line, Shape, Text, draw_timeline
from voicestream.events import Event

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DOTS_PER_PIXEL = 2
"""Of the PNG: sharp on today's screens."""


def timeline_picture(events: Sequence[Event]) -> str:
    """Return the turns as SVG (https://www.w3.org/TR/SVG11/)."""
    drawing = draw_timeline(events)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{drawing.width:g}" height="{drawing.height:g}" '
        f'viewBox="0 0 {drawing.width:g} {drawing.height:g}" role="img" aria-label="Timeline of a conversation">',
        f"<style>{_style_sheet()}</style>",
        *map(_as_svg, drawing.shapes),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def timeline_png(events: Sequence[Event]) -> bytes:
    """Return the turns as PNG; raise ImportError without matplotlib."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    drawing = draw_timeline(events)
    figure = Figure(figsize=(drawing.width / 100, drawing.height / 100), dpi=100 * DOTS_PER_PIXEL)
    FigureCanvasAgg(figure)
    _plot(drawing, figure.add_axes((0.0, 0.0, 1.0, 1.0)))
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of letters that its font lacks: they become boxes
        figure.savefig(out, format="png")
    return out.getvalue()


def _style_sheet() -> str:
    rules = ["text{font-family:system-ui,sans-serif}"]
    for name, style in STYLES.items():
        weight = "600" if style.is_bold else "400"
        rules.append(f"rect.{name},text.{name}{{fill:{style.color};fill-opacity:{style.opacity:g}}}")
        rules.append(f"text.{name}{{font-size:{style.size:g}px;font-weight:{weight}}}")
        rules.append(f"line.{name}{{stroke:{style.color};stroke-width:{style.thickness:g}}}")
    return "".join(rules)


def _as_svg(shape: Shape) -> str:
    match shape:
        case Box(style, left, top, width, height):
            return f'<rect class="{style}" x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}"/>'
        case Line(style, x1, y1, x2, y2):
            return f'<line class="{style}" x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}"/>'
        case Text(style, x, y, text, anchor):
            return f'<text class="{style}" x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(text)}</text>'


def _plot(drawing: Drawing, axes: Axes) -> None:
    """Draw the shapes onto axes that are the whole figure, in pixels from the top left."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle

    axes.set_xlim(0, drawing.width)
    axes.set_ylim(drawing.height, 0)
    axes.axis("off")
    places = {"start": "left", "middle": "center", "end": "right"}
    for layer, shape in enumerate(drawing.shapes):
        style = STYLES[shape.style]
        match shape:
            case Box(_, left, top, width, height):
                box = Rectangle((left, top), width, height, facecolor=style.color, alpha=style.opacity, linewidth=0)
                axes.add_patch(box).set_zorder(layer)
            case Line(_, x1, y1, x2, y2):
                line = Line2D((x1, x2), (y1, y2), color=style.color, linewidth=style.thickness * 0.72, zorder=layer)
                axes.add_line(line)
            case Text(_, x, y, text, anchor):
                axes.text(
                    x, y, text, color=style.color, fontsize=style.size * 0.72, zorder=layer, parse_math=False,
                    fontweight="bold" if style.is_bold else "normal", ha=places[anchor], va="baseline",
                )  # fmt: skip
