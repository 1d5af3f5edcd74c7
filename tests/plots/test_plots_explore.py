"""Figures that move: their states, what the output holds, and how it reads where scripts are dropped."""

import base64
import json
import re
import zlib

import pytest

from tutor import plots
from tutor.plots import Axis, Chart, Dots

RATES = [0.1, 0.2, 0.3]


def chart(rate, kind="SGD"):
    return Chart(kind, Axis("x", 0, 1), Axis("y", 0, 1), [Dots([rate], [rate])], f"{kind} at {rate:g}")


def held(figure):
    """What the script of an output unpacks."""
    packed = re.search(r'unpack\("([^"]+)"\)', figure.html())[1]
    return json.loads(zlib.decompress(base64.b64decode(packed)))


def test_there_is_a_picture_for_every_state_in_the_order_that_the_script_counts():
    figure = plots.explore(chart, {"rate": RATES, "optimiser": ["SGD", "Adam"]}, start=(0.2, "Adam"))
    data = held(figure)
    assert data["alts"] == [f"{kind} at {rate:g}" for rate in RATES for kind in ("SGD", "Adam")]
    assert data["first"] == 3 and data["alts"][3] == "Adam at 0.2"
    assert data["slides"] == [True, False] and data["values"] == [["0.1", "0.2", "0.3"], ["SGD", "Adam"]]


def test_every_frame_is_rebuilt_to_the_letter_from_lines_that_are_kept_once():
    figure = plots.explore(chart, {"rate": RATES})
    data = held(figure)
    rebuilt = ["\n".join(data["lines"][i] for i in frame) for frame in data["frames"]]
    assert rebuilt == [chart(rate).svg() for rate in RATES]
    assert len(data["lines"]) < 1.5 * len(data["frames"][0])


def test_where_scripts_are_dropped_the_first_state_stands_as_a_picture_with_its_alt_text():
    without = re.sub(
        r"<script>.*?</script>", "", plots.explore(chart, {"rate": RATES}, start=(0.2,)).html(), flags=re.S
    )
    assert 'alt="SGD at 0.2"' in without and "run the cell to move it" in without
    assert chart(0.2).svg() == base64.b64decode(re.search(r"base64,([^\"]+)", without)[1]).decode()


def test_equal_cells_build_equal_bytes():
    assert plots.explore(chart, {"rate": RATES}).html() == plots.explore(chart, {"rate": RATES}).html()


@pytest.mark.parametrize("guess", [..., None, ""])
def test_a_question_locks_the_controls_until_there_is_a_prediction(guess):
    figure = plots.explore(chart, {"rate": RATES}, question="Where?", guess=guess, answer="There.")
    assert figure.locked and held(figure)["locked"] and "Where?" in repr(figure)


def test_a_prediction_opens_the_figure_and_is_shown_beside_the_answer():
    data = held(plots.explore(chart, {"rate": RATES}, question="Where?", guess=0, answer="At 0.2."))
    assert not data["locked"] and (data["guess"], data["answer"]) == ("0", "At 0.2.")


def test_matplotlibs_pictures_and_graphs_move_as_well():
    figure, ax = plots.axes()
    ax.plot([0, 1])

    class Drawing:
        def svg(self):
            return "<svg/>"

        def alt(self):
            return "a drawing"

    mixed = plots.explore(lambda k: [plots.Picture(figure, "a picture"), Drawing()][k], {"which": [0, 1]})
    assert [alt for _, alt in mixed.frames] == ["a picture", "a drawing"]
    assert mixed.frames[0][0].startswith("<?xml") and mixed.frames[1][0] == "<svg/>"


def test_the_text_form_names_the_controls_and_the_first_state():
    assert repr(plots.explore(chart, {"rate": RATES})) == (
        "[figure to move: rate from 0.1 to 0.3 (3 values). At first: SGD at 0.1]"
    )


def test_a_figure_that_is_too_large_says_how_to_make_it_smaller():
    import random

    class Heavy:
        alt = "noise"

        def svg(self):
            return "".join(chr(33 + random.randrange(90)) for _ in range(400_000))

    with pytest.raises(ValueError, match="fewer values"):
        plots.explore(lambda k: Heavy(), {"k": [1, 2, 3]}).html()


@pytest.mark.parametrize(
    ("parameters", "start", "said"),
    [
        ({}, None, "one or two parameters"),
        ({"a": [1, 2], "b": [1, 2], "c": [1, 2]}, None, "one or two parameters"),
        ({"rate": [1]}, None, '"rate" needs at least two values'),
        ({"rate": [1, 2]}, (3,), "none of its values"),
    ],
)
def test_what_cannot_be_moved_is_told_in_a_sentence(parameters, start, said):
    with pytest.raises(ValueError, match=said):
        plots.explore(chart, parameters, start=start)


def test_a_function_that_returns_no_drawing_is_told_what_it_has_to_return():
    with pytest.raises(TypeError, match="not int"):
        plots.explore(lambda rate: 3, {"rate": RATES})
