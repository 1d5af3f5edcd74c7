"""Charts: what is drawn where, their ticks, and what they refuse."""

import math
import xml.etree.ElementTree as ET

import pytest

from tutor.plots import Arrow, Axis, Bars, Box, Chart, Diagram, Dots, Label, Line, Words
from tutor.plots.chart import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH

X, Y = Axis("step", 0, 10), Axis("loss", 0.01, 100, log=True)


def drawn(*marks, x=X, y=Y):
    return ET.fromstring(Chart("A & B", x, y, marks, "what it shows").svg())


def all_of(root, tag):
    return list(root.iter(f"{{http://www.w3.org/2000/svg}}{tag}"))


def test_a_dot_lies_where_its_axes_say():
    (dot,) = all_of(drawn(Dots([10], [0.01])), "circle")
    assert float(dot.get("cx")) == WIDTH - RIGHT and float(dot.get("cy")) == HEIGHT - BOTTOM
    (dot,) = all_of(drawn(Dots([0], [100])), "circle")
    assert float(dot.get("cx")) == LEFT and float(dot.get("cy")) == TOP


def test_a_logarithmic_axis_gives_every_decade_the_same_length():
    first, second, third = (float(d.get("cy")) for d in all_of(drawn(Dots([1, 1, 1], [0.1, 1, 10])), "circle"))
    assert first - second == pytest.approx(second - third, abs=0.2)


def test_a_line_is_broken_where_a_value_is_missing():
    path = next(p for p in all_of(drawn(Line([0, 1, 2, 3], [1, 2, math.nan, 3])), "path") if p.get("stroke"))
    assert path.get("d").count("M") == 2 and path.get("d").count("L") == 1


def test_what_lies_beyond_the_axes_is_cut_and_never_infinite():
    path = next(p for p in all_of(drawn(Line([0, 1], [1, math.inf])), "path") if p.get("stroke"))
    assert "inf" not in path.get("d") and "nan" not in path.get("d")
    assert "inf" not in ET.tostring(drawn(Dots([1], [0]))).decode()  # 0 has no logarithm


def test_bars_stand_on_zero_and_hang_below_it():
    up, down = all_of(drawn(Bars([1, 2], [1, -1]), y=Axis("y", -2, 2)), "rect")[-2:]
    zero = TOP + (HEIGHT - TOP - BOTTOM) / 2
    assert float(up.get("y")) + float(up.get("height")) == pytest.approx(zero, abs=0.2)
    assert float(down.get("y")) == pytest.approx(zero, abs=0.2)


def test_ticks_are_round_numbers_and_powers_of_ten():
    assert list(Axis("x", 0, 10).marks()) == [0, 2, 4, 6, 8, 10]
    assert list(Axis("x", 1e-3, 1e3, log=True).marks().values()) == ["0.001", "0.01", "0.1", "1", "10", "100", "1000"]
    assert Axis("x", 0, 2, ticks={0: "cat", 1: "dog"}).marks() == {0: "cat", 1: "dog"}


def test_words_are_escaped_and_named_marks_stand_in_the_legend():
    texts = [t.text for t in all_of(drawn(Line([0, 1], [1, 2], "plain <b>"), Words(1, 1, "here & now")), "text")]
    assert "plain <b>" in texts and "here & now" in texts and "A & B" in texts


@pytest.mark.parametrize(("low", "high", "log"), [(1, 1, False), (2, 1, False), (0, 1, True)])
def test_an_axis_that_goes_nowhere_is_refused_by_its_name(low, high, log):
    with pytest.raises(ValueError, match='"loss"'):
        Axis("loss", low, high, log)


def test_a_chart_without_alt_text_is_refused():
    with pytest.raises(ValueError, match="alt text"):
        Chart("t", X, Y, [], " ")


def test_a_diagram_draws_boxes_arrows_and_labels_and_escapes_their_words():
    parts = [
        Box(10, 30, "a < b", "7", dashed=True),
        Arrow((60, 40), (100, 40), "grad & go", colour=1),
        Label(5, 90, "x"),
    ]
    root = ET.fromstring(Diagram("title", parts, "alt").svg())
    assert {"a < b", "7", "grad & go", "x", "title"} <= {t.text for t in all_of(root, "text")}
    assert all_of(root, "rect")[-1].get("stroke-dasharray")
    arrow = next(p for p in all_of(root, "path") if p.get("marker-end"))
    assert arrow.get("d") == "M60 40L100 40" and arrow.get("marker-end") == "url(#a1)"
    with pytest.raises(ValueError, match="alt text"):
        Diagram("title", parts, "")
