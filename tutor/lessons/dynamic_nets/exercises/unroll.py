"""One recurrent cell over sequences of any length: a state that is not carried, cut, or read as a batch."""

import torch

from tutor import networks
from tutor.checking import Misconception, code


def sequences(d, t, n, d_in, h):
    """A batch of sequences, a first state, the cell's weights, and the gradients that arrive at the states."""
    x, first = d.tensor(t, n, d_in), d.tensor(n, h)
    weights = {"w_x": d.tensor(d_in, h), "w_h": d.tensor(h, h), "b": d.tensor(h)}
    return x, first, weights, d.tensor(t, n, h)


def probe_unroll(d):
    """Sequences of sizes that all differ, so that steps and batch cannot be exchanged unseen."""
    t, n, d_in, h = d.sizes(4, 3, 8)
    return sequences(d, t, n, d_in, h)


def probe_thin_unroll(d):
    """One sequence of one step, or of one number, or states of one number."""
    t, n, d_in, h = ((1, 3, 2, 4), (3, 1, 2, 4), (4, 3, 2, 1))[d.sizes(1, 0, 2)[0]]
    return sequences(d, t, n, d_in, h)


def read_sequences(unroll, x, h, weights, grad_states):
    """The states, and the gradients of the shared weights; half the size keeps tanh away from its flat ends."""
    cell = networks.RecurrentCell(*weights["w_x"].shape)
    for name, numbers in weights.items():
        getattr(cell, name).data = numbers.clone() / 2
    called = []
    cell.register_forward_hook(lambda *_: called.append(True))
    states = unroll(cell, x, h)
    through = "called" if called else "not called, its forward is"
    if not isinstance(states, torch.Tensor) or states.shape != grad_states.shape:
        return states, "no gradients", "no gradients", through
    if states.requires_grad:
        (states * grad_states).sum().backward()
    grads = ("none arrives" if w.grad is None else w.grad for w in (cell.w_x, cell.w_h))
    return states.detach(), *grads, through


def unroll_into_place(cell, x, h):
    states = torch.zeros(len(x), *h.shape, dtype=h.dtype)
    for t in range(x.shape[0]):
        h = cell(x[t], h)
        states[t] = h
    return states


def unroll_by_cat(cell, x, h):
    states = h.unsqueeze(0)
    for x_t in torch.unbind(x):
        states = torch.cat([states, cell(x_t, states[-1]).unsqueeze(0)])
    return states[1:]


def unroll_by_recursion(cell, x, h):
    if len(x) == 0:
        return x.new_zeros(0, *h.shape)
    h = cell(x[0], h)
    return torch.cat([h[None], unroll_by_recursion(cell, x[1:], h)])


