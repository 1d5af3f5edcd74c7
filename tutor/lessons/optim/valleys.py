"""What is measured of `downhill`: an optimiser in valleys that no program has seen, with a gradient a step."""

import ast
import math
import random

import torch

from tutor.checking import Missed, symptoms

from .watching import no_ready_made_optimiser

GRADIENTS, LEAST = 150, 0.01  # for so many, and down to this loss
ACROSS = 400.0  # curvature; along the valley it is 1
OWN = {"optim", "ByHand", "SGD", "sgd_momentum", "adagrad", "rmsprop", "adam"}  # what stands in torch and in the lesson


def point(*numbers):
    return torch.tensor(numbers, dtype=torch.float64)


class Valley:
    """A loss of two weights, as the lesson's `turned_valley` makes it, and a start."""

    def __init__(self, degrees, lowest, along=0, across=0, start=None):
        angle = math.radians(degrees)
        self.degrees, self.lowest = degrees, lowest
        self.along = point(math.cos(angle), math.sin(angle))
        self.across = point(-math.sin(angle), math.cos(angle))
        self.start = lowest + along * self.along + across * self.across if start is None else start

    def loss(self, w):
        away = w - self.lowest
        return 0.5 * ((away @ self.along) ** 2 + ACROSS * (away @ self.across) ** 2)


GIVEN = Valley(30, point(2, -1), start=point(-6, -5))  # the lesson's


def given(turn):
    """Valleys that no program has seen, none of them along an axis, as arguments of `Valley`.

    Another turn has others, as long and as steep: to an optimiser that knows no axis and no place it is all the same.
    """
    rng, other = random.Random(81), random.Random(turn)
    made = []
    for quarter in (0, 1, 0, 1, 0, 1, 0, 1):
        lowest = point(rng.uniform(-5, 5), rng.uniform(-5, 5))
        along, across = rng.uniform(5, 10) * rng.choice([-1, 1]), rng.uniform(0.2, 1) * rng.choice([-1, 1])
        degrees = rng.uniform(20, 70)
        if turn:
            lowest, degrees = point(other.uniform(-5, 5), other.uniform(-5, 5)), other.uniform(20, 70)
        made.append([90 * quarter + degrees, lowest, along, across])
    return made


