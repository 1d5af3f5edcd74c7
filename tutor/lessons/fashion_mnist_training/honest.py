"""What is asked of the measurement in `trained_in_a_minute`: of which images it is, of when, and whether chance allows it."""

import ast
import contextlib
import copy
import math

import torch
from torch import nn

from tutor.checking import Missed, symptoms
from tutor.lessons.unseen import LEAST, OTHERWISE, SOME, images, judged, right, scores, unseen
from tutor.lessons.unseen import observe as model_observed

MARK = 0.9  # the second mark; the first is LEAST
LEAST_HELD = 500
# The sample's test images are harder than the 6,000, and they are the same 1,000 for every program: 20 honest runs (2026-11-30, the
# solution and its three alternatives, five seeds each) got 1.9 points fewer of them than of those held back, on average, at most 4.4.
HARDER = 0.025
SAME = 0.005  # by so much the same measurement, made again, may differ: by rounding, and by the size of the batches
ALIKE = 0.03  # within so much a measurement looks like another one
READY_MADE = {"recipes", "train_with", "last_model"}  # what the lesson has trained, or would train
TEST_SET = {"test", "x_test", "y_test"}  # as the lesson calls it


@contextlib.contextmanager
def watch(names, recorder):
    """Note at each backward pass what `accuracy` was by then."""
    original = recorder.backward

    def backward(roots):
        recorder.notes["accuracy"] = names.get("accuracy")
        original(roots)

    recorder.backward = backward
    try:
        yield
    finally:
        recorder.backward = original


def picked(held):
    """The numbers of the images that `held` picks out of `learn_images`, each once, in order; None if it picks none."""
    try:
        if isinstance(held, str):
            raise TypeError
        # whatever picks images: numbers in any form, a mask, a slice
        found = torch.arange(len(images(train=True)[0]))[[*held] if isinstance(held, range | tuple) else held]
        return found.reshape(-1).unique()
    except (IndexError, TypeError, ValueError, RuntimeError):
        return None


def observe(run, given):
    """What `model` makes of images, those held back among them, and what is held back."""
    model, held, accuracy = (run.left[name] for name in ("model", "held", "accuracy"))

    def pixels():
        return images(train=True)[0][picked(held)]

    return {
        "kinds": lambda: {"held": type(held).__name__, "accuracy": type(accuracy).__name__},
        "rows": lambda: picked(held),
        "early": lambda: run.backwards > 0 and run.recorder.notes.get("accuracy") is accuracy,
        "met of the held": lambda: symptoms.met(run, pixels()),
        "of the held": lambda: scores(model, pixels()),
        **model_observed(run, given),
        "of the held otherwise": lambda: {name: scores(model, change(pixels())) for name, change in OTHERWISE.items()},
        "of the held in training": lambda: (
            isinstance(model, nn.Module) and scores(copy.deepcopy(model).train(), pixels())
        ),
    }


def allowed(share, count, other, others):
    """How far apart chance may bring two honest measurements: three standard errors of their difference.

    A `share` of `count` images is one measurement, `other` of `others` the other one, on images drawn apart. If both
    measure one truth, the best guess of it is the share p of all the images together; a share of n images has the
    variance p (1 - p) / n, and variances add up: the standard error of the difference is
    sqrt(p (1 - p) (1 / count + 1 / others)). (Moore, McCabe and Craig, Introduction to the Practice of Statistics,
    section 8.2: the pooled standard error of a difference of two proportions.) Chance goes beyond three of them 27 times
    in 10,000.
    """
    p = (share * count + other * others) / (count + others)
    return 3 * math.sqrt(p * (1 - p) * (1 / count + 1 / others))


def number(run):
    """Whether `accuracy` is a share, as a Python number."""
    accuracy = run["accuracy"]
    if isinstance(accuracy, bool) or not isinstance(accuracy, int | float):
        return Missed(
            "no-number",
            f"`accuracy` is a {run['kinds']['accuracy']}; it should be a Python number, which needs no tensor around it.",
            "Which method of a tensor with one number gives that number?",
        )
    if 1 < accuracy <= 100:
        return Missed(
            "percent",
            f"`accuracy` is {accuracy:.4g}; as a share it lies between 0 and 1. Percent are for printing.",
            "By what is the count of right images divided, and is the result multiplied by anything?",
        )
    if not 0 <= accuracy <= 1:
        return Missed(
            "no-share",
            f"`accuracy` is {accuracy:.4g}; a share of images lies between 0 and 1.",
            "What is counted, and by what is the count divided?",
        )
    return None


def rows_held(run):
    """The numbers of the images held back, each once, in order; or a `Missed`."""
    if run["rows"] is not None:
        return run["rows"].unique()
    return Missed(
        "no-rows",
        f"`held` is a {run['kinds']['held']} with which no images can be picked: `learn_images[held]` should be those that you have held back.",
        "Which numbers have the images that you measure on, in `learn_images`?",
    )


def enough(run):
    """Whether so many images were held back that their share says something."""
    rows = rows_held(run)
    if isinstance(rows, Missed) or len(rows) >= LEAST_HELD:
        return rows if isinstance(rows, Missed) else None
    error = 3 * math.sqrt(LEAST * (1 - LEAST) / max(len(rows), 1))
    return Missed(
        "too-few-held",
        f"`held` names {len(rows)} different images. An accuracy of {LEAST:.0%} that was measured on so few may be off by {100 * error:.0f} points, three standard errors; hold back {LEAST_HELD} at least.",
        "Section 7 has the spread that comes from the images alone. How does it change with their number?",
    )


