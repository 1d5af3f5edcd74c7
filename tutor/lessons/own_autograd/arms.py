"""What is seen of the engine's sweeps in `three_arms`, and measured of what was left, on points of our own."""

import contextlib
import functools
import itertools
import math

import numpy as np

from tutor.checking import Missed

LEAST = 0.95  # of the points that no program has seen
KINDS = 3
LOOKED = 64  # sweeps whose graphs are looked at, the first ones; then one in as many
LARGEST = 100_000  # numbers of a leaf that is copied


def three_arms(seed, count=300):
    """The points of the lesson: places, shape (count, 2), and the number of the arm that each is on."""
    rng = np.random.default_rng(seed)
    arm = np.arange(count) % 3
    r = rng.uniform(0.1, 1.0, count)
    angle = 2 * np.pi / 3 * arm + 4 * r + rng.normal(0, 0.2, count)
    return np.stack([r * np.cos(angle), r * np.sin(angle)], axis=1), arm


@functools.lru_cache(4)
def kept(turn=0):
    """600 points that no program has seen, and their arms, in an order of each turn that tells nothing of these."""
    points, arms = three_arms(20_041, 600)
    order = np.random.default_rng(turn).permutation(len(arms))
    return points[order], arms[order]


def given(turn):
    """The points that a program's `predict` is asked for; not their arms."""
    return kept(turn)[0]


@contextlib.contextmanager
def watch(names, recorder):
    """Note in the recorder every sweep of the engine, as torch's backward passes are noted."""
    engine = names.get("Tensor")
    original = getattr(engine, "backward", None)
    if original is None:  # the program will be told which name is missing
        yield
        return

    @functools.wraps(original)
    def looking(self):
        with contextlib.suppress(Exception):  # whatever cannot be looked at, the program goes on
            _look(recorder, self)
        return original(self)

    engine.backward = looking
    try:
        yield
    finally:
        if engine.backward is looking:  # otherwise the program has written a new one
            engine.backward = original


def _look(recorder, result):
    number, recorder.backwards = recorder.backwards, recorder.backwards + 1
    recorder.losses.append(float(result.data))
    broke = not math.isfinite(recorder.losses[-1]) and not recorder.origin
    if number >= LOOKED and number % LOOKED and not broke:
        return
    nodes = _behind(result)
    leaves = [node for node in nodes if not node.parents and node.data.size <= LARGEST]
    if broke:
        recorder.origin = _origin(nodes, leaves)
    # data are leaves too, and nobody need clear their gradients: what counts is what was stepped
    known = [leaf for leaf in leaves if id(leaf) in recorder.first]
    stepped = [leaf for leaf in known if not np.array_equal(leaf.data, recorder.first[id(leaf)][1])]
    if stepped:
        recorder.watched += 1
        recorder.stale += any(leaf.grad is not None and bool(np.any(leaf.grad)) for leaf in stepped)
    for leaf in leaves:
        recorder.first.setdefault(id(leaf), (leaf, leaf.data.copy()))


def _behind(result):
    """A tensor and all that it was made from, itself first."""
    found, waiting = {}, [result]
    while waiting:
        node = waiting.pop()
        if id(node) not in found:
            found[id(node)] = node
            waiting += node.parents
    return list(found.values())


def _finite(*tensors):
    return all(bool(np.isfinite(tensor.data).all()) for tensor in tensors)


def _origin(nodes, leaves):
    if not _finite(*leaves):
        return "parameters"
    for node in nodes:
        if not _finite(node) and _finite(*node.parents):
            name = node.vjp.__qualname__.split(".")[0]
            given = np.concatenate([parent.data.ravel() for parent in node.parents])
            return f"`{name}` was given numbers from {given.min():.4g} to {given.max():.4g}"
    return "all weights were finite"


SIDES = {"right of 0": (0, 1), "left of 0": (0, -1), "above 0": (1, 1), "below 0": (1, -1)}


def on(side, points):
    """Which of some points are on a side of an axis."""
    axis, sign = SIDES[side]
    return sign * points[:, axis] > 0


def lines():
    """200 points along each of 40 lines through the plane, shape (40, 200, 2)."""
    rng, along, made = np.random.default_rng(5), np.linspace(-1.2, 1.2, 200)[:, None], []
    for _ in range(40):
        angle, shift = rng.uniform(0, np.pi), rng.uniform(-0.7, 0.7)
        way, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
        made.append(along * way + shift * across)
    return np.stack(made)


def numbers(weights):
    """The arrays of tensors of an own engine; None if it is no list of such."""
    own = isinstance(weights, list | tuple) and weights and all(hasattr(w, "vjp") for w in weights)
    return [w.data for w in weights] if own and all(isinstance(w.data, np.ndarray) for w in weights) else None


