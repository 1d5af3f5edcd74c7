"""A step of gradient descent for every model, in place: gradients not cleared, parameters never written into."""

import torch
from torch import nn
from torch.nn import functional

from tutor.checking import Misconception, code
from tutor.checking.evidence import seen
from tutor.lessons.training_steps import TENSOR_RETURNED, kind_of

from ..shared import STEPS


def probe_step(d):
    """A batch, its classes and the first weights of a small classifier."""
    n, d_in, classes = d.sizes(3, 3, 7)
    weight, bias = d.tensor(classes, d_in), d.tensor(classes)
    return d.tensor(n, d_in), torch.from_numpy(d.labels(n, classes)), weight, bias, d.number(0.1, 0.3), False


def probe_used(d):
    """A model that has gradients when it comes."""
    return *probe_step(d)[:-1], True


class ScaledClassifier(nn.Module):
    """A linear layer in a box, and a scale of each class that belongs to the model itself."""

    def __init__(self, weight, bias):
        super().__init__()
        self.box = nn.Sequential(nn.Linear(*reversed(weight.shape)).to(weight.dtype))
        self.box[0].load_state_dict({"weight": weight, "bias": bias})
        self.scale = nn.Parameter(torch.ones_like(bias))

    def forward(self, x):
        return self.box(x) * self.scale


def use_step(train_step, x, y, weight, bias, learning_rate, used):
    """The losses of a few steps, and the weights after them; they lie in a layer inside and in the model itself."""
    model = ScaledClassifier(weight, bias)
    parameters = list(model.parameters())
    for parameter in parameters if used else ():
        parameter.grad = torch.full_like(parameter, 0.7)
    memory, versions = [p.detach() for p in parameters], [p._version for p in parameters]
    losses = [train_step(model, functional.cross_entropy, x, y, learning_rate) for _ in range(STEPS)]
    same = all(p is q and torch.equal(p, m) for p, q, m in zip(model.parameters(), parameters, memory, strict=True))
    written = any(p._version > version for p, version in zip(parameters, versions, strict=True))
    moved = not torch.equal(parameters[1], weight)  # `.data` is written into without being counted
    what = "other tensors than before" if not same else "written into" if moved or written else "never written into"
    mode = "training" if all(module.training for module in model.modules()) else "evaluation"
    return losses, kind_of(losses[-1]), *(p.detach() for p in parameters), what, mode


def step_through_data(model, loss_fn, x, y, learning_rate):
    for parameter in model.parameters():
        parameter.grad = None
    loss = loss_fn(model(x), y)
    loss.backward()
    for parameter in model.parameters():
        parameter.data -= learning_rate * parameter.grad
    return loss.tolist()


def step_with_grad(model, loss_fn, x, y, learning_rate):
    parameters = list(model.parameters())
    loss = loss_fn(model(x), y)
    grads = torch.autograd.grad(loss, parameters)
    with torch.no_grad():
        for parameter, grad in zip(parameters, grads, strict=True):
            parameter.sub_(learning_rate * grad)
    return float(loss)


def step_cleaning_up(model, loss_fn, x, y, learning_rate):
    y_pred = model(x)
    loss = loss_fn(y_pred, y)
    model.zero_grad(set_to_none=False)
    loss.backward()
    with torch.no_grad():
        for _, parameter in model.named_parameters():
            parameter.copy_(parameter - learning_rate * parameter.grad)
    model.zero_grad()
    return loss.detach().numpy().item()


def step_with_optimiser(model, loss_fn, x, y, learning_rate):
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


UPDATE = "parameter -= learning_rate * parameter.grad"

