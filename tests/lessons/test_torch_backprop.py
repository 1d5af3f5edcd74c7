"""Lesson 03 on the device that is there: its own cells decide whether an accelerator agrees with the CPU."""

import math
import re

import numpy as np
import pytest
import torch

from tutor.lessons.registry import HOME, Lesson, exercises

PARITY = ("rounding", "accelerator-agrees", "sine-agrees")

needs_cuda = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="no NVIDIA GPU: lesson 03 was not compared with the CPU"
)


@pytest.fixture
def lesson():
    return Lesson("torch_backprop", HOME / "torch_backprop", 3)


@pytest.fixture
def space(lesson):
    """What the lesson defines, with our solutions, as if every cell above the end had run."""
    return lesson.namespace(before="the end")


def run_cells(lesson, space, *names):
    for name in names:
        (cell,) = (c for c in lesson.cells if c.name == name)
        exec(cell.source, space)


def test_without_an_accelerator_the_notebook_says_that_nothing_was_compared(lesson, space, capsys):
    space["device"] = torch.device("cpu")
    run_cells(lesson, space, *PARITY)
    assert capsys.readouterr().out.count("SKIPPED") == 1


@pytest.mark.parametrize(("error", "agrees"), [(1e-6, True), (1e-3, False)])
def test_the_notebook_notices_an_accelerator_that_computes_something_else(lesson, space, error, agrees):
    train = space["train_two_layer"]

    def train_there(device, **more):
        w1, w2 = train(torch.device("cpu"), **more)
        return w1 * (1 + error * (device.type != "cpu")), w2

    space |= {"train_two_layer": train_there, "device": torch.device("meta")}
    run_cells(lesson, space, "rounding")
    if agrees:
        run_cells(lesson, space, "accelerator-agrees")
    else:
        with pytest.raises(AssertionError):
            run_cells(lesson, space, "accelerator-agrees")


def test_the_device_is_the_cpu_where_there_is_no_accelerator(lesson, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    if hasattr(torch, "accelerator"):
        monkeypatch.setattr(torch.accelerator, "is_available", lambda: False)
    space = {"torch": torch}
    run_cells(lesson, space, "choose-device")
    assert space["device"] == torch.device("cpu")


def test_an_older_torch_is_asked_for_cuda(lesson, monkeypatch):
    monkeypatch.delattr(torch, "accelerator", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    space = {"torch": torch}
    run_cells(lesson, space, "choose-device")
    assert space["device"] == torch.device("cuda")


def test_any_accelerator_that_torch_knows_is_chosen(lesson, monkeypatch):
    if not hasattr(torch, "accelerator"):
        pytest.skip("torch.accelerator came with torch 2.6")
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda: torch.device("xpu"))
    space = {"torch": torch}
    run_cells(lesson, space, "choose-device")
    assert space["device"] == torch.device("xpu")


def test_the_judge_agrees_in_float64_and_is_more_than_a_tenth_off_in_float32(lesson, space, capsys):
    run_cells(lesson, space, "judge-the-net")
    slopes = re.findall(r"^torch\.float\d+ +\(\) +(\S+) +(\S+)", capsys.readouterr().out, re.MULTILINE)
    (derived, double), (_, single) = (tuple(map(float, pair)) for pair in slopes)
    assert double == derived
    assert abs(single / derived - 1) > 0.1


def test_the_figure_to_move_does_not_begin_with_the_batch_that_it_asks_for(lesson, space):
    run_cells(lesson, space, "batch-moved")
    others = list(space["microseconds"])[1:]
    assert int(re.search(r"batch of (\d+)", space["question"])[1]) in others


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_answer_that_numpy_carries_out_is_refused_where_there_is_no_accelerator():
    def two_layer_gradients(x, y, w1, w2):
        h = x.mm(w1)
        h_relu = np.maximum(h, 0)
        grad_y_pred = 2 * (h_relu.mm(w2) - y)
        return x.t().mm(grad_y_pred.mm(w2.t()) * (h > 0)), h_relu.t().mm(grad_y_pred)

    assert exercises["torch_backprop.two_layer_gradients"].check(two_layer_gradients).misconception == "numpy-left-in"


def test_an_answer_that_looks_at_single_numbers_is_right():
    def two_layer_gradients(x, y, w1, w2):
        h = x.mm(w1)
        h_relu = torch.tensor([[max(0.0, value) for value in row] for row in h.tolist()], dtype=h.dtype)
        grad_y_pred = 2 * (h_relu.mm(w2) - y)
        return x.t().mm(grad_y_pred.mm(w2.t()) * (h > 0)), h_relu.t().mm(grad_y_pred)

    assert exercises["torch_backprop.two_layer_gradients"].check(two_layer_gradients).verdict == "pass"


def test_a_step_that_changes_the_gradients_is_told_so():
    def take_step(weights, grads, learning_rate):
        for w, grad_w in zip(weights, grads, strict=True):
            w -= learning_rate * grad_w
            grad_w *= 0.5

    assert "Look at item 0 of “grads afterwards”" in exercises["torch_backprop.take_step"].check(take_step).message


@pytest.mark.parametrize(
    ("name", "misconception", "cause", "old", "new"),
    [
        ("take_step", "replaced-in-the-list", "into the list.", "w -= learning_rate", "w.data = w - learning_rate"),
        (
            "two_layer_gradients",
            "no-gate",
            "`clamp_`",
            "h, h_relu, y_pred = two_layer_forward(x, w1, w2)",
            "h = x.mm(w1)\n    h = h_relu = h.clamp(min=0)\n    y_pred = h_relu.mm(w2)",
        ),
    ],
    ids=["other memory given to a weight", "the ReLU kept in h"],
)
def test_a_cause_that_is_not_in_the_text_is_not_said(name, misconception, cause, old, new):
    exercise = exercises[f"torch_backprop.{name}"]
    source = exercise.source.replace(old, new)
    report = exercise.check(exercise.build(source)[0], source=source, search=0)
    own = exercise.misconceptions[misconception].apply(exercise.source)
    assert source != exercise.source and report.misconception == misconception and cause not in report.message
    assert cause in exercise.check(exercise.build(own)[0], source=own, search=0).message


@pytest.mark.cuda
@needs_cuda
def test_cuda_agrees_with_the_cpu_within_the_tolerance_that_the_lesson_states(lesson, space):
    space["device"] = torch.device("cuda")
    run_cells(lesson, space, *PARITY)


@pytest.mark.cuda
@needs_cuda
def test_on_cuda_a_timer_that_does_not_wait_returns_while_the_device_is_at_work(space):
    matrix = torch.ones(4096, 4096, device="cuda")

    def work():
        for _ in range(20):
            matrix.mm(matrix)

    space["median_seconds"](work, torch.cuda.synchronize)
    assert torch.cuda.current_stream().query()
    space["median_seconds"](work, lambda: None)
    assert not torch.cuda.current_stream().query()


@pytest.mark.cuda
@needs_cuda
def test_both_devices_are_timed_and_the_crossing_is_a_width_or_none(lesson, space):
    space["device"] = torch.device("cuda")
    run_cells(lesson, space, "widths")
    assert set(space["step_times"]) == {"cpu", "cuda"}
    assert space["crossing"] in (*space["widths"], math.inf)
