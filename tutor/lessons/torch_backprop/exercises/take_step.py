"""A step that changes every weight in place: new tensors, copies, and gradients that were the caller's."""

import torch

from tutor.checking import Misconception, code
from tutor.checking.evidence import seen


def probe_step(d):
    """Two weights of different shapes, their gradients and a learning rate."""
    a, b, c = d.sizes(3)
    return [d.tensor(a, b), d.tensor(b, c)], [d.tensor(a, b), d.tensor(b, c)], d.number(0.1, 0.6)


def probe_one_step(d):
    """A single weight with large gradients, so that a learning rate from elsewhere shows."""
    a, b = d.sizes(2)
    return [d.tensor(a, b)], [1e6 * d.tensor(a, b)], d.number(1e-7, 5e-7)


def probe_many_steps(d):
    """Four weights: two of the same shape, one that is a transposed view, one of one dimension."""
    a, b, c = d.sizes(3)
    weights, grads = (
        [d.tensor(a, b), d.tensor(a, b), d.tensor(c, a).t(), d.tensor(c)] for _ in ("weights", "gradients")
    )
    return weights, grads, d.number(0.1, 0.6)


def probe_numbers(d):
    """Weights of no dimension, as the coefficients of the sine fit are, and one of one."""
    (a,) = d.sizes(1)
    weights, grads = ([d.tensor(), d.tensor(a), d.tensor()] for _ in ("weights", "gradients"))
    return weights, grads, d.number(0.1, 0.6)


ROUNDED = (
    "a gradient holds other numbers afterwards, by a rounding: what was multiplied in place does not come back to every "
    "digit when it is divided again. Leave the gradients alone."
)


def three_steps(take_step, weights, grads, learning_rate):
    """The gradients at the end, the weights that were handed over after each of three steps, and the list at the end."""
    weights, grads = [w.clone() for w in weights], [g.clone() for g in grads]
    untouched = [g.clone() for g in grads]
    kept, seen = [w.detach() for w in weights], []  # the memory that was handed over
    for _ in range(3):
        take_step(weights, grads, learning_rate)
        seen.append([w.clone() for w in kept])
    for g, before in zip(grads, untouched, strict=False):
        if g.shape == before.shape and torch.allclose(g, before) and not torch.equal(g, before):
            raise TypeError(ROUNDED)
    return (list(grads), *seen, list(weights))


def step_by_method(weights, grads, learning_rate):
    for w, grad_w in zip(weights, grads, strict=True):
        w.sub_(learning_rate * grad_w)


def step_by_index(weights, grads, learning_rate):
    for k in range(len(weights)):
        weights[k] -= grads[k] * learning_rate


def step_by_slice(weights, grads, learning_rate):
    for w, grad_w in zip(weights, grads, strict=True):
        w[...] = w - learning_rate * grad_w


def step_by_copy(weights, grads, learning_rate):
    new = [w.double() - learning_rate * grad_w.double() for w, grad_w in zip(weights, grads, strict=True)]
    [w.copy_(n) for w, n in zip(weights, new, strict=True)]


def step_by_alpha(weights, grads, learning_rate):
    torch._foreach_add_(weights, grads, alpha=-learning_rate)


