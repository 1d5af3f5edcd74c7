"""Lesson 11 where the full data are missing, and what its checks say of loops with two mistakes at once."""

import re

import pytest
import torch

from tutor.lessons.registry import HOME, Lesson

# the way from the images to the test set, without the tries that only compare
WAY = (
    *("choose-device", "load", "batches", "fit", "loss-lines", "first-recipe", "split", "train-with", "try-recipe"),
    *("start",),
    *("normalised", "rates", "larger-batches", "convolutions", "smoothed", "two-tricks", "last-recipe"),
    *("two-answers", "confusion-drawn", "per-class", "open-the-test-set"),
)


@pytest.fixture
def lesson():
    return Lesson("fashion_mnist_training", HOME / "fashion_mnist_training", 11)


@pytest.mark.slow
def test_on_the_sample_the_lesson_says_so_and_its_smaller_claims_hold(lesson, capsys):
    space = lesson.namespace(before="the end")
    cells = {cell.name: cell.solved for cell in lesson.cells}
    assert "root = None" in cells["load"]
    cells["load"] = cells["load"].replace("root = None", "root = data.sample_folder()")
    for name in WAY:
        exec(compile(cells[name], f"<{name}>", "exec"), space)
    said = capsys.readouterr().out
    assert "6,000 training images, the sample" in said
    lines = re.findall(r"^loss: (\d\.\d{6})  \[ *(\d+)/6000\]$", said, flags=re.MULTILINE)
    assert [seen for _, seen in lines] == ["0", "1280", "2560", "3840", "5120"] * 5
    assert float(lines[-1][0]) < float(lines[0][0])
    assert "5,000 to learn from, 5,000 of them while we try recipes\n1,000 to judge by" in said
    assert "This was the sample" in said


def two_mistakes(model, loss_fn, optimizer, batches):
    """Neither the mode is set nor are gradients cleared."""
    total, count = 0.0, 0
    for x, y in batches:
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)
        count += len(y)
    return total / count


def test_of_two_mistakes_in_a_training_loop_one_is_named_in_words(lesson):
    report = lesson.exercises["fashion_mnist_training.train_epoch"].check(two_mistakes)
    assert report.verdict == "wrong"
    assert "“the mode while training” should be 'training'; yours is 'evaluation'" in report.message


def measured_twice_wrong(model, loss_fn, batches):
    """Neither evaluation mode nor no_grad, and a mean of batch means."""
    losses, shares = zip(
        *((loss_fn(model(x), y).item(), (model(x).argmax(1) == y).float().mean().item()) for x, y in batches),
        strict=True,
    )
    return sum(losses) / len(losses), sum(shares) / len(shares)


def test_of_several_mistakes_in_a_test_loop_one_is_named_in_words(lesson):
    report = lesson.exercises["fashion_mnist_training.evaluate"].check(measured_twice_wrong)
    assert "“the mode while measuring” should be 'evaluation'; yours is 'training'" in report.message


def test_one_number_where_two_are_asked_for_is_told(lesson):
    report = lesson.exercises["fashion_mnist_training.evaluate"].check(lambda model, loss_fn, batches: 0.5)
    assert "should return two things, the loss and the accuracy" in report.message


def test_a_prediction_by_a_vector_of_two_numbers_is_judged_as_two(lesson):
    def predict(model, image, mean, std):
        model.eval()
        with torch.no_grad():
            p = model((image / 255 - mean)[None, None] / std).softmax(dim=1)[0]
        return torch.stack([p.argmax().float(), p.max()])

    assert lesson.exercises["fashion_mnist_training.predict"].check(predict).verdict == "pass"


def clipped(model, loss_fn, optimizer, batches):
    """A right loop, but for a gradient that is cut down before each step."""
    model.train()
    total, count = 0.0, 0
    for x, y in batches:
        loss = loss_fn(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 0.01)
        optimizer.step()
        total, count = total + loss.item() * len(y), count + len(y)
    return total / count


def test_a_gradient_that_was_changed_is_not_called_a_sum_of_several(lesson):
    report = lesson.exercises["fashion_mnist_training.train_epoch"].check(clipped)
    assert (
        "“the gradient that a step goes along” should be 'that of one batch'; yours is 'another one'" in report.message
    )


def test_measuring_that_leaves_gradients_in_the_model_is_told(lesson):
    def evaluate(model, loss_fn, batches):
        model.eval()
        total, right, count = 0.0, 0, 0
        for x, y in batches:
            loss = loss_fn(model(x), y)
            loss.backward()
            total += loss.item() * len(y)
            right += (model(x).argmax(dim=1) == y).sum().item()
            count += len(y)
        return total / count, right / count

    report = lesson.exercises["fashion_mnist_training.evaluate"].check(evaluate)
    assert "“gradients” should be 'not recorded'; yours is 'computed and left in the model'" in report.message


SINGLE = "(images - images.mean()) / images.std()"
TRAIN, TEST = "    x = normalised(x)\n", "normalised(batch) @"


@pytest.mark.parametrize(
    ("pairs", "told"),
    [
        ([(TRAIN, f"{TRAIN}    x_test = normalised(x_test)\n"), (TEST, "batch @")], "whole-test-set"),
        ([(SINGLE, "(images - x.mean()) / x.std()")], "test-left-as-it-was"),
        ([(TEST, "((batch - x.mean()) / x.std()) @")], "test-left-as-it-was"),
        ([(SINGLE, "(images - mean) / std"), ("(images):", "(images, mean=x.mean(), std=x.std()):")], None),
        ([(SINGLE, "(images - raw.mean()) / raw.std()"), (TRAIN, f"    raw = x\n{TRAIN}")], None),
    ],
)
def test_the_numbers_that_test_images_are_normalised_by_are_told(lesson, pairs, told):
    exercise = lesson.exercises["fashion_mnist_training.mend_normalisation"]
    text = exercise.broken
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    report = exercise.check(exercise.build(text)[0])
    assert report.misconception == told and (report.verdict == "pass") == (told is None)