EXERCISE = code(
    difficulty="medium",
    minutes=10,
    drills=("parameters",),
    probe=(probe_step, probe_used),
    use=use_step,
    outputs=("losses", "kind of the loss", "scale", "weight", "bias", "how the parameters end", "mode of the model"),
    seconds=20.0,  # an answer may use torch.optim, and the first optimiser of a process imports the compiler
    misconceptions=(
        Misconception(
            "put-into-evaluation",
            "The step is right, and the model, which came in training mode, is left in evaluation mode. There a dropout does nothing, so a model that has one would learn without it. A step leaves the mode alone.",
            patch=("    loss = loss_fn", "    model.eval()\n    loss = loss_fn"),
            hints=("Which line of yours changes the mode?",),
        ),
        Misconception(
            "parameters-not-called",
            "A method stands where its result is needed: `model.parameters` is the method itself, and cannot be looped over. Call it: `model.parameters()`.",
            patch=("model.parameters()", "model.parameters"),
            hints=("What is missing behind `model.parameters`?",),
        ),
        Misconception(
            "zero-grad-missing",
            "The gradients of all steps so far add up, because they are never cleared. `model.zero_grad()` does it, brackets included.",
            patch=("    model.zero_grad()\n", ""),
            hints=("What does `backward` do with a gradient that is there already?",),
        ),
        Misconception(
            "cleared-for-the-next",
            "All is right unless the model has gradients when it comes: the first step goes along the sum of those and its own. Clear them before `backward`.",
            patch=(("    model.zero_grad()\n", ""), ("    return", "    model.zero_grad()\n    return")),
            hints=("What if somebody has called `backward` on this model before your function?",),
        ),
        Misconception(
            "no-gradient-at-the-update",
            "When the update comes, a gradient is `None`: no `backward` has filled it, or it has been cleared since. The order is: clear, backward, update.",
            patch=(("    model.zero_grad()\n", ""), ("loss.backward()\n", "loss.backward()\n    model.zero_grad()\n")),
            hints=("Which line fills `parameter.grad`, and which one clears it?",),
        ),
        Misconception(
            "cleared-too-late",
            "The parameters are written into and stay what they were: what is subtracted is 0. Are the gradients cleared between `backward` and the update? Clear them before `backward`.",
            patch=(
                (
                    "    model.zero_grad()\n    loss.backward()\n",
                    "    loss.backward()\n    model.zero_grad(set_to_none=False)\n",
                ),
            ),
            hints=("What does each `.grad` hold when your update reads it?",),
        ),
        Misconception(
            "other-tensors",
            "The numbers are right, but they lie in other memory than before: whoever holds the old tensors (an optimiser, a `state_dict`) never hears of the step. Change the parameters where they lie.",
            patch=(
                "parameter -= learning_rate * parameter.grad",
                "parameter.data = parameter - learning_rate * parameter.grad",
            ),
            cause="`p.data = …` gives a parameter another tensor to hold.",
            evidence=seen("_.data = _"),
            other=(UPDATE, "parameter.set_(parameter - learning_rate * parameter.grad)"),
            hints=("Which memory do the new numbers lie in: that of the old ones?",),
        ),
        Misconception(
            "weight-and-bias-only",
            "The parameters of the layers move, one of the model itself never does. `model.parameters()` lists all, wherever they lie.",
            patch=(
                "        for parameter in model.parameters():\n",
                "        for parameter in (p for m in model.modules() if isinstance(m, nn.Linear) for p in m.parameters()):\n",
            ),
            hints=("Which parameters can a model have besides those of its layers?",),
        ),
        Misconception(
            "name-rebound",
            "The parameters are never written into. Does the update only make new tensors, or is there none? Change the parameter itself, in place.",
            patch=("parameter -= learning_rate", "parameter = parameter - learning_rate"),
            cause="`p = p - …` makes a new tensor and gives it the loop's name; the one in the model stays as it was.",
            evidence=seen("_ = _ - _"),
            other=(UPDATE, "parameter - learning_rate * parameter.grad"),
            hints=("What is the difference between `p = p - 1` and `p -= 1` for a tensor?",),
        ),
        Misconception(
            "update-recorded",
            "Autograd is recording where a parameter is changed, and refuses to have a leaf changed in place. Put the update under `with torch.no_grad():`.",
            patch=(
                "    with torch.no_grad():\n        for parameter in model.parameters():\n            parameter",
                "    for parameter in model.parameters():\n        parameter",
            ),
            hints=("Should autograd watch the update?",),
        ),
        Misconception(
            "forward-not-recorded",
            "`backward` finds nothing to go back through: the forward pass was not recorded, the loss was cut off from it, or "
            "no parameter asks for its gradient any more. Only the update belongs under `torch.no_grad()`.",
            patch=(
                "    loss = loss_fn(model(x), y)\n",
                "    with torch.no_grad():\n        loss = loss_fn(model(x), y)\n",
            ),
            hints=("Which lines of your function stand under `no_grad`?",),
        ),
        Misconception(
            "return-in-the-loop",
            "Only the first parameter moves. A model has several, and all of them take the step; a `return` inside the loop "
            "ends it after one turn.",
            patch=("learning_rate * parameter.grad\n    return", "learning_rate * parameter.grad\n            return"),
            hints=("How many parameters does your loop reach?",),
        ),
        Misconception(
            "none-zeroed",
            "At the first step there is nothing to clear yet: `.grad` is `None`, and `None` cannot be filled with zeros. "
            "`model.zero_grad()` takes care of that.",
            patch=(
                "    model.zero_grad()\n",
                "    for parameter in model.parameters():\n        parameter.grad.zero_()\n",
            ),
            hints=("What is `parameter.grad` before the first `backward`?",),
        ),
        Misconception(
            "target-first",
            "Prediction and target have changed places: `loss_fn(y_pred, y)`, the prediction first.",
            patch=("loss_fn(model(x), y)", "loss_fn(y, model(x))"),
            hints=("In which order does the docstring call loss_fn?",),
        ),
        Misconception(
            "loss-after-the-step",
            "The step is right, but what is returned is the loss after it. The loss before the step is asked for, and it costs nothing: the step has needed it already.",
            patch=("return loss.item()", "return loss_fn(model(x), y).item()"),
            hints=("How often does your function call the model?",),
        ),
        Misconception(
            "uphill",
            "The step goes uphill: the gradient points to where the loss grows. Subtract it.",
            patch=("-=", "+="),
            hints=("Does your loss fall?",),
        ),
        Misconception(
            "rate-unused",
            "The whole gradient is subtracted. `learning_rate` says how far to go.",
            patch=("learning_rate * ", ""),
            hints=("Which argument says how long the step is?",),
        ),
        TENSOR_RETURNED,
    ),
    alternatives=(step_through_data, step_with_grad, step_cleaning_up, step_with_optimiser),
    hints=(
        "Which four things happen in a step, and in which order?",
        "Loss, `model.zero_grad()`, `loss.backward()`, then a loop over `model.parameters()` under `torch.no_grad()`.",
        "`for parameter in model.parameters(): parameter -= learning_rate * parameter.grad`, and at the end "
        "`return loss.item()`.",
    ),
)
