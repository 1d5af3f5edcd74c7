"""The shared pictures of curves say where each begins and ends, and what moves on them moves where it is drawn."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from tutor import plots


def test_lines_say_where_each_curve_starts_ends_and_peaks():
    picture = plots.lines({"up and down": [1.0, 5.0, 2.0]}, xlabel="step", ylabel="rate", title="A rate")
    assert picture.alt == "A rate, rate against step: up and down goes from 1 to 2, highest 5."


def bowl(b, d):
    return (b - 1) ** 2 + 4 * d**2


BOWL = {"minimum": (1.0, 0.0), "spans": ((-1.0, 2.0), (-1.0, 1.0)), "names": ("b", "d"), "title": "A bowl"}
WAYS = {
    "long": np.array([[-0.5, 0.5], [0.5, 0.1], [1.0, 0.0]]),
    "short": np.array([[-0.5, 0.5], [-0.4, 0.4], [-0.3, 5.0]]),
}


def animated_values(svg):
    """Attribute name -> the numbers that each <animate> runs through, dot after dot."""
    found = {}
    for node in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}animate"):
        found.setdefault(node.get("attributeName"), []).append([float(v) for v in node.get("values").split(";")])
        assert len(node.get("values").split(";")) == len(node.get("keyTimes").split(";"))
    return found


def test_a_loss_surface_says_where_every_path_ends():
    picture = plots.loss_surface(bowl, WAYS, **BOWL)
    assert "lowest at (1, 0)" in picture.alt
    assert "long ends after 2 steps at (1, 0), loss 0" in picture.alt
    assert "short ends after 2 steps at (-0.3, 5), loss 101.7" in picture.alt


def test_the_dots_of_an_animation_stand_where_the_still_paths_are_drawn():
    picture = plots.loss_surface(bowl, WAYS, **BOWL, animated=True)
    svg = picture.svg()
    spots = picture.ax.transData.transform(WAYS["long"]) * 72 / picture.figure.dpi
    height = picture.figure.get_size_inches()[1] * 72
    values = animated_values(svg)
    assert values["cx"][0] == pytest.approx([*spots[:, 0], spots[-1, 0]], abs=0.1)
    assert values["cy"][0] == pytest.approx([*(height - spots[:, 1]), height - spots[-1, 1]], abs=0.1)
    drawn = re.search(r'<g id="line2d_\d+">\s*<path d="M ([\d.]+) ([\d.]+)[^"]*"[^>]*stroke: #0072b2', svg)
    assert [float(v) for v in drawn.groups()] == pytest.approx([values["cx"][0][0], values["cy"][0][0]], abs=0.1)


def test_a_trail_is_drawn_as_far_as_its_dot_has_come():
    ahead = animated_values(plots.loss_surface(bowl, WAYS, **BOWL, animated=True).svg())["stroke-dashoffset"][0]
    assert ahead[0] == 1 and ahead[-1] == ahead[-2] == 0 and 0 < ahead[1] < 1


def test_an_animation_needs_no_script_and_no_network():
    source = plots.loss_surface(bowl, WAYS, **BOWL, animated=True).svg()
    assert "<script" not in source and "<image" not in source
    assert not re.search(r'(href|src)="(?!#)', source)


def test_an_animation_is_shown_as_an_image_with_alt_text_and_stays_small():
    way = np.cumsum(np.random.default_rng(0).normal(size=(101, 2)) / 20, axis=0)
    shown = plots.loss_surface(bowl, dict.fromkeys("abcde", way), **BOWL, animated=True)._repr_mimebundle_()
    assert shown["text/html"].startswith("<img ") and 'alt="A bowl: contours' in shown["text/html"]
    assert shown["text/plain"].startswith("[animation: A bowl")
    assert len(shown["text/html"]) < 140_000


def test_an_animation_is_the_same_each_time_it_is_drawn():
    one, other = (plots.loss_surface(bowl, WAYS, **BOWL, animated=True).svg() for _ in range(2))
    assert one == other


def test_paths_of_different_length_cannot_run_together():
    uneven = {"long": WAYS["long"], "short": WAYS["short"][:2]}
    with pytest.raises(ValueError, match="same number of points"):
        plots.loss_surface(bowl, uneven, **BOWL, animated=True)


def test_panels_say_where_every_curve_begins_and_ends_and_keep_a_labels_colour():
    drawn = {"value": {"relu": [0.0, 0.0, 1.0], "clamp": [-1.0, 0.0, 0.5]}, "gradient": {"clamp": [0.0, 1.0, 0.0]}}
    picture = plots.panels([-1.0, 0.0, 1.0], drawn, xlabel="x", title="Kinks")
    assert "value of clamp goes from -1 to 0.5, between -1 and 0.5; gradient of clamp goes from 0 to 0" in picture.alt
    left, right = picture.figure.axes
    assert left.lines[1].get_color() == right.lines[0].get_color() != left.lines[0].get_color()


def test_panels_say_zero_of_a_rounding_error_and_keep_what_is_small_all_over():
    x = np.linspace(-np.pi, np.pi, 101)
    picture = plots.panels(x, {"y": {"sin(x)": np.sin(x), "small": 1e-9 * x}}, xlabel="x", title="A sine")
    assert "y of sin(x) goes from 0 to 0, between -1 and 1; y of small goes from -3.14e-09 to 3.14e-09" in picture.alt