EXERCISE = code(
    difficulty="medium",
    minutes=6,
    drills=("in-place",),
    probe=(probe_step, probe_one_step, probe_many_steps, probe_numbers),
    use=three_steps,
    outputs=("grads_afterwards", "after_step_1", "after_step_2", "after_step_3", "the_list"),
    misconceptions=(
        Misconception(
            "new-tensors",
            "After the step the tensors that were passed in hold what they held before, and so does the list: whoever holds them, such as the network, never hears of it. Are the new numbers in a tensor of their own, or in a copy? A difference `w - …` makes a new one.",
            patch=("w -= learning_rate * grad_w", "w = w - learning_rate * grad_w"),
            cause="`w = w - …` only gives that new tensor the name `w` inside your function.",
            evidence=seen("w = w - _", "weight = weight - _", "p = p - _"),
            other=("w -= learning_rate * grad_w", "w.sub(learning_rate * grad_w)"),
            hints=("Which tensors does the network hold after your function has returned?",),
        ),
        Misconception(
            "rate-of-your-own",
            "The steps are those of a rate of 1e-6, whatever `learning_rate` is. That was the rate of one loop; every caller hands you its own.",
            patch=("learning_rate * grad_w", "1e-6 * grad_w"),
            hints=("What should become of a step if `learning_rate` is doubled?",),
        ),
        Misconception(
            "written-into-a-copy",
            "A weight that is a transposed view keeps its old numbers; the others change. Is something written into its `reshape`, `flatten` or `contiguous`? Of a transposed tensor those have to make a copy, and a weight never hears of its copy.",
            patch=(
                "w -= learning_rate * grad_w",
                "flat = w.reshape(-1)\n        flat -= learning_rate * grad_w.reshape(-1)",
            ),
            hints=("Which way of writing a subtraction changes the numbers where they lie?",),
        ),
        Misconception(
            "slice-of-a-number",
            "It stops at a weight of shape (), a single number such as a coefficient of the sine fit. A tensor without a dimension has no slice `[:]`, no rows and no length.",
            patch=("w -= learning_rate * grad_w", "w[:] = w - learning_rate * grad_w"),
            hints=("Which way of writing a subtraction in place asks for no dimension?",),
        ),
        Misconception(
            "replaced-in-the-list",
            "The list holds the new numbers afterwards, but the memory that was passed in still holds the old ones, and so does whoever reads it. Is another tensor put into the list, or other memory given to a weight (`w.data = …`)?",
            patch=(
                ("for w, grad_w in zip(weights, grads):", "for k, (w, grad_w) in enumerate(zip(weights, grads)):"),
                ("w -= learning_rate * grad_w", "weights[k] = w - learning_rate * grad_w"),
            ),
            cause="`weights[…] = …` puts another tensor into the list.",
            evidence=seen("weights[_] = _"),
            other=("w -= learning_rate * grad_w", "w.data = w - learning_rate * grad_w"),
            hints=("Is what the list holds afterwards the memory that was there before?",),
        ),
        Misconception(
            "first-weight-only",
            "Only the first weight has changed. Does a `return` stand inside the loop, or does the loop end too early?",
            patch=("w -= learning_rate * grad_w", "w -= learning_rate * grad_w; return"),
            hints=("How often does the body of your loop run?",),
        ),
        Misconception(
            "uphill",
            "The weights move along the gradient. It points uphill: the loss would grow.",
            patch=("w -= ", "w += "),
            hints=("In which direction does the loss fall?",),
        ),
        Misconception(
            "rate-ignored",
            "The step is as long as the gradient itself, whatever `learning_rate` is; it should be learning_rate times the gradient.",
            patch=("learning_rate * ", ""),
            hints=("What makes the step small?",),
        ),
        Misconception(
            "gradient-scaled-in-place",
            "After a step the gradients in the caller's list have been multiplied by the learning rate. The first step comes out right; with the same list the second is too short.",
            patch=("w -= learning_rate * grad_w", "grad_w *= learning_rate; w -= grad_w"),
            hints=("What do the gradients hold after your first step?",),
        ),
        Misconception(
            "gradients-cleared",
            "The first step is right, but afterwards the gradients in the caller's list are all zero. Whoever passed them in may still need them: they should stay as they are.",
            patch=("w -= learning_rate * grad_w", "w -= learning_rate * grad_w; grad_w.zero_()"),
            hints=("What do the gradients hold after your first step?",),
        ),
        Misconception(
            "overwritten",
            "Afterwards the weights hold learning_rate times the gradient: the step itself. Subtract it from what they held before.",
            patch=("w -= learning_rate * grad_w", "w.copy_(learning_rate * grad_w)"),
            hints=("What is subtracted from what?",),
        ),
    ),
    alternatives=(step_by_method, step_by_index, step_by_slice, step_by_copy, step_by_alpha),
    hints=(
        "After your function returns, who holds the new numbers: the caller's tensors or yours?",
        "Walk through both lists together with `zip`, and use an operation that works in place.",
        "`for w, grad_w in zip(weights, grads): w -= learning_rate * grad_w`",
    ),
)