def moved(run):
    """The numbers of the weights that are what they were before the first sweep, and of those that none reached."""
    still, unreached, known = [], [], dict(run.recorder.first)
    own = {id(w) for w in run.left["weights"]}
    for k, w in enumerate(run.left["weights"]):
        # a program may make a new tensor in every step; the first of its shape is then what it began with
        alike = [first for key, (_, first) in known.items() if key not in own and first.shape == w.data.shape]
        first = known[id(w)][1] if id(w) in known else next(iter(alike), None)
        if first is None:
            unreached.append(k)
        elif np.array_equal(first, w.data):
            still.append(k)
    return still, unreached


def left_out(run):
    """The shapes of tensors that were stepped and stand in no list of weights of which others do.

    A program that makes new tensors in every step steps none.
    """
    own = {id(w) for w in run.left["weights"]}
    stepped = {k: leaf for k, (leaf, first) in run.recorder.first.items() if not np.array_equal(leaf.data, first)}
    return [leaf.data.shape for k, leaf in stepped.items() if k not in own] if own & set(stepped) else []


def without(weights, predict, points):
    """What `predict` makes of points while every weight is 0."""
    own = [w.data.copy() for w in weights]
    try:
        for w in weights:
            w.data[...] = 0
        return np.asarray(predict(points.copy()))
    finally:
        for w, before in zip(weights, own, strict=True):
            w.data[...] = before


def observe(run, given):
    """What `predict` makes of points, together, apart and without the weights, and what the training did to these."""
    weights, predict, losses = (run.left[name] for name in ("weights", "predict", "losses"))

    def asked(points):
        return np.asarray(predict(points.copy()))

    return {
        "weights": lambda: numbers(weights),
        "graphs": lambda: any(hasattr(loss, "vjp") for loss in losses),
        "few": lambda: asked(given[:7]),
        "one": lambda: asked(given[:1]),
        "moved": lambda: moved(run),
        "left out": lambda: left_out(run),
        "together": lambda: asked(given),
        "apart": lambda: {side: asked(given[on(side, given)]) for side in SIDES},
        "without": lambda: without(weights, predict, given),
        "learned": lambda: asked(three_arms(0)[0]),
        "along lines": lambda: [asked(line) for line in lines()],
    }


def shapes(run):
    """Whether what was left is of the kinds that were asked for."""
    if run["weights"] is None:
        return Missed(
            "no-weights",
            "`weights` should be a list of all tensors that were learned, each a `Tensor` of this notebook.",
            "What is in it, and of which type?",
        )
    if run["graphs"]:
        return Missed(
            "graphs-kept",
            "`losses` holds tensors; numbers are asked for. A tensor keeps its parents, and so every array of a "
            "step stays in memory.",
            "How did the lesson's loop make a number of its loss?",
        )
    for name, count, points in (("few", 7, "7 points"), ("one", 1, "a single point, of shape (1, 2),")):
        found = np.asarray(run[name])
        if found.shape == (count,) and np.isin(found, range(KINDS)).all():
            continue
        of = f"an array of shape {found.shape}" if found.ndim else "no array"
        of += f" with {found[~np.isin(found, range(KINDS))][0]} in it" if found.shape == (count,) else ""
        return Missed(
            "no-numbers-of-arms",
            f"Of {points} `predict` should return an array of shape ({count},), the number of an arm for each, 0, 1 "
            f"or 2; it returns {of}.",
            "Which of the three scores of a point is the largest?",
        )
    return None


def untrained(run):
    """Whether the engine was never swept."""
    return (
        Missed(
            "untrained",
            "No `backward` of this notebook's `Tensor` was called: your engine has computed no gradient. (Where a "
            "program puts another method in its place, that cannot be seen.)",
            "Which tensor is `backward` called on, and how often?",
        )
        if not run.backwards
        else None
    )


def unmoved(run):
    """Whether weights are where they were before the first sweep."""
    still, unreached = run["moved"]
    told = [f"`weights[{k}]` is what it was before the first sweep" for k in still[:1]]
    told += [f"no sweep reached `weights[{k}]`" for k in unreached[:1]]
    if not told:
        return None
    return Missed(
        "unmoved",
        f"The loss went from {run.losses[0]:.4g} to {run.losses[-1]:.4g}; {', and '.join(told)}.",
        "Print its gradient after the first `backward`. If it is not zero: what does your step do with the tensor "
        "itself?",
    )


def incomplete(run):
    """Whether tensors were learned that are not in the list."""
    if not (shapes := [tuple(shape) for shape in run["left out"]]):
        return None
    return Missed(
        "left-out",
        f"`weights` should hold all tensors that were learned. The steps have moved others, too, of shape "
        f"{' and '.join(map(str, shapes))}.",
        "Which tensors does your step change, and which of them are in the list?",
    )


