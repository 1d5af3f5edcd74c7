"""The shared pictures of results tell every number that they show."""

import numpy as np
import pytest

from tutor import plots


def test_costs_are_told_in_milliseconds():
    picture = plots.costs([10, 1000], {"slow": [0.001, 0.5]}, xlabel="size", title="Costs")
    assert picture.alt == "Costs: slow takes 1 ms at 10, 5e+02 ms at 1,000."


@pytest.mark.parametrize(
    ("crossing", "said"),
    [
        (1000, "fast pays from 1,000 on"),
        (10, "fast pays at all of these sizes"),
        (float("inf"), "fast pays at none of these sizes"),
    ],
)
def test_costs_say_from_where_on_the_last_one_pays(crossing, said):
    times = {"slow": [0.001, 0.5], "fast": [0.01, 0.02]}
    assert said in plots.costs([10, 1000], times, xlabel="size", title="Costs", crossing=crossing).alt


def test_only_a_crossing_among_the_sizes_is_marked():
    def lines(crossing):
        picture = plots.costs([1, 2], {"a": [1, 2], "b": [2, 1]}, xlabel="size", title="Costs", crossing=crossing)
        return len(picture.figure.axes[0].lines)

    assert [lines(2), lines(1), lines(float("inf")), lines(None)] == [3, 2, 2, 2]


def test_a_timeline_adds_up_each_row_in_milliseconds_from_the_first_start():
    picture = plots.timeline({"calls": [(10.0, 10.001)], "work": [(10.001, 10.02), (10.02, 10.04)]}, title="Busy")
    assert picture.alt == (
        "Busy: calls, 1 bar(s), 1.00 ms in all; work, 2 bar(s), 39.00 ms in all; the whole takes 40.00 ms."
    )


def test_a_timeline_numbers_the_bars_that_are_wide_enough():
    picture = plots.timeline({"calls": [(0.0, 0.0001)], "work": [(0.0, 0.5), (0.5, 1.0)]}, title="Busy")
    assert [text.get_text() for text in picture.figure.axes[0].texts] == ["1", "2"]


def test_bars_tell_every_number_of_every_panel():
    panels = {"logits": [2.0, -1.0], "probabilities": [0.953, 0.047]}
    picture = plots.bars(["bag", "coat"], panels, title="Softmax")
    assert picture.alt == "Softmax. Bars: logits: bag 2, coat -1; probabilities: bag 0.953, coat 0.047."
    assert [len(ax.patches) for ax in picture.figure.axes] == [2, 2]
    assert [ax.get_ylabel() for ax in picture.figure.axes] == ["logits", "probabilities"]


def test_bars_need_a_number_for_every_label():
    with pytest.raises(ValueError):
        plots.bars(["bag", "coat"], {"logits": [1.0, 2.0, 3.0]}, title="Softmax")


def test_runs_tell_the_mean_and_the_range_and_draw_a_dot_for_each_run():
    picture = plots.runs({"SGD": [80.0], "AdamW": [84.0, 86.0]}, xlabel="accuracy (%)", title="Steps")
    assert picture.alt == "Steps, accuracy (%): SGD 80; AdamW 85 on average, 84 to 86."
    (ax,) = picture.figure.axes
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [len(line.get_xdata()) for line in dots] == [1, 2]
    (bar,) = [line for line in ax.lines if line.get_marker() != "o"]
    assert list(bar.get_xdata()) == [85, 85]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["SGD", "AdamW"]
    assert dots[0].get_ydata()[0] > dots[1].get_ydata()[0]


def test_runs_draw_and_tell_how_far_a_number_may_be_off():
    picture = plots.runs({"SGD": [80.0]}, xlabel="accuracy (%)", title="Steps", spreads={"SGD": 2.5})
    assert picture.alt == "Steps, accuracy (%): SGD 80 ± 2.5."
    (bar,) = picture.figure.axes[0].collections
    assert [list(end) for end in bar.get_segments()[0]] == [[77.5, 0], [82.5, 0]]


def test_a_confusion_matrix_tells_the_most_frequent_mistake():
    picture = plots.confusion(np.array([[8, 0, 2], [1, 9, 0], [5, 0, 5]]), ["bag", "coat", "shirt"], title="Mistakes")
    assert picture.alt.endswith(
        "22 of 30 lie on the diagonal. The most frequent mistake: shirt taken for bag, 5 times."
    )
    (ax,) = picture.figure.axes
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("true class", "predicted class")
    assert sorted(int(text.get_text()) for text in ax.texts) == [1, 2, 5, 5, 8, 9]


def test_the_shades_of_a_confusion_matrix_are_set_by_the_mistakes():
    picture = plots.confusion(np.array([[900, 1], [3, 900]]), ["bag", "coat"], title="Mistakes")
    (image,) = picture.figure.axes[0].images
    assert np.asarray(image.get_array()).tolist() == [[0, 1], [3, 0]]


def test_contributions_begin_where_the_last_one_ended_and_the_sum_stands_beside_them():
    picture = plots.contributions([2.0, -3.0, 0.5], ylabel="gradient", title="Three uses")
    bars = [(bar.get_y(), bar.get_height()) for bar in picture.figure.axes[0].patches]
    assert bars == [(0.0, 2.0), (2.0, -3.0), (-1.0, 0.5), (0.0, -0.5)]
    assert picture.alt == "Three uses, gradient: step 1 +2, step 2 -3, step 3 +0.5; the sum is -0.5."


def test_contributions_of_either_sign_differ_in_colour_and_each_number_is_written_above_its_bar():
    ax = plots.contributions([2.0, -3.0], ylabel="gradient", title="Two uses").figure.axes[0]
    first, second, total = ax.patches
    assert len({first.get_facecolor(), second.get_facecolor(), total.get_facecolor()}) == 3
    assert [(text.get_text(), text.xy) for text in ax.texts] == [("+2", (0, 2)), ("-3", (1, 2)), ("-1", (2, 0))]
