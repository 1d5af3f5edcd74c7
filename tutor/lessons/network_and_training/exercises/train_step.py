"""One training step: gradients not cleared or cleared too late, a step that is missing, a loss of one's own."""

import torch
from torch import nn

from tutor.checking import Misconception, code
from tutor.checking.space import Array, Number, Space
from tutor.lessons import training_steps

from .. import shared


def lopsided(y_pred, y):
    """A loss in which prediction and target cannot be exchanged unseen."""
    return ((1 + y**2) * (y_pred - y) ** 2).mean()


def use_step(train_step, x, y, w1, w2, rate):
    """Losses of four steps, in words what the first two `step()` met, whether the model was called, and the weights."""
    model = nn.Sequential(nn.Linear(*w1.T.shape, bias=False), nn.Tanh(), nn.Linear(*w2.T.shape, bias=False)).to(x.dtype)
    with torch.no_grad():
        model[0].weight.copy_(w1)
        model[2].weight.copy_(w2)
    first, events, called = model[0].weight, [], []
    optimizer = torch.optim.SGD(model.parameters(), rate)
    model.register_forward_hook(lambda layer, *_: called.append(layer.training))
    first.register_hook(lambda gradient: events.append("backward"))
    optimizer.register_step_post_hook(lambda *_: events.append("step" if first.grad is not None else "vain step"))
    losses, met = [], []
    for _ in range(shared.STEPS + 1):
        events.clear()
        losses.append(train_step(model, lopsided, optimizer, x, y))
        met.append(" then ".join(events) or "nothing happened")
    through = ("called" if all(called) else "called in evaluation mode") if called else "not called"
    return (
        through,
        *met[:2],
        *losses,
        training_steps.kind_of(losses[-1]),
        first.detach().clone(),
        model[2].weight.detach().clone(),
    )


def step_cleared_last(model, loss_fn, optimizer, X, y):
    loss = loss_fn(model(X), y)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return float(loss)


def step_cleared_first(model, loss_fn, optimizer, X, y):
    optimizer.zero_grad(set_to_none=False)
    loss = loss_fn(model(X), y)
    torch.autograd.backward(loss)
    optimizer.step()
    return loss.detach().tolist()


def step_by_closure(model, loss_fn, optimizer, X, y):
    def closure():
        model.zero_grad()
        loss = loss_fn(model(X), y)
        loss.backward()
        return loss

    return optimizer.step(closure).item()


EXERCISE = code(
    difficulty="easy",
    minutes=6,
    drills=("optimiser",),
    space=Space(
        {
            "x": Array("N D", scales=("usual", "eight"), values=("distinct", "zeros"), tensor=True),
            "y": Array("N O", tensor=True),
            "w1": Array("H D", tensor=True),
            "w2": Array("O H", tensor=True),
            "rate": Number((0.08, 0.05)),
        },
        sizes={"N": (1,)},
    ),
    use=use_step,
    outputs=(
        "the model",
        "the order in the first step",
        "the order in the second step",
        *(f"the loss of step {k}" for k in range(1, shared.STEPS + 2)),
        "what the loss is",
        "the first weights",
        "the last weights",
    ),
    misconceptions=(
        training_steps.NEVER_CLEARED,
        training_steps.CLEARED_BEFORE_USE,
        training_steps.NO_BACKWARD,
        Misconception(
            "step-before-backward",
            "The step comes before the gradients of this batch: it meets none. First `backward`, then `step`.",
            patch=(
                "    loss.backward()\n    optimizer.step()\n",
                "    optimizer.step()\n    loss.backward()\n",
            ),
            hints=("What does `step` need, and who brings it?",),
        ),
        training_steps.NO_STEP,
        Misconception(
            "exchanged",
            "The loss is called with the target first. It is `loss_fn(y_pred, y)`; for most losses the order matters.",
            patch=("loss_fn(y_pred, y)", "loss_fn(y, y_pred)"),
            hints=("Which of the two does the docstring name first?",),
        ),
        Misconception(
            "loss-of-its-own",
            "The loss is not the one that you were given: call `loss_fn`.",
            patch=("loss_fn(y_pred, y)", "nn.functional.mse_loss(y_pred, y)"),
            hints=("Which loss does the caller ask for?",),
        ),
        Misconception(
            "forward-called",
            "The numbers are right, but the model itself was not called. `model(X)` does what is hooked onto it as well; its `forward`, or its layers one by one, do not.",
            patch=("model(X)", "model.forward(X)"),
            hints=("How does one call a model?",),
        ),
        training_steps.TENSOR_RETURNED,
        Misconception(
            "loss-after-the-step",
            "You return the loss after the step; the one before it is asked for.",
            patch=("return loss.item()", "return loss_fn(model(X), y).item()"),
            hints=("With which weights is the returned loss computed?",),
        ),
    ),
    alternatives=(step_cleared_last, step_cleared_first, step_by_closure),
    equivalent_mutants={"model.zero_grad()": "the optimiser holds all parameters of the model"},
    hints=(
        "Which three calls follow once the loss is there, and which of them needs the other?",
        "`model(X)`, `loss_fn(...)`, `optimizer.zero_grad()`, `loss.backward()`, `optimizer.step()`.",
        "`loss = loss_fn(model(X), y)`, the three calls in this order, and `return loss.item()`.",
    ),
)
