"""Lesson 11 where the full data are missing, and what its checks say of loops with two mistakes at once."""

import functools
import re

import pytest
import torch

from tests.programs import observed
from tutor.checking.running import Recorder
from tutor.lessons.fashion_mnist_training import honest
from tutor.lessons.registry import HOME, Lesson, find_lesson
from tutor.lessons.unseen import images, right, scores

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


HELD = torch.arange(0, 6000, 6)  # the images stand in no order


@functools.cache
def mean_images():
    """A classifier that needs no training, of about 70 %: which class's mean image is nearest."""
    pixels, labels = images(train=True)
    return torch.stack([pixels[labels == k].mean(0).flatten() for k in range(10)])


def nearest_mean(x):
    return -torch.cdist(x.flatten(1), mean_images())


def nearest_image(x):
    """It has learned every image by heart."""
    pixels, labels = images(train=True)
    return torch.eye(10)[labels[torch.cdist(x.flatten(1), pixels.flatten(1)).argmin(1)]]


def share(model, rows=HELD, change=torch.clone):
    pixels, labels = images(train=True)
    return right(scores(model, change(pixels[rows])), labels[rows])


def told(accuracy, held=HELD, model=nearest_mean, text="", recorder=None):
    exercise = find_lesson("fashion_mnist_training").exercises["fashion_mnist_training.trained_in_a_minute"]
    left = {"model": model, "held": held, "accuracy": accuracy}
    missed = honest.honest(observed(exercise, left, recorder, text))
    return missed and missed.criterion


def test_an_honest_measurement_is_believed_however_its_images_are_named():
    honestly, mask = share(nearest_mean), torch.zeros(6000, dtype=torch.bool)
    mask[HELD] = True
    for held in (HELD, HELD.tolist(), tuple(HELD.tolist()), range(0, 6000, 6), slice(0, 6000, 6), mask, HELD.numpy()):
        assert told(honestly, held) is None
    assert told(round(honestly, 2)) is None


@pytest.mark.parametrize(
    ("accuracy", "criterion"),
    [
        (torch.tensor(0.7), "no-number"),
        (True, "no-number"),
        ([0.7], "no-number"),
        (70.1, "percent"),
        (701, "no-share"),
        (float("nan"), "no-share"),
        (-0.1, "no-share"),
        (0.95, "another-accuracy"),
        (0.3, "another-accuracy"),
    ],
)
def test_what_is_no_share_of_the_images_held_back_is_told(accuracy, criterion):
    assert told(accuracy) == criterion


@pytest.mark.parametrize(
    ("held", "criterion"),
    [
        (range(400), "too-few-held"),
        ([7] * 1000, "too-few-held"),
        (1000, "too-few-held"),
        (torch.rand(600, 1, 28, 28), "no-rows"),
        ([5999, 6000], "no-rows"),
        ("held", "no-rows"),
    ],
)
def test_what_names_too_few_images_or_none_is_told(held, criterion):
    assert told(0.7, held) == criterion


def test_pixels_that_were_prepared_outside_of_the_model_are_told():
    darker = share(nearest_mean, change=lambda x: 2 * x - 1)
    assert abs(darker - share(nearest_mean)) > 0.05
    assert told(darker) == "other-pixels"


def test_images_that_were_learned_from_flatter_and_hard_ones_do_the_opposite():
    assert told(1.0, model=nearest_image) == "flattered"
    pixels, labels = images(train=True)
    wrong = (nearest_mean(pixels).argmax(1) != labels).nonzero()[:, 0]
    hard = torch.cat([wrong[:500], HELD[:100]]).unique()
    assert told(share(nearest_mean, hard), hard) == "unlike"


@pytest.mark.parametrize(
    ("text", "criterion"),
    [
        ("test = data.FashionMNIST(root, train=False)", "test-set"),
        ("print(evaluate(model, loss_fn, [(x_test, y_test)]))", "test-set"),
        ("test = learn_images[held]\nmodel(test)", None),
        ("fit(model, train=False)", None),
        ("model = recipes.train(recipes.LAST, pixels, y, 0.3, 0.4)", "borrowed"),
    ],
)
def test_a_program_that_opens_the_test_set_or_borrows_a_training_is_told(text, criterion):
    assert told(share(nearest_mean), text=text) == criterion


def test_what_was_measured_before_the_last_backward_pass_is_told():
    early, space, recorder = 0.55, {}, Recorder()
    with honest.watch(space, recorder):
        w = torch.ones(3, requires_grad=True)
        recorder.backward(w.sum())
        space["accuracy"] = early
        recorder.backward(w.sum())
    assert told(early, recorder=recorder) == "too-early"
    assert told(0.95, recorder=recorder) == "another-accuracy"
    assert told(share(nearest_mean), recorder=recorder) is None


def test_chance_goes_beyond_what_is_allowed_27_times_in_10000():
    assert honest.allowed(0.88, 1000, 0.88, 1000) == pytest.approx(0.0436, abs=1e-4)
    torch.manual_seed(0)
    one, other = (torch.distributions.Binomial(count, 0.88).sample((20_000,)) / count for count in (600, 1000))
    beyond = sum(
        abs(a - b) > honest.allowed(a, 600, b, 1000) for a, b in zip(one.tolist(), other.tolist(), strict=True)
    )
    assert 20 < beyond < 100


@pytest.mark.slow
def test_praise_names_the_second_mark(lesson):
    exercise = lesson.exercises["fashion_mnist_training.trained_in_a_minute"]
    report = exercise.check(exercise.alternatives[0])
    assert report.verdict == "pass", report.message
    assert re.search(r"The second mark, 90%, is \d\.\d points away\.", report.message)