def walk(make, valley, parts=1, given=list, steps=GRADIENTS):
    """Walk down a valley; return the loss before each step and at the end, and where the walk ends."""
    weights = [w.clone().requires_grad_() for w in valley.start.split(2 // parts)]
    optimizer, losses = make(given(weights)), []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = valley.loss(torch.cat(weights))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    end = torch.cat(weights).detach()
    return [*losses, valley.loss(end).item()], end


def observe(run, given):
    """What `Downhill` does with a parameter, and its walks: the loss before each step and at the end, and that end."""
    make = run.left["Downhill"]

    def alone(look):
        """The same look, in which none of torch's optimisers does a step."""

        def looking():
            with no_ready_made_optimiser():
                return look()

        return looking

    def lacking():
        optimizer = make([point(1, 2).requires_grad_()])
        return [name for name in ("zero_grad", "step") if not callable(getattr(optimizer, name, None))]

    def gradient():
        w = point(1, 2).requires_grad_()
        optimizer, w.grad = make([w]), torch.ones_like(w)
        optimizer.zero_grad()
        return w.grad

    looks = {
        "lacking": lacking,
        "gradient": gradient,
        "three steps, twice": lambda: [walk(make, GIVEN, steps=3)[1] for _ in range(2)],
        "given": lambda: walk(make, GIVEN),
        **{f"hidden {k}": lambda valley=valley: walk(make, Valley(*valley)) for k, valley in enumerate(given)},
        "in parts": lambda: walk(make, GIVEN, parts=2),
        "from a generator": lambda: walk(make, GIVEN, given=iter),
        "straight": lambda: walk(make, Valley(0, GIVEN.lowest, -9, 0.5)),
    }
    return {name: alone(look) for name, look in looks.items()}


def lowered(valley, walked):
    """The losses of a walk; the last is measured once more, where the walk says that it ends."""
    losses, end = walked
    return [*losses[:-1], valley.loss(end).item()], end


def borrowed(run):
    """Whether the optimiser, or its rule, is one that was there."""
    tree = ast.parse(run.text)
    bound = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    bound |= {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    taken = sorted(OWN & symptoms.names_in(run.text) - bound)
    return taken and Missed(
        "borrowed",
        f"The program uses `{taken[0]}`, which was there: here the whole optimiser is to be written.",
        "What does it keep for each weight, and what does it subtract?",
    )


def works(run):
    """Whether what was left is an optimiser: it is made of parameters alone, clears, and moves them in place."""
    if lacking := run["lacking"]:
        return Missed(
            "no-optimiser",
            f"`Downhill([w])` has no method {symptoms.named(lacking, 'or')}.",
            "Which two methods does the loop of section 1 call?",
        )
    gradient = run["gradient"]
    if gradient is not None and bool(gradient.any()):
        return Missed(
            "not-cleared",
            "After `zero_grad()` the gradient is still there. The next `backward` adds to it.",
            "What does `zero_grad` of the lesson's SGD do with every parameter?",
        )
    end, again = run["three steps, twice"]
    if torch.equal(end, GIVEN.start):
        return Missed(
            "unmoved",
            "After three steps the weights are what they were.",
            "Is the step made in place, on the very tensors that were given?",
        )
    if not torch.allclose(again, end):
        return Missed(
            "kept-from-before",
            f"Three steps lead to ({end[0]:.4g}, {end[1]:.4g}), and three of a second `Downhill` from the same start "
            f"to ({again[0]:.4g}, {again[1]:.4g}). Two causes may lead there: it remembers something of the first, "
            "or it draws numbers.",
            "What belongs to the class, and what to each of its objects?",
        )
    return None


def arrives(run):
    """Whether it arrives in the lesson's valley."""
    losses, _ = lowered(GIVEN, run["given"])
    last, told = losses[-1], f"In the valley `narrow` the loss goes from {losses[0]:.3g} to {losses[-1]:.3g}"
    if not math.isfinite(last) or last > 100 * losses[0]:
        return Missed(
            "diverged",
            f"{told} in {GRADIENTS} steps: it grows. Three causes may lead there: steps that are too large across "
            "the valley, steps uphill, or a velocity that only grows.",
            "Up to which rate do steps across not diverge, at a curvature of 400?",
        )
    if last <= LEAST:
        return None
    if run["straight"][0][-1] <= LEAST:
        return Missed(
            "straight-only",
            f"{told}, and {LEAST} is asked for. Where the valley lies along an axis it arrives. Has each weight a rate "
            "of its own? That helps where the weights are the valley's directions, and here each direction is a "
            "mixture of both.",
            "What tells a step along the valley from one across it, other than which weight it moves?",
        )
    middle, late = sum(losses[60:80]) / 20, sum(losses[-20:]) / 20
    if late > 0.9 * middle:
        return Missed(
            "restless",
            f"{told}; on average of the steps from 60 to 80 it was {middle:.3g}, of the last 20 {late:.3g}. It comes "
            "no nearer. Five causes may lead there: steps that do not become shorter with the gradient, or shorter "
            "without it, as with a rate that falls; steps that are just too large, no friction, or steps uphill.",
            "What does a step subtract where the gradient is almost zero?",
        )
    return Missed(
        "too-slow",
        f"{told} in {GRADIENTS} steps, and {LEAST} is asked for; after {GRADIENTS // 2} steps it was "
        f"{losses[GRADIENTS // 2]:.3g}: the way takes too long.",
        "What could a step learn from the gradients of the steps before it?",
    )


def elsewhere(run):
    """Whether it arrives in valleys that it has not seen, and however the weights are handed over."""
    for k, valley in enumerate(Valley(*v) for v in run.given):
        losses, end = lowered(valley, run[f"hidden {k}"])
        if losses[-1] <= LEAST:
            continue
        head = (
            f"A valley turned by {valley.degrees:.0f} degrees: the loss goes from {losses[0]:.3g} to {losses[-1]:.3g}"
        )
        if torch.allclose(end, GIVEN.lowest, atol=0.05):
            return Missed(
                "by-heart",
                f"{head}, because the weights go to ({end[0]:.3g}, {end[1]:.3g}). That is the lowest point of "
                "`narrow`, and not of this valley.",
                "What may `step` know besides the gradients?",
            )
        return Missed(
            "only-there",
            f"{head}, where {LEAST} is asked for; in `narrow` it arrives. Two causes may lead there: one of its "
            "numbers fits that valley alone, or it arrives there only just.",
            "Which of its numbers do you have from `narrow`?",
        )
    whole, parts = (lowered(GIVEN, run[name])[0][-1] for name in ("given", "in parts"))
    if not parts <= LEAST:
        return Missed(
            "several-tensors",
            f"With both weights in one tensor it ends at a loss of {whole:.3g}, with each in a tensor of its own at "
            f"{parts:.3g}.",
            "What has to be kept for each tensor, and what for all?",
        )
    used_up = lowered(GIVEN, run["from a generator"])[0][-1]
    if not used_up <= LEAST:
        return Missed(
            "used-up",
            f"Given a generator in place of a list, it ends at a loss of {used_up:.3g}. `model.parameters()` is a "
            "generator, and can be walked through once.",
            "What did the lesson's SGD keep of `params`?",
        )
    return None


def losses_are_those(run):
    """Whether the losses that were left are those of the optimiser that was left."""
    if any(getattr(loss, "requires_grad", False) for loss in run["losses"]):
        return Missed(
            "graphs-kept",
            "`losses` holds tensors that require a gradient. Each keeps the graph behind it in memory; numbers are "
            "asked for.",
            "How did the lesson's loops make a number of a loss?",
        )
    left, own = [float(loss) for loss in run["losses"]], run["given"][0][:-1]
    if len(left) != len(own):
        told = f"`losses` has {len(left)} number{'s' * (len(left) != 1)}; {len(own)} are asked for"
    else:
        apart = (
            k for k, (one, other) in enumerate(zip(left, own, strict=True)) if abs(one - other) > 1e-3 * other + 1e-6
        )
        if (k := next(apart, None)) is None:
            return None
        told = f"`losses[{k}]` is {left[k]:.4g}; before step {k + 1} of a `Downhill` from `start` it is {own[k]:.4g}"
    return Missed("other-losses", f"{told}.", "Where in the loop is it appended, and where does the loop begin?")


def judged(run):
    """The first criterion that was missed, or None."""
    return (
        borrowed(run)
        or works(run)
        or symptoms.uncleared(run)
        or arrives(run)
        or elsewhere(run)
        or losses_are_those(run)
    )