def alike(run):
    """Whether all units of a layer are the same one."""
    for k, w in enumerate(run["weights"]):
        if w.ndim == 2 and min(w.shape) > 1 and np.ptp(w) > 0 and not np.ptp(w, axis=1).any():
            return Missed(
                "alike",
                f"All columns of `weights[{k}]` are the same. Units that begin alike are given the same gradient and "
                "stay alike: the layer is worth one unit.",
                "What do the weights begin with?",
            )
    return None


def losses_are_those(run):
    """Whether the losses that were left are those at which the sweeps began."""
    left, seen = np.asarray(run["losses"], dtype=float).ravel(), np.array(run.losses)
    if len(left) != len(seen):
        told = f"`losses` has {len(left)} number{'s' * (len(left) != 1)}, and `backward` was called {len(seen)} times."
    elif len(apart := np.flatnonzero(~np.isclose(left, seen, rtol=1e-4))):
        k = int(apart[0])
        told = f"`losses[{k}]` is {left[k]:.4g}; that call of `backward` began at {seen[k]:.4g}."
    else:
        return None
    return Missed("other-losses", f"{told} One number is asked for each call.", "Where in the loop is it appended?")


def weighed(run):
    """Whether predictions come from the weights, and of each point alone."""
    together = run["together"]
    for side in SIDES:
        apart = run["apart"][side] != together[on(side, run.given)]
        if apart.mean() > 0.02:
            return Missed(
                "of-the-others",
                f"`predict` puts {apart.mean():.0%} of the points {side} on another arm when it is given these alone: "
                "what it says of a point depends on which others are given along.",
                "What in `predict` is computed from all points that it is given?",
            )
    if np.ptp(together) and np.array_equal(run["without"], together):
        return Missed(
            "weights-unused",
            "`predict` returns the same arms when every number in `weights` is set to 0: it does not compute with "
            "them.",
            "From what does `predict` compute?",
        )
    return None


def straight(along_lines):
    """Whether arms are told apart by straight lines alone: along any line each arm is then one piece, or none."""
    for arms in along_lines:
        met = [kind for kind, _ in itertools.groupby(arms.tolist())]
        if len(met) > len(set(met)):
            return False
    return True


def results(run):
    """Whether points that the program could not see are put on their arms."""
    arms, found = kept(run.turn)[1], run["together"]
    right = float((found == arms).mean())
    if right >= LEAST:
        return None
    head = f"Of {len(arms)} points that the program could not see, {right:.1%} are right"
    renamed = max(
        float((np.take(names, found.astype(int)) == arms).mean()) for names in itertools.permutations(range(KINDS))
    )
    if renamed >= LEAST:
        return Missed(
            "exchanged",
            f"{head}, and {renamed:.1%} would be if arms were called by each other's numbers: they are told apart. Are "
            "they exchanged in `predict`, or in the loss?",
            "Which column of the scores belongs to which arm, in the loss and in `predict`?",
        )
    first, last = np.mean(run.losses[:5]), np.mean(run.losses[-5:])
    course = f"the loss went from {run.losses[0]:.4g} to {run.losses[-1]:.4g} in {run.backwards} sweeps"
    if run.backwards > 10 and last > first:
        return Missed(
            "risen",
            f"{head}; {course}: it has risen. Are the steps too large, or do they go uphill?",
            "Which sign does the step have, and does a step a tenth as long help?",
        )
    if last < -10 * abs(run.losses[0]):
        return Missed(
            "bottomless",
            f"{head}; {course}, far below 0. Has your loss a smallest value? Where nothing in it grows when a wrong "
            "arm is given a high score, larger and larger weights lower it for ever.",
            "What does your loss say of a point whose three scores are all high?",
        )
    if not np.ptp(found):
        return Missed(
            "one-arm",
            f"{head}: `predict` puts every one on arm {int(found[0])}; {course}.",
            "What are the scores of the first five points, and from which step on are they so?",
        )
    learned = float((run["learned"] == three_arms(0)[1]).mean())
    if 0 <= last < 0.2 * run.losses[0] and learned < 0.6:
        return Missed(
            "unlike-training",
            f"{head}; {course}, and yet `predict` has {learned:.0%} of the points right that were learned from. Does "
            "`predict` prepare points otherwise than the training did, or had the loss other labels?",
            "What is done to the points before the first layer: in training, and in `predict`?",
        )
    if straight(run["along lines"]):
        return Missed(
            "straight-lines",
            f"{head}; {LEAST:.0%} are asked for, and {course}. `predict` parts the plane by straight lines, and arms "
            "that wind cannot be parted so. Does something bend between the matrix products, and did the loop go on "
            "until the weights had learned to bend?",
            "What stands between two matrix products, so that they are not one?",
        )
    return Missed(
        "too-few-right",
        f"{head}; {LEAST:.0%} are asked for. Of those that were learned from {learned:.1%} are right, and {course}.",
        "Does the loss still fall when the loop ends? If so: longer, or larger steps.",
    )
