import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caco.reports.page.svg import Interval, _ticks, bar, histogram, interval_plot, line_chart

NUMBER = st.floats(-1e9, 1e9, allow_nan=False)


@given(st.lists(NUMBER, min_size=1, max_size=20))
def test_ticks_are_evenly_spaced_and_span_the_values(values):
    ticks = _ticks(values)
    assert 2 <= len(ticks) <= 12
    assert ticks == sorted(set(ticks))
    slack = 1e-6 * max(1.0, *map(abs, values))
    assert ticks[0] <= min(values) + slack
    assert ticks[-1] >= max(values) - slack


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([1, 8], [0, 2, 4, 6, 8]),
        ([0, 1], [0, 0.2, 0.4, 0.6, 0.8, 1]),
        ([3, 3], [2.4, 2.6, 2.8, 3, 3.2, 3.4, 3.6]),
    ],
)
def test_ticks_are_round(values, ticks):
    assert _ticks(values) == pytest.approx(ticks)


@given(st.lists(st.tuples(st.floats(1, 1e6), st.floats(0, 20)), min_size=1, max_size=30))
def test_every_point_of_a_line_is_inside_the_drawing(points):
    drawing = ElementTree.fromstring(line_chart(sorted(points), "x", "y"))
    (line,) = drawing.findall("polyline")
    for pair in line.attrib["points"].split():
        x, y = map(float, pair.split(","))
        assert 0 <= x <= 400
        assert 0 <= y <= 240


def test_a_lower_loss_is_drawn_lower():
    drawing = line_chart([(1, 2.0), (2, 1.0)], "step", "loss")
    first, last = re.findall(r'points="([^"]*)"', drawing)[0].split()
    assert float(first.split(",")[1]) < float(last.split(",")[1])
    assert ">step</text>" in drawing
    assert ">loss</text>" in drawing


def test_charts_have_one_scale():
    heights = []
    for loss in (1.0, 4.0):
        drawing = line_chart([(1, loss), (2, 0.5)], "step", "loss", highest=4.0)
        heights.append(re.findall(r'points="([^"]*)"', drawing)[0].split()[1])
    assert heights[0] == heights[1]


def test_an_interval_reaches_from_low_to_high_with_its_dot_between():
    row = Interval("<easy>", "base", 0.25, 0.5, 0.75, "50% & more", second=0.75)
    drawing = ElementTree.fromstring(interval_plot([row], 0.0, 1.0, "pass@1"))
    line = next(e for e in drawing.findall("line") if e.get("class") == "interval base")
    dot, ring = drawing.findall("circle")
    assert (line.get("x1"), line.get("x2"), dot.get("cx")) == ("108.0", "292.0", "200.0")
    assert (ring.get("class"), ring.get("cx")) == ("second base", "292.0")
    assert drawing.get("aria-label") == "pass@1: <easy>, 50% & more"
    assert {"<easy>", "50% & more", "pass@1", "0%", "100%"} <= {
        e.text for e in drawing.findall("text")
    }


def test_the_parts_of_a_bar_touch():
    drawing = ElementTree.fromstring(bar(0.5, 0.25, "half & half", width=260))
    passed, dropped = drawing.findall("rect")
    assert (passed.get("width"), dropped.get("x"), dropped.get("width")) == (
        "130.0",
        "130.0",
        "65.0",
    )


def test_the_bars_of_a_histogram_are_as_high_as_their_shares():
    series = [("cots", [0.5, 0.5, 0.0]), ("rows", [1.0, 0.0, 0.0])]
    drawing = ElementTree.fromstring(histogram(["0", "1 & 2", "<3"], series, "steps"))
    heights: dict[str, list[float]] = {"cots": [], "rows": []}
    for bar_ in drawing.findall("rect"):
        heights[bar_.attrib["class"]].append(float(bar_.attrib["height"]))
        assert 0 <= float(bar_.attrib["x"]) <= 400 - float(bar_.attrib["width"])
    full = heights["rows"][0]
    assert heights["cots"] == pytest.approx([full / 2, full / 2, 0], abs=0.11)
    assert heights["rows"] == [full, 0, 0]
    texts = [text.text for text in drawing.findall("text")]
    assert {"0", "1 & 2", "<3", "steps", "100%"} <= set(texts)
