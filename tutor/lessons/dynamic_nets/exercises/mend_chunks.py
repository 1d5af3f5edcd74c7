"""A state that carries its graph into the next chunk, whose backward pass then meets one that is gone."""

import torch

from tutor.checking import Misconception, repair
from tutor.checking.evidence import seen

FLOAT64 = "float64's"


def probe(d):
    """Three chunks of two or three steps; one input lies far from the others."""
    width, hidden = d.sizes(2, 2, 5)
    steps = d.integer(2, 3)
    chunks = [(d.tensor(steps, width), d.tensor(steps, hidden)) for _ in range(3)]
    chunks[0][0][0, 0] = 6
    return d.tensor(width, hidden), d.tensor(hidden, hidden), chunks


def probe_two(d):
    """Two chunks."""
    w, u, chunks = probe(d)
    return w, u, chunks[:2]


def probe_double(d):
    """Everything in float64."""
    w, u, chunks = probe(d)
    return w.double(), u.double(), [(x.double(), y.double()) for x, y in chunks]


def digits(chunk_gradients, w, u, chunks):
    """Whose digits the gradients have in float64: those of float32 do not follow a tiny nudge."""

    def nudged(nudge):
        first, *later = chunks
        grads = chunk_gradients(w, u, [((1 + nudge) * first[0], first[1]), *later])
        return torch.cat([grad.double().flatten() for grad in grads])

    if w.dtype == torch.float32:
        return FLOAT64
    usual = nudged(0)
    slow, fast = (nudged(1e-5) - usual) / 1e-5, (nudged(1e-9) - usual) / 1e-9
    return "float32's" if ((fast - slow).abs() > 0.05 * slow.abs().max()).any() else FLOAT64


def use_twice(chunk_gradients, w, u, chunks):
    """The gradients, those of a second call with the same w and u, and their digits."""
    first = chunk_gradients(w, u, chunks)
    if not isinstance(first, tuple | list) or not all(isinstance(grad, torch.Tensor) for grad in first):
        return first
    first = tuple(grad.clone() for grad in first)
    second = chunk_gradients(w, u, chunks)
    return *first, *second, digits(chunk_gradients, w, u, chunks)


def gradients_of_new_states(w, u, chunks):
    w, u = w.clone().requires_grad_(), u.clone().requires_grad_()
    kept = torch.zeros_like(w[0]).tolist()
    for x, y in chunks:
        state, losses = w.new_tensor(kept), []
        for step, wanted in zip(x, y, strict=True):
            state = (step @ w + state @ u).tanh()
            losses.append((state - wanted).square().mean())
        sum(losses).backward()
        kept = state.tolist()
    return w.grad, u.grad


def gradients_in_a_list(w, u, chunks):
    w, u = w.clone().requires_grad_(), u.clone().requires_grad_()
    state, found = torch.zeros(w.shape[1], dtype=w.dtype), []
    for x, y in chunks:
        total = 0
        for step, wanted in zip(x, y, strict=True):
            state = torch.tanh(step @ w + state @ u)
            total = total + torch.nn.functional.mse_loss(state, wanted)
        found.append(torch.autograd.grad(total, (w, u)))
        state = state.detach()
    return tuple(torch.stack(grads).sum(0) for grads in zip(*found, strict=True))


def gradients_in_place(w, u, chunks):
    w, u = w.clone().requires_grad_(), u.clone().requires_grad_()
    state = torch.zeros(1, w.shape[1], dtype=w.dtype)
    for x, y in chunks:
        states = []
        for step in x:
            state = torch.tanh(step[None] @ w + state @ u)
            states.append(state)
        ((torch.cat(states) - y) ** 2).mean(1).sum().backward()
        state = state.data
    return w.grad, u.grad


DETACH = "        state = state.detach()\n"

EXERCISE = repair(
    difficulty="medium",
    minutes=7,
    drills=("broken-in-time",),
    fault="The second chunk still stops: its state is a part of the first chunk's graph, which its backward pass has used up.",
    shown_by=("MorvanZhou/PyTorch-Tutorial#57", "quark0/darts#56"),
    probe=(probe, probe_two, probe_double),
    use=use_twice,
    outputs=("grad_w", "grad_u", "grad_w of a second call", "grad_u of a second call", "digits for float64 inputs"),
    misconceptions=(
        Misconception(
            "state-in-float32",
            "Right for float32. Where all is float64 it stops, because the state comes out as float32 between two chunks, and torch refuses the product of two dtypes. `torch.tensor` and `torch.zeros` make float32 unless they are told otherwise.",
            patch=("state.detach()", "torch.tensor(state.tolist())"),
            hints=("Of which dtype is the state when the second chunk begins?",),
        ),
        Misconception(
            "digits-of-float32",
            "Right for float32. Where all is float64 the gradients have the digits of float32 only: somewhere on the way the numbers become float32.",
            patch=("state.detach()", "state.detach().float().to(w.dtype)"),
            hints=("Of which dtype is the state when the second chunk begins?",),
        ),
        Misconception(
            "graph-retained",
            "It runs, and gradients go back through all the chunks: they are not those that were asked for, which end where their chunk begins.",
            patch=((DETACH, ""), ("loss.backward()", "loss.backward(retain_graph=True)")),
            cause="With `retain_graph=True` each backward pass goes through every chunk before it, and costs more than the one before.",
            evidence=seen("_.backward(retain_graph=True)"),
            other=(
                (DETACH, ""),
                ("        loss = 0.0\n", ""),
                ("    for x, y in chunks", "    loss = 0.0\n    for x, y in chunks"),
                ("        loss.backward()", "    loss.backward()"),
            ),
            hints=("How far back does the gradient of the third chunk's loss go?",),
        ),
        Misconception(
            "state-begun-anew",
            "It runs, and every chunk begins with a state of zero: what the net has seen before is lost.",
            patch=("state.detach()", "w.new_zeros(w.shape[1])"),
            hints=("What should the state be when the second chunk begins?",),
        ),
        Misconception(
            "cut-at-every-step",
            "It runs, and no gradient goes from one step to the one before, not even within a chunk.",
            patch=((DETACH, ""), ("state @ u", "state.detach() @ u")),
            hints=("Within one chunk, how far back should a gradient go?",),
        ),
        Misconception(
            "gradients-left-behind",
            "The first call is right. It leaves its gradients in the w and u that it was given, and a second call with them adds its own.",
            patch=("w.clone().requires_grad_(), u.clone().requires_grad_()", "w.requires_grad_(), u.requires_grad_()"),
            hints=("Whose tensors do your gradients lie in when the function has returned?",),
        ),
    ),
    alternatives=(gradients_of_new_states, gradients_in_a_list, gradients_in_place),
    equivalent_mutants={
        "state = u.new_zeros(w.shape[1])": "both weights have one dtype",
        "state = w.new_zeros(u.shape[1])": "u is square, of the state's size",
        "loss = 0.5": "a constant has no gradient",
    },
    hints=(
        "Of which graph is `state` a part when the second chunk begins?",
        "What gives a tensor of the same values that is part of no graph, and where does it belong?",
        "`state = state.detach()` at the beginning of every chunk.",
    ),
)
