"""Small charts as inline SVG: no library, no network, every text escaped.

Colours are CSS classes of the page (`line`, `base`, `student`, ...), so that the charts follow its
light and dark schemes.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Interval:
    """One line of an interval plot.

    Attributes:
        label: What is measured.
        css: CSS class: `base`, `student`, `ablation` or `difference`.
        low, value, high: The interval, and the value drawn as a dot.
        note: Printed to the right of the label.
        second: A second value, drawn as a ring; None for none.
    """

    label: str
    css: str
    low: float
    value: float
    high: float
    note: str
    second: float | None = None


def line_chart(
    points: Sequence[Point],
    x_title: str,
    y_title: str,
    highest: float = 0.0,
    width: int = 400,
    height: int = 240,
) -> Markup:
    """Returns a line chart of `points`, with axes, ticks and titles.

    Args:
        points: Finite (x, y) pairs, sorted by x; not empty.
        x_title: Title and unit of the x axis.
        y_title: Likewise of y.
        highest: The y axis reaches at least to this value, so that charts have one scale.
        width: Pixels.
        height: Pixels.
    """
    left, right, top, bottom = 56, 12, 12, 44
    xs, ys = _ticks([p[0] for p in points]), _ticks([*(p[1] for p in points), 0.0, highest])

    def x_at(x: float) -> float:
        return left + (x - xs[0]) / (xs[-1] - xs[0]) * (width - left - right)

    def y_at(y: float) -> float:
        return height - bottom - (y - ys[0]) / (ys[-1] - ys[0]) * (height - top - bottom)

    parts = [_open(width, height, f"{y_title} against {x_title}")]
    for y in ys:
        parts.append(_line(left, y_at(y), width - right, y_at(y), "grid"))
        parts.append(_text(left - 6, y_at(y) + 4, _number(y), "end"))
    for x in xs:
        parts.append(_line(x_at(x), height - bottom, x_at(x), height - bottom + 4, "axis"))
        parts.append(_text(x_at(x), height - bottom + 18, _number(x), "middle"))
    parts.append(_line(left, height - bottom, width - right, height - bottom, "axis"))
    parts.append(_text(left + (width - left - right) / 2, height - 6, x_title, "middle"))
    middle = top + (height - top - bottom) / 2
    upright = Markup(
        '<text transform="translate(13 {}) rotate(-90)" text-anchor="middle">{}</text>'
    )
    parts.append(upright.format(_at(middle), y_title))
    path = " ".join(f"{_at(x_at(x))},{_at(y_at(y))}" for x, y in points)
    parts.append(Markup('<polyline class="line" points="{}"/>').format(path))
    if len(points) == 1:
        parts.append(_dot(x_at(points[0][0]), y_at(points[0][1]), "line-dot"))
    return Markup("").join([*parts, Markup("</svg>")])


def interval_plot(
    rows: Sequence[Interval], low: float, high: float, x_title: str, width: int = 400
) -> Markup:
    """Returns two lines per row: label and note, and the interval as a bar with its value as a dot.

    The labels are above the bars, so that the drawing is readable on a narrow screen.

    Args:
        rows: From top to bottom; not empty.
        low: Left end of the axis.
        high: Right end.
        x_title: Title and unit of the axis; shares are printed in percent.
        width: Pixels.
    """
    side, step, top = 16, 42, 4
    height = top + step * len(rows) + 44

    def x_at(x: float) -> float:
        return side + (x - low) / (high - low) * (width - 2 * side)

    parts = [_open(width, height, f"{x_title}: {'; '.join(_described(row) for row in rows)}")]
    floor = height - 44
    for x in _ticks([low, high]):
        if low - 1e-9 <= x <= high + 1e-9:
            parts.append(_line(x_at(x), top, x_at(x), floor, "axis" if x == 0 else "grid"))
            parts.append(_text(x_at(x), floor + 18, f"{100 * x:g}%", "middle"))
    parts.append(_text(width / 2, height - 6, x_title, "middle"))
    for i, row in enumerate(rows):
        y = top + step * i + 14
        parts.append(_text(side, y, row.label, "start", "label"))
        parts.append(_text(width - side, y, row.note, "end", "label"))
        y += 14
        parts.append(_line(x_at(row.low), y, x_at(row.high), y, f"interval {row.css}"))
        parts.append(_dot(x_at(row.value), y, row.css))
        if row.second is not None:
            parts.append(_dot(x_at(row.second), y, f"second {row.css}", 7))
    return Markup("").join([*parts, Markup("</svg>")])


def _described(row: Interval) -> str:
    return f"{row.label}, {row.note}"


def histogram(
    groups: Sequence[str],
    series: Sequence[tuple[str, Sequence[float]]],
    x_title: str,
    width: int = 400,
    height: int = 190,
) -> Markup:
    """Returns bars side by side: the share of each series in each group.

    Args:
        groups: The names of the groups, from left to right; not empty.
        series: The CSS class of each series, and its shares, as many as there are groups.
        x_title: Title of the x axis.
        width: Pixels.
        height: Pixels.
    """
    left, right, top, bottom = 44, 8, 10, 44
    ys = _ticks([0.0, *(share for _, shares in series for share in shares)], 4)
    floor, step = height - bottom, (width - left - right) / len(groups)
    each = step * 0.8 / len(series)

    def y_at(y: float) -> float:
        return floor - y / ys[-1] * (floor - top)

    parts = [_open(width, height, f"shares of rows by {x_title}")]
    for y in ys:
        parts.append(_line(left, y_at(y), width - right, y_at(y), "grid"))
        parts.append(_text(left - 6, y_at(y) + 4, f"{100 * y:.0f}%", "end"))
    rect = Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>')
    for i, name in enumerate(groups):
        x = left + step * i
        parts.append(_text(x + step / 2, floor + 18, name, "middle"))
        for k, (css, shares) in enumerate(series):
            y = y_at(shares[i])
            at = x + step * 0.1 + each * k
            parts.append(rect.format(css, _at(at), _at(y), _at(each), _at(floor - y)))
    parts.append(_line(left, floor, width - right, floor, "axis"))
    parts.append(_text(left + (width - left - right) / 2, height - 6, x_title, "middle"))
    return Markup("").join([*parts, Markup("</svg>")])


def bar(share: float, rest: float, label: str, width: int = 160, height: int = 14) -> Markup:
    """Returns a bar of two parts, such as accepted and rejected rows.

    Args:
        share: The first part, as a share of the full width.
        rest: The second part.
        label: What it shows, for a screen reader.
        width: Pixels of the full width.
        height: Pixels.
    """
    passed, dropped = share * width, rest * width
    return Markup('{}<rect class="passed" width="{}" height="{}"/>{}</svg>').format(
        _open(width, height, label),
        _at(passed),
        height,
        Markup('<rect class="dropped" x="{}" width="{}" height="{}"/>').format(
            _at(passed), _at(dropped), height
        ),
    )


def _ticks(values: Sequence[float], wanted: int = 5) -> list[float]:
    """Returns round, evenly spaced numbers that span `values`: at least two."""
    low, high = min(values), max(values)
    if high - low <= 1e-9 * max(1.0, abs(low), abs(high)):  # equal up to rounding
        low, high = low - 0.5, high + 0.5
    raw = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def _number(x: float) -> str:
    return f"{x:,.0f}" if x == int(x) else f"{x:g}"


def _at(x: float) -> str:
    return f"{x:.1f}"


def _open(width: int, height: int, label: str) -> Markup:
    return Markup(
        '<svg role="img" aria-label="{}" width="{}" height="{}" viewBox="0 0 {} {}">'
    ).format(label, width, height, width, height)


def _line(x1: float, y1: float, x2: float, y2: float, css: str) -> Markup:
    return Markup('<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(
        css, _at(x1), _at(y1), _at(x2), _at(y2)
    )


def _dot(x: float, y: float, css: str, radius: float = 4.5) -> Markup:
    return Markup('<circle class="{}" cx="{}" cy="{}" r="{}"/>').format(css, _at(x), _at(y), radius)


def _text(x: float, y: float, text: str, anchor: str, css: str = "") -> Markup:
    return Markup('<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>').format(
        css, _at(x), _at(y), anchor, text
    )
