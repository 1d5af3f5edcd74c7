"""A training step of any model with any optimiser: five lines in the wrong order; `watching.py` names them."""

import torch
from torch import nn

from tutor.checking import Misconception, code
from tutor.lessons.training_steps import TENSOR_RETURNED, kind_of

from ..watching import said_of_step


def probe_train_step(d):
    """A problem for a two-layer network whose sizes all differ, and a learning rate that suits it."""
    n, d_in, h, d_out = d.sizes(4)
    return d.tensor(n, d_in), d.tensor(n, d_out), d.tensor(d_in, h), d.tensor(h, d_out), d.number(0.05, 0.1)


def small_net(w1, w2):
    """The two-layer network with given weights; tanh has no kink that rounding could push a number across."""
    model = nn.Sequential(nn.Linear(*w1.shape, bias=False), nn.Tanh(), nn.Linear(*w2.shape, bias=False)).to(w1.dtype)
    with torch.no_grad():
        model[0].weight.copy_(w1.T)
        model[2].weight.copy_(w2.T)
    return model


def lopsided_loss(y_pred, y):
    """Large targets count more, so that prediction and target cannot be exchanged unseen."""
    return ((1 + y**2) * (y_pred - y) ** 2).mean()


def four_train_steps(train_step, x, y, w1, w2, lr):
    """Losses of four steps, what the first two `optimizer.step()` had to work with, and the weights at the end."""
    model, events = small_net(w1, w2), []
    first = model[0].weight
    optimizer = torch.optim.SGD(model.parameters(), lr)
    called = []
    model.register_forward_hook(lambda *_: called.append(True))
    first.register_hook(lambda gradient: events.append("backward"))
    optimizer.register_step_post_hook(lambda *_: events.append("step" if first.grad is not None else "vain step"))
    losses, steps = [], []
    for _ in range(4):
        events.clear()
        losses.append(train_step(model, lopsided_loss, optimizer, x, y))
        steps.append(said_of_step(events))
    through = "called" if called else "not called, its forward is"
    return *losses, kind_of(losses[-1]), through, *steps[:2], first.detach().clone(), model[2].weight.detach().clone()


def train_step_cleared_last(model, loss_fn, optimizer, x, y):
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return float(loss)


def train_step_with_closure(model, loss_fn, optimizer, x, y):
    def closure():
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        return loss

    return optimizer.step(closure).item()


def train_step_clearing_the_model(model, loss_fn, optimizer, x, y):
    for parameter in model.parameters():
        parameter.grad = None
    loss = loss_fn(model(x), y)
    torch.autograd.backward(loss)
    optimizer.step()
    return loss.detach().numpy().item()


def train_step_filling_zeros(model, loss_fn, optimizer, x, y):
    optimizer.zero_grad(set_to_none=False)
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.tolist()


EXERCISE = code(
    difficulty="easy",
    minutes=6,
    drills=("zero-grad",),
    probe=probe_train_step,
    use=four_train_steps,
    outputs=(
        *(f"the loss of step {k + 1}" for k in range(4)),
        "kind of the loss",
        "how the model is used",
        "what happened at step 1",
        "what happened at step 2",
        "the first weight at the end",
        "the second weight at the end",
    ),
    misconceptions=(
        Misconception(
            "no-zero-grad",
            "The first step is right, then the gradients of earlier steps are still there: `backward()` adds to `.grad`, "
            "it does not replace it.",
            patch=("optimizer.zero_grad()\n", "pass\n"),
            hints=("What is in `.grad` when the second step calls `backward()`?",),
        ),
        Misconception(
            "forward-not-recorded",
            "`backward` finds nothing to go back through: the forward pass was not recorded, or the loss was cut off from it. Nothing here belongs under `torch.no_grad()`.",
            patch=("    y_pred = model(x)\n", "    with torch.no_grad():\n        y_pred = model(x)\n"),
            hints=("Has your loss a `grad_fn`?",),
        ),
        Misconception(
            "cleared-too-late",
            "You clear the gradients between `backward()` and `step()`. When `step()` runs they are gone, and no weight "
            "moves.",
            patch=(
                ("optimizer.zero_grad()\n", "pass\n"),
                ("loss.backward()\n", "loss.backward(); optimizer.zero_grad()\n"),
            ),
            hints=("What does `step()` find in `.grad` when it is called?",),
        ),
        Misconception(
            "forward-called",
            "You call `model.forward(x)`. The numbers are the same, but every hook on the model is skipped, as notebook 07 showed: call `model(x)`.",
            patch=("model(x)", "model.forward(x)"),
            hints=("How does the docstring say that the model is called?",),
        ),
        Misconception(
            "step-never-called",
            "The weights never move: the gradients are computed, but `optimizer.step()` is not called.",
            patch=("optimizer.step()\n", "pass\n"),
            hints=("Which of the five lines moves the weights?",),
        ),
        Misconception(
            "backward-never-called",
            "No gradient is ever computed: `loss.backward()` is not called. (Without the brackets, Python only looks the "
            "method up.)",
            patch=("loss.backward()\n", "pass\n"),
            hints=("Which of the five lines computes the gradients?",),
        ),
        Misconception(
            "step-before-backward",
            "`step()` comes before `backward()`. When it runs the gradients of this step have not been computed yet.",
            patch=(("optimizer.step()\n", "pass\n"), ("loss.backward()\n", "optimizer.step(); loss.backward()\n")),
            hints=("What has to be known before the weights can move?",),
        ),
        Misconception(
            "loss-after-the-step",
            "You train rightly, but return the loss of the weights *after* the step. Asked for is the loss that the step "
            "started from; it costs no second forward pass.",
            patch=("return loss.item()", "return loss_fn(model(x), y).item()"),
            hints=("Which loss do you have already, without calling the model again?",),
        ),
        Misconception(
            "target-first",
            "Prediction and target have changed places in `loss_fn`. A squared error does not mind, but others do, "
            "cross-entropy among them: the prediction comes first.",
            patch=("loss_fn(y_pred, y)", "loss_fn(y, y_pred)"),
            hints=("In which order does the docstring call loss_fn?",),
        ),
        TENSOR_RETURNED,
    ),
    alternatives=(
        train_step_cleared_last,
        train_step_with_closure,
        train_step_clearing_the_model,
        train_step_filling_zeros,
    ),
    equivalent_mutants={"model.zero_grad()": "the optimiser holds all parameters of the model, so both clear the same"},
    hints=(
        "Five lines stand in the table above: in which order?",
        "Clear the old gradients before `backward()` computes the new ones, and step after it.",
        "`optimizer.zero_grad()`, `loss.backward()`, `optimizer.step()`, and then `return loss.item()`.",
    ),
)
