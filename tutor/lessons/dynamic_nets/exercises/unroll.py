"""One recurrent cell over sequences of any length: a state that is not carried, cut, or read as a batch."""

import torch

from tutor import networks
from tutor.checking import Misconception, code
from tutor.checking.space import Array, Space


def probe_far(d):
    """One number of the last step lies far from the others."""
    t, n, d_in, h = d.sizes(4, 3, 8)
    x = d.tensor(t, n, d_in)
    x[-1, 0, 0] = 9
    return x, d.tensor(n, h), d.tensor(d_in, h), d.tensor(h, h), d.tensor(h), d.tensor(t, n, h)


def probe_float64(d):
    """The same in float64."""
    return tuple(tensor.double() for tensor in probe_far(d))


def read_sequences(unroll, x, h, w_x, w_h, b, grad_states):
    """The states, and the gradients of the shared weights; half the size keeps tanh away from its flat ends."""
    cell = networks.RecurrentCell(*w_x.shape)
    for parameter, numbers in ((cell.w_x, w_x), (cell.w_h, w_h), (cell.b, b)):
        parameter.data = numbers.clone() / 2
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
    space=Space(
        {
            "x": Array("T N D", values=("distinct", "zeros"), tensor=True),
            "h": Array("N H", values=("distinct", "zeros"), tensor=True),
            "w_x": Array("D H", tensor=True),
            "w_h": Array("H H", tensor=True),
            "b": Array("H", tensor=True),
            "grad_states": Array("T N H", tensor=True),
        },
        sizes=dict.fromkeys("TNDH", (1,)),
    ),
    probe=(probe_far, probe_float64),
    use=read_sequences,
    outputs=("the states", "the gradient of w_x", "the gradient of w_h", "how the cell is used"),
    precise=True,
    cases=2,
    misconceptions=(
        Misconception(
            "state-not-carried",
            "Every step starts from the same first state: no new one is handed to the next step. So the network remembers nothing.",
            patch=("        h = cell(x_t, h)\n        states.append(h)", "        states.append(cell(x_t, h))"),
            hints=("Which state does the second step receive from you?",),
        ),
        Misconception(
            "last-state-only",
            "What comes back is the last state. Asked for are all of them, one for each value that was read.",
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
            "Only the first value is read. Does a `return` inside the loop end it after one round?",
            patch=("    return torch.stack(states)", "        return torch.stack(states)"),
            hints=("Which line of yours ends the loop, and in which round?",),
        ),
        Misconception(
            "arguments-exchanged",
            "A state is where the cell expects a value. It is called as `cell(x_t, h)`, the value first.",
            patch=("cell(x_t, h)", "cell(h, x_t)"),
            hints=("In which order does the docstring call the cell?",),
        ),
        Misconception(
            "tensor-of-states",
            "Whole states are to become plain numbers, as in `torch.tensor` of a list of them (and that would lose their graph). Join the states with `torch.stack`.",
            patch=("torch.stack(states)", "torch.tensor(states)"),
            hints=("Which function joins tensors along a new dimension?",),
        ),
        Misconception(
            "first-state-included",
            "The state that you were given is among those that come back, so there is one too many. Return what the cell made.",
            patch=("states = []", "states = [h]"),
            hints=("How many values are read, and how many states do you return?",),
        ),
        Misconception(
            "begins-with-zeros",
            "The first step begins with a state of zeros. Begin with `h`, the state that you were given.",
            patch=("states = []", "states, h = [], torch.zeros_like(h)"),
            hints=("Which state does your first step receive?",),
        ),
        Misconception(
            "cut-between-steps",
            "The states are right, but the gradients are not: none goes from a step to the one before. Is the state detached between the steps (`detach`, `.data`)?",
            patch=("h = cell(x_t, h)", "h = cell(x_t, h.detach())"),
            hints=("Which part of your loop cuts the graph?",),
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
            "The cell itself is not called: is it `cell.forward` that is, or is its formula written out? The numbers are the same, but every hook on the cell is skipped, as notebook 07 showed: call `cell(x_t, h)`.",
            patch=("cell(x_t, h)", "cell.forward(x_t, h)"),
            hints=("How does the docstring say that the cell is called?",),
        ),
        Misconception(
            "batch-read-as-time",
            "The batch is read as if it were time: `x[:, i]` is one whole sequence, and its T values are taken for the N examples of a step. Time comes first, so `x[t]` is what all sequences have at step t.",
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