EXERCISE = code(
    difficulty="medium",
    minutes=8,
    drills=("recurrent",),
    probe=(probe_unroll, probe_thin_unroll),
    use=read_sequences,
    outputs=("the states", "the gradient of w_x", "the gradient of w_h", "how the cell is used"),
    misconceptions=(
        Misconception(
            "state-not-carried",
            "Every step starts from the same first state: the new one is kept, but not handed to the next step. So the "
            "network remembers nothing.",
            patch=("        h = cell(x_t, h)\n        states.append(h)", "        states.append(cell(x_t, h))"),
            hints=("Which state does the second step receive from you?",),
        ),
        Misconception(
            "last-state-only",
            "You return the last state. Asked for are all of them, one for each value that was read.",
            patch=("return torch.stack(states)", "return h"),
            hints=("Which shape should come out?",),
        ),
        Misconception(
            "state-before-the-value",
            "Each state is kept one step too early: the first state is the one *after* the first value.",
            patch=(
                "        h = cell(x_t, h)\n        states.append(h)",
                "        states.append(h)\n        h = cell(x_t, h)",
            ),
            hints=("Does the list begin with the state that you were given?",),
        ),
        Misconception(
            "return-in-the-loop",
            "Only the first value is read: the `return` stands inside the loop and ends it after one round.",
            patch=("    return torch.stack(states)", "        return torch.stack(states)"),
            hints=("How far is your `return` indented?",),
        ),
        Misconception(
            "arguments-exchanged",
            "Value and state have changed places: the cell is called as `cell(x_t, h)`, the value first.",
            patch=("cell(x_t, h)", "cell(h, x_t)"),
            hints=("In which order does the docstring call the cell?",),
        ),
        Misconception(
            "tensor-of-states",
            "`torch.tensor` makes a tensor of plain numbers, not of tensors (and it would lose their graph). Join the states "
            "with `torch.stack`.",
            patch=("torch.stack(states)", "torch.tensor(states)"),
            hints=("Which function joins tensors along a new dimension?",),
        ),
        Misconception(
            "first-state-included",
            "The state that you were given is among those you return, so there is one too many. Return what the cell made.",
            patch=("states = []", "states = [h]"),
            hints=("How many values are read, and how many states do you return?",),
        ),
        Misconception(
            "begins-with-zeros",
            "You begin with a state of zeros. Begin with `h`, the state that you were given.",
            patch=("states = []", "states, h = [], torch.zeros_like(h)"),
            hints=("Which state does your first step receive?",),
        ),
        Misconception(
            "cut-between-steps",
            "The states are right, but the gradient of w_h is not: the state is detached between the steps, so no gradient "
            "reaches the steps before.",
            patch=("h = cell(x_t, h)", "h = cell(x_t, h.detach())"),
            hints=("Which calls in your loop cut the graph?",),
        ),
        Misconception(
            "graph-lost",
            "The states are right, but they have lost their graph, so no gradient arrives. `.detach()`, `.data`, `no_grad` "
            "and `torch.tensor` all do that; join the states with `torch.stack`.",
            patch=("states.append(h)", "states.append(h.detach())"),
            hints=("Has what you return a `grad_fn`?",),
        ),
        Misconception(
            "read-backwards",
            "The sequences are read from the end. Begin with `x[0]`.",
            patch=("for x_t in x:", "for x_t in x.flip(0):"),
            hints=("Which value does your cell see first?",),
        ),
        Misconception(
            "forward-called",
            "The cell itself is not called: you call its `forward`, or write its formula out. The numbers are the same, but every hook on the cell is skipped, as notebook 07 showed: call `cell(x_t, h)`.",
            patch=("cell(x_t, h)", "cell.forward(x_t, h)"),
            hints=("How does the docstring say that the cell is called?",),
        ),
        Misconception(
            "batch-read-as-time",
            "You loop over the batch: `x[:, i]` is one whole sequence, and its T values are taken for the N examples of a step. Time comes first, so `x[t]` is what all sequences have at step t.",
            patch=("for x_t in x:", "for x_t in x.transpose(0, 1):"),
            hints=("Which shape has `x[0]`, and which one does the cell expect?",),
        ),
        Misconception(
            "concatenated",
            "The numbers are right, but the states lie in one row, (T·N, H): `torch.cat` joins along a dimension that "
            "is there, `torch.stack` makes a new one.",
            patch=("torch.stack(states)", "torch.cat(states)"),
            hints=("How many dimensions should come out, and how many has one state?",),
        ),
        Misconception(
            "batch-for-time",
            "Your states have the batch first, (N, T, H). In this notebook time comes first.",
            patch=("torch.stack(states)", "torch.stack(states, dim=1)"),
            hints=("Which of the dimensions should be the new one?",),
        ),
    ),
    alternatives=(unroll_into_place, unroll_by_cat, unroll_by_recursion),
    hints=(
        "What does step 2 need that step 1 has made?",
        "Loop over `x`, give the cell the present value and the state, keep the new state in a list.",
        "`h = cell(x_t, h)`, `states.append(h)`, and after the loop `torch.stack(states)`.",
    ),
)