def own_work(run):
    """Whether the program trains by itself, and leaves the test set closed."""
    nodes = list(ast.walk(ast.parse(run.text)))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    read = {node.id for node in names} - {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    if taken := sorted(read & READY_MADE):
        return Missed(
            "borrowed",
            f"The program uses `{taken[0]}` of the lesson: here the training is yours.",
            "Which of the lesson's settings would you choose for 6,000 images and a minute?",
        )
    loaded = [ast.unparse(node) for node in nodes if isinstance(node, ast.Call)]
    if read & TEST_SET or any("FashionMNIST(" in call and "train=False" in call for call in loaded):
        return Missed(
            "test-set",
            "The program opens the test set. By its images it is judged: whoever chooses by them, or measures on them, has no honest number left.",
            "Which images can stand in for those that you may not see?",
        )
    return None


def repeated(run):
    """Whether `accuracy` is what the model, as it was left, gets right of the images held back; if not, what it looks like."""
    accuracy, rows, labels = run["accuracy"], rows_held(run), images(train=True)[1]
    own = right(run["of the held"], labels[rows])
    if abs(accuracy - own) <= SAME:
        return None
    told = f"`accuracy` is {accuracy:.4g}; of the {len(rows)} images in `held`, `model` as it was left gets {own:.4g} right."
    near = min(ALIKE, abs(accuracy - own) / 2)
    if run["early"]:
        return Missed(
            "too-early",
            f"{told} It was measured before the last step of the training: of another model, as it were.",
            "Where does your program measure, and what is trained after that?",
        )
    others = {name: right(run["of the held otherwise"][name], labels[rows]) for name in OTHERWISE}
    closest = min(others, key=lambda name: abs(accuracy - others[name]))
    if abs(accuracy - others[closest]) < near:
        return Missed(
            "other-pixels",
            f"{told} Were their pixels {closest}, it would get {others[closest]:.4g}. `model` should take pixels from 0 to 1, as `learn_images` are.",
            "What was done to the images before they were learned from and measured, and who does it for a new one?",
        )
    learned = torch.ones(len(labels), dtype=torch.bool)
    learned[rows] = False
    learned, of_some = learned[::SOME], labels[::SOME]
    known = right(run["learned"][learned], of_some[learned]) if learned.any() and accuracy > own else math.inf
    if abs(accuracy - known) < near:
        return Missed(
            "flattered",
            f"{told} Of the others, from which it has learned, it gets {known:.4g}: `accuracy` looks like a measurement on those.",
            "Which images are measured in your program, and has the network met them?",
        )
    forgotten = run["of the held in training"]
    if forgotten is not False and abs(accuracy - (then := right(forgotten, labels[rows]))) < near:
        return Missed(
            "measured-in-training",
            f"{told} In training mode it gets about {then:.4g}: `accuracy` looks like a measurement in that mode, with dropout, or batch statistics.",
            "In which line does the model go into evaluation mode, and in which is it measured?",
        )
    return Missed(
        "another-accuracy",
        f"{told} Several causes lead there: other images or labels, a mean over batches of unequal size, or another division.",
        "What is counted in your program, and by what is it divided?",
    )


def likely(run):
    """Whether chance allows the distance between what was measured and what unseen images say."""
    accuracy, count, share, others = run["accuracy"], len(rows_held(run)), unseen(run), len(images()[1])
    most, gap = allowed(accuracy, count, share, others), accuracy - HARDER - share
    if abs(gap) <= most:
        return None
    told = f"`accuracy` is {accuracy:.4g}, of {count} images; of {others} that the program has not seen, {share:.4g} are right. These are harder by {100 * HARDER:.1f} points; from there chance allows {100 * most:.1f} more or less, three standard errors of both."
    if gap > 0:
        return Missed(
            "flattered",
            f"{told} The images in `held` flatter: they, or changed copies of them, were learned from or chosen by; or they were picked, not drawn.",
            "On which way can images of `held` have come into what was learned?",
        )
    return Missed(
        "unlike",
        f"{told} The images in `held` are harder than others: were they drawn at random?",
        "How many images of each class are in `held`?",
    )


def honest(run):
    """What is wrong with the measurement, if anything."""
    return (
        number(run)
        or enough(run)
        or own_work(run)
        or symptoms.trained_on(run["met of the held"], "the images held back")
        or repeated(run)
        or likely(run)
    )


def judge(run):
    told = judged(run, honest)
    if isinstance(told, Missed):
        return told
    accuracy, count, share = run["accuracy"], len(rows_held(run)), unseen(run)
    most = allowed(accuracy, count, share, len(images()[1]))
    honestly = f"Your own measurement says {accuracy:.1%} of {count}; the judge's are harder by {100 * HARDER:.1f} points, and from there chance allows {100 * most:.1f}."
    further = "is reached" if share >= MARK else f"is {100 * (MARK - share):.1f} points away"
    return f"{told} {honestly} The second mark, {MARK:.0%}, {further}."
