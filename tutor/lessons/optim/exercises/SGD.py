"""Exercises of lesson 08: probes, misconceptions, right answers written differently, hints."""

import contextlib
import math

import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

from tutor.checking import Misconception, code, value
from tutor.lessons.registry import About

# The first optimiser of a process makes torch import its compiler, which takes seconds on a busy machine; here no
# check's time limit is running.
torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)

ABOUT = About(
    minutes=115,
    items={
        "zero-grad": "zero_grad and why",
        "sgd": "SGD, by hand and matched step for step against torch.optim",
        "weight-decay": "weight decay",
        "loss-surface": "paths on a loss surface drawn and animated",
        "momentum": "momentum, by hand and matched step for step against torch.optim",
        "adagrad": "AdaGrad, by hand and matched step for step against torch.optim",
        "rmsprop": "RMSprop, by hand and matched step for step against torch.optim",
        "adam": "Adam, by hand and matched step for step against torch.optim",
        "sine-rmsprop": "the sine fit with RMSprop",
        "schedules": "schedules",
        "mini-batches": "mini-batches",
        "parameter-groups": "parameter groups",
    },
)

STEPS = 5


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
        steps.append(_said_of(events))
    through = "called" if called else "not called, its forward is"
    return *losses, _kind_of(losses[-1]), through, *steps[:2], first.detach().clone(), model[2].weight.detach().clone()


def _kind_of(loss):
    """In words, what sort of thing a returned loss is."""
    return "a Python number" if isinstance(loss, float | int) else f"of the type {type(loss).__name__}"


def _said_of(events):
    """In words, what `optimizer.step()` met."""
    if "step" in events:
        return "optimizer.step() met gradients"
    if "vain step" not in events:
        return "optimizer.step() was not called"
    if "backward" not in events:
        return "loss.backward() was not called"
    return "the gradients were " + ("gone" if events[0] == "backward" else "not there yet") + " at optimizer.step()"


def probe_sgd(d):
    """A problem, weights, a parameter that takes no part in it, and the two settings."""
    n, d_in, h, d_out = d.sizes(4)
    settings = d.number(0.2, 0.4), d.number(0.5, 1.0)
    return d.tensor(n, d_in), d.tensor(n, d_out), d.tensor(d_in, h), d.tensor(h, d_out), d.tensor(3), *settings


def three_sgd_steps(sgd, x, y, w1, w2, unused, lr, weight_decay):
    """The weights after each of three steps, the parameters given as a list; then after two, given by a generator."""
    with _no_ready_made_optimiser():
        cleared, after_step = _said_of_gradients(sgd, (w1, unused, w2), lr, weight_decay)
        if cleared == "the weights instead":
            return [cleared, *[None] * 15]
        weights = w1, w2, unused, unused + 1
        listed = _sgd_steps(sgd, list, 3, x, y, weights, lr, weight_decay)
        generated = _sgd_steps(sgd, iter, 2, x, y, weights, lr, weight_decay)
        return [cleared, after_step, *listed, *generated]


def _said_of_gradients(sgd, weights, lr, weight_decay):
    """In words, what `zero_grad` clears and to what, and how `step` leaves the gradients."""
    leaves = [w.detach().clone().requires_grad_() for w in weights]
    optimizer = sgd(leaves, lr, weight_decay)
    sum(w.square().sum() for w in leaves).backward()
    try:
        optimizer.zero_grad()
    except RuntimeError as error:
        if "leaf Variable" not in str(error):
            raise
        return "the weights instead", ""
    if not all(torch.equal(leaf, w) for leaf, w in zip(leaves, weights, strict=True)):
        return "the weights instead", ""
    zeros = all(w.grad is None or not w.grad.any() for w in leaves)
    cleared = "to None" if all(w.grad is None for w in leaves) else "to zeros" if zeros else "not all"
    for w in leaves:
        w.grad = torch.ones_like(w)
    optimizer.step()
    gone = any(w.grad is None for w in leaves)
    kept = not gone and all(torch.equal(w.grad, torch.ones_like(w)) for w in leaves)
    return cleared, "gone" if gone else "as they are" if kept else "changed"


def _sgd_steps(sgd, as_given, steps, x, y, weights, lr, weight_decay):
    w1, w2, unused, flat = leaves = [w.detach().clone().requires_grad_() for w in weights]
    optimizer = sgd(
        as_given([w1, unused, flat, w2]), lr, weight_decay
    )  # w2 tells whether the skipped one ends the loop
    for _ in range(steps):
        for _ in range(2):  # the first gradients are thrown away: zero_grad alone has to clear them
            optimizer.zero_grad()
            (((torch.tanh(x @ w1) @ w2 - y) ** 2).mean() + 0 * flat.sum()).backward()
        optimizer.step()
        yield from (w.detach().clone() for w in leaves[:2])
    yield from (unused.detach().clone(), flat.detach().clone())


@contextlib.contextmanager
def _no_ready_made_optimiser():
    """Stop an answer that lets one of PyTorch's optimisers do the step."""

    def refuse(optimizer, *_):
        writer = next(c for c in type(optimizer).__mro__ if "step" in vars(c))
        if writer.__module__.startswith("torch."):  # a subclass of torch's base class may have a step of its own
            raise TypeError("one of torch.optim's own optimisers does the step; write it yourself")

    handle = register_optimizer_step_pre_hook(refuse)
    try:
        yield
    finally:
        handle.remove()


def probe_momentum(d):
    """Gradients of five steps, a learning rate for each, and how much of the velocity is kept."""
    return *_gradients_and_rates(d), d.number(0.3, 0.9)


def probe_adagrad(d):
    """Gradients of five steps, a learning rate for each, and an epsilon that can be seen."""
    return *_gradients_and_rates(d), d.number(0.2, 0.8)


def probe_rmsprop(d):
    """Gradients of five steps, a learning rate for each, the part that is kept, and an epsilon that can be seen."""
    return *_gradients_and_rates(d), d.number(0.3, 0.9), d.number(0.2, 0.8)


def probe_adam(d):
    """Gradients of five steps, a learning rate for each, two different betas, and an epsilon that can be seen."""
    return *_gradients_and_rates(d), d.number(0.3, 0.6), d.number(0.7, 0.95), d.number(0.2, 0.8)


def _gradients_and_rates(d):
    (n,) = d.sizes(1, 2, 7)
    return d.tensor(STEPS, n), tuple(d.number(0.1, 1.0) for _ in range(STEPS))


class State(dict):
    """A dict that says, in the words of the exercises, what a key that is not there means."""

    def __missing__(self, key):
        raise KeyError(f"there is no {key!r} in `state` yet: it is empty at the first step")


def walk(rule, grads, rates, *settings):
    """What a rule subtracts at each step; copies, since a rule may go on writing into what it returned.

    A bare 0, as `state.get(..., 0)` gives it at the first step, counts as a tensor of zeros.
    """
    state, steps = State(), []
    for grad, lr in zip(grads, rates, strict=True):
        step = rule(grad, state, lr, *settings)
        step = torch.zeros_like(grad) if isinstance(step, float | int) and step == 0 else step
        steps.append(step.clone() if isinstance(step, torch.Tensor) else step)
    return [*steps, _kept_precisely(rule, grads, rates, settings)]


def _kept_precisely(rule, grads, rates, settings):
    """In words, whether a rule keeps what it keeps of float64 gradients in float64."""
    state = State()
    for grad, lr in zip(grads[:2].double(), rates, strict=False):
        rule(grad, state, lr, *settings)
    kept = [v for v in state.values() if isinstance(v, torch.Tensor) and v.is_floating_point()]
    return "in float32" if any(v.dtype == torch.float32 and v.dim() for v in kept) else "in their dtype"


def walk_momentum(rule, grad_of_each_step, lr_of_each_step, momentum):
    return walk(rule, grad_of_each_step, lr_of_each_step, momentum)


def walk_adagrad(rule, grad_of_each_step, lr_of_each_step, eps):
    return walk(rule, grad_of_each_step, lr_of_each_step, eps)


def walk_rmsprop(rule, grad_of_each_step, lr_of_each_step, alpha, eps):
    return walk(rule, grad_of_each_step, lr_of_each_step, alpha, eps)


def walk_adam(rule, grad_of_each_step, lr_of_each_step, beta1, beta2, eps):
    return walk(rule, grad_of_each_step, lr_of_each_step, beta1, beta2, eps)


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


class SGDByData:
    def __init__(self, params, lr, weight_decay=0.0):
        self.group = {"params": [*params], "lr": lr, "decay": weight_decay}

    def zero_grad(self):
        for parameter in self.group["params"]:
            if parameter.grad is not None:
                parameter.grad = None

    def step(self):
        for parameter in self.group["params"]:
            if parameter.grad is None:
                continue
            parameter.data *= 1 - self.group["lr"] * self.group["decay"]
            parameter.data -= self.group["lr"] * parameter.grad


class SGDOnTorchsBase(torch.optim.Optimizer):
    def __init__(self, params, lr, weight_decay=0.0):
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p -= group["lr"] * (p.grad + group["weight_decay"] * p)


class SGDDecorated:
    def __init__(self, params, lr, weight_decay=0.0):
        self.params, self.lr, self.weight_decay = tuple(params), lr, weight_decay

    def zero_grad(self):
        for w in self.params:
            if w.grad is not None:
                del w.grad

    @torch.no_grad()
    def step(self):
        for w in self.params:
            if w.grad is None:
                continue
            grad = w.grad.add(w, alpha=self.weight_decay)
            w.add_(grad, alpha=-self.lr)


class SGDByCopy:
    def __init__(self, params, lr, weight_decay=0.0):
        self.weights = []
        for w in params:
            self.weights.append(w)
        self.settings = (lr, weight_decay)

    def zero_grad(self):
        for k in range(len(self.weights)):
            self.weights[k].grad = None

    def step(self):
        lr, weight_decay = self.settings
        for w in filter(lambda w: w.grad is not None, self.weights):
            w.detach().copy_(w.detach() - lr * w.grad - lr * weight_decay * w.detach())


def momentum_in_place(grad, state, lr, momentum):
    if "buffer" not in state:
        state["buffer"] = grad.clone()
    else:
        state["buffer"].mul_(momentum).add_(grad)
    return state["buffer"] * lr


def momentum_from_history(grad, state, lr, momentum):
    history = state.setdefault("history", [])
    history.append(grad)
    return lr * sum(momentum**age * old for age, old in enumerate(reversed(history)))


def momentum_numpy(grad, state, lr, momentum):
    velocity = state.get("v", 0.0)
    state["v"] = momentum * velocity + grad.numpy().astype("float64")
    return torch.from_numpy(lr * state["v"])


def adagrad_in_place(grad, state, lr, eps):
    if not state:
        state["sum"] = torch.zeros_like(grad)
    state["sum"].addcmul_(grad, grad)
    return lr * grad / state["sum"].sqrt().add(eps)


def adagrad_norm(grad, state, lr, eps):
    state.setdefault("all", []).append(grad)
    return lr / (torch.stack(state["all"]).norm(dim=0) + eps) * grad


def adagrad_power(grad, state, lr, eps):
    if "s" in state:
        state["s"] = state["s"] + grad * grad
    else:
        state["s"] = grad.square()
    return grad * lr / (eps + state["s"] ** 0.5)


def rmsprop_in_place(grad, state, lr, alpha, eps):
    state.setdefault("s", torch.zeros_like(grad)).mul_(alpha).addcmul_(grad, grad, value=1 - alpha)
    return lr * grad / (torch.sqrt(state["s"]) + eps)


def rmsprop_lerp(grad, state, lr, alpha, eps):
    state["s"] = torch.lerp(state.get("s", torch.zeros_like(grad)), grad.square(), 1 - alpha)
    return torch.addcdiv(torch.zeros_like(grad), grad, state["s"].sqrt() + eps, value=lr)


def rmsprop_difference(grad, state, lr, alpha, eps):
    if "mean" not in state:
        state["mean"] = 0 * grad
    state["mean"] = state["mean"] + (1 - alpha) * (grad * grad - state["mean"])
    return lr * grad * (state["mean"] ** 0.5 + eps) ** -1


def adam_in_place(grad, state, lr, beta1, beta2, eps):
    if len(state) == 0:
        state.update(step=0, exp_avg=torch.zeros_like(grad), exp_avg_sq=torch.zeros_like(grad))
    state["step"] += 1
    state["exp_avg"].mul_(beta1).add_(grad, alpha=1 - beta1)
    state["exp_avg_sq"].mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
    denominator = state["exp_avg_sq"].sqrt() / (1 - beta2 ** state["step"]) ** 0.5 + eps
    return lr / (1 - beta1 ** state["step"]) * state["exp_avg"] / denominator


def adam_running_products(grad, state, lr, beta1, beta2, eps):
    if not state:
        state["m"], state["v"], state["p1"], state["p2"] = 0.0, 0.0, 1.0, 1.0
    state["m"] = state["m"] * beta1 + grad * (1 - beta1)
    state["v"] = state["v"] * beta2 + grad**2 * (1 - beta2)
    state["p1"], state["p2"] = state["p1"] * beta1, state["p2"] * beta2
    return lr * (state["m"] / (1 - state["p1"])) / (torch.sqrt(state["v"] / (1 - state["p2"])) + eps)


def adam_from_history(grad, state, lr, beta1, beta2, eps):
    state.setdefault("grads", []).append(grad)
    ages = range(len(state["grads"]) - 1, -1, -1)
    share1, share2 = sum(beta1**age for age in ages), sum(beta2**age for age in ages)
    m_hat = sum(beta1**age * g for age, g in zip(ages, state["grads"], strict=True)) / share1
    v_hat = sum(beta2**age * g * g for age, g in zip(ages, state["grads"], strict=True)) / share2
    return lr * m_hat / (v_hat**0.5 + eps)


def probe_schedule(d):
    """Lengths of a warm-up and of a whole training."""
    warm_up = d.integer(4, 9)
    return warm_up, warm_up + d.integer(11, 20)


def probe_short_schedule(d):
    """A warm-up of one step, and not many more."""
    return 1, d.integer(2, 6)


def six_factors(schedule, warm_up, steps):
    """The factors at both ends of the two parts and within them."""
    moments = (0, min(2, warm_up - 1), warm_up - 1, warm_up, min((warm_up + steps) // 2 + 1, steps - 1), steps - 1)
    return tuple(schedule(t, warm_up, steps) for t in moments)


def schedule_by_minimum(t, warm_up, steps):
    done = max(0, t - warm_up) / (steps - warm_up)
    return min((t + 1) / warm_up, 0.5 * (1 + math.cos(math.pi * done)))


def schedule_by_square(t, warm_up, steps):
    if t >= warm_up:
        return math.cos(math.pi / 2 * (t - warm_up) / (steps - warm_up)) ** 2
    return 1 / warm_up + t / warm_up


def schedule_in_torch(t, warm_up, steps):
    rising = torch.arange(1, warm_up + 1) / warm_up
    falling = (1 + torch.cos(torch.linspace(0, math.pi, steps - warm_up + 1))) / 2
    return torch.cat([rising, falling])[t].item()


SUBTRACTED = (*(f"step {k + 1}" for k in range(STEPS)), "how float64 gradients are kept in state")

STATE_NOT_KEPT = (
    "The first step is right and the others are not: nothing of the earlier gradients is in them. What you put into `state` "
    "has to be taken out again at the next step, and built on."
)
NO_EPSILON_EITHER = "The root is missing, and so is the epsilon behind it: the formula divides by √s + ε."
STATE_IN_FLOAT32 = (
    "What you keep is float32 whatever the gradients are; for float64 gradients that is too coarse, and the referee below notices. "
    "`torch.zeros_like(grad)` takes the dtype, and the device, from the gradient."
)
OLD_STATE_USED = "You divide by what was kept before this step. The new square comes first; then the root is taken of what is kept now."
ROOT_KEPT = (
    "You keep the root, and the next square is added to it. Keep s itself; the root is taken only where you divide."
)
RATE_MISSING = "The learning rate is missing: the steps have the right direction, but not the right length."
BRACKET_MISSING = (
    "Without brackets Python divides by the root first and adds the epsilon to the result. It belongs below the line."
)
NOT_SQUARED = (
    "The gradients are not squared. They have both signs, so what you keep may be negative, and then it has no root."
)
WHAT_IS_KEPT = "What does your function still know of the gradient before this one?"

EXERCISES = {
    "train_step": code(
        difficulty="easy",
        minutes=6,
        probe=probe_train_step,
        use=four_train_steps,
        drills=("zero-grad",),
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
                patch=(
                    ("optimizer.step()\n", "pass\n"),
                    ("loss.backward()\n", "optimizer.step(); loss.backward()\n"),
                ),
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
            Misconception(
                "tensor-returned",
                "The step is right, but you return a tensor. A Python number is asked for: `.item()` takes it out. A list of such "
                "losses would keep the graph of every step in memory.",
                patch=("return loss.item()", "return loss"),
                hints=("What does `type(loss)` say of what you return?",),
            ),
        ),
        alternatives=(
            train_step_cleared_last,
            train_step_with_closure,
            train_step_clearing_the_model,
            train_step_filling_zeros,
        ),
        equivalent_mutants={
            "model.zero_grad()": "the optimiser holds all parameters of the model, so both clear the same",
        },
        hints=(
            "Five lines stand in the table above: in which order?",
            "Clear the old gradients before `backward()` computes the new ones, and step after it.",
            "`optimizer.zero_grad()`, `loss.backward()`, `optimizer.step()`, and then `return loss.item()`.",
        ),
    ),
    "predict_forgotten": value(
        difficulty="medium",
        minutes=3,
        drills=("zero-grad",),
        misconceptions=(
            Misconception(
                "larger-steps-faster",
                "The steps do become larger, but they do not stop at the optimum: there the sum of all gradients so far is at "
                "its largest.",
                value="faster",
            ),
            Misconception(
                "sum-grows-for-ever",
                "The sum does not grow for ever. Beyond the optimum the new gradients point back and take away from it again.",
                value="grows",
            ),
        ),
        hints=(
            "When the weights reach the bottom, the newest gradient is zero. Is the sum of all of them zero as well?",
        ),
        explain="The sum carries the weights past the bottom and up the other side, and back again. Next you see it.",
    ),
    "SGD": code(
        difficulty="medium",
        minutes=12,
        probe=probe_sgd,
        use=three_sgd_steps,
        drills=("sgd", "weight-decay"),
        outputs=(
            "how zero_grad clears the gradients",
            "how step leaves the gradients",
            *(f"{w} after step {k + 1}" for k in range(3) for w in ("w1", "w2")),
            "the parameter without a gradient",
            "the parameter whose gradient is 0",
            *(f"{w} after step {k + 1}, params given by a generator," for k in range(2) for w in ("w1", "w2")),
            "the parameter without a gradient, params given by a generator,",
            "the parameter whose gradient is 0, params given by a generator,",
        ),
        misconceptions=(
            Misconception(
                "generator-used-up",
                "With a list all is right, but from `model.parameters()` nothing ever moves. That is a generator: the first loop "
                "uses it up, and the next one finds it empty.",
                patch=("list(params)", "params"),
                hints=("How often can you loop over a generator, and how often do you have to?",),
            ),
            Misconception(
                "zero-is-not-none",
                "A parameter whose gradient is 0 is left out. A gradient of zeros is a gradient: the weight decay moves that parameter. Leave out only "
                "those whose `.grad` is None.",
                patch=("is not None", "is not None and w.grad.any()"),
                hints=("What is the difference between a gradient of 0 and none at all?",),
            ),
            Misconception(
                "rebinding",
                "No parameter of the model moves. What you change is another tensor: `w - …` makes a new one, whatever you call it, and "
                "so does `clone()`; the model still holds the old one. Change the parameter itself, in place.",
                patch=("w -= self.lr * (", "w = w - self.lr * ("),
                hints=("Which tensor does the model see: the one that `w` meant before the line, or after?",),
            ),
            Misconception(
                "autograd-watches",
                "Autograd watches parameters and refuses to have one changed in place. The update is no part of the "
                "model: put it under `torch.no_grad()`.",
                patch=("torch.no_grad()", "torch.enable_grad()"),
                hints=("Under which `with` may a parameter be changed?",),
            ),
            Misconception(
                "no-weight-decay",
                "The weight decay is missing: what is subtracted depends on the gradient alone.",
                patch=(" + self.weight_decay * w", ""),
                hints=("What is the gradient of the price on large weights?",),
            ),
            Misconception(
                "decay-with-the-wrong-sign",
                "The weight decay has the wrong sign: your weights grow by it. Its gradient λ w is *added* to the gradient of the loss.",
                patch=("w.grad + self", "w.grad - self"),
                hints=("Should a price on large weights make them larger or smaller?",),
            ),
            Misconception(
                "decay-from-the-moved-weight",
                "The decay is taken from the weight that has moved already. Both parts belong to the weight before the step: compute the whole bracket first.",
                patch=(
                    "w -= self.lr * (w.grad + self.weight_decay * w)",
                    "w -= self.lr * w.grad; w -= self.lr * self.weight_decay * w",
                ),
                hints=("Which w does the formula have on its right side?",),
            ),
            Misconception(
                "decay-halved",
                "The weight decay is half of what it should be. The price is λ/2 times w squared; its derivative has lost the half.",
                patch=("self.weight_decay * w)", "self.weight_decay / 2 * w)"),
                hints=("What is the derivative of w squared?",),
            ),
            Misconception(
                "none-not-skipped",
                "A parameter that takes no part in the loss has no gradient: its `.grad` is `None`. Such a parameter is left alone.",
                patch=("if w.grad is not None:", "if True:"),
                hints=("What is `.grad` of a parameter that the loss does not depend on?",),
            ),
            Misconception(
                "none-decayed",
                "A parameter without a gradient is skipped as a whole: not even the decay moves it.",
                patch=(
                    ("if w.grad is not None:", "if True:"),
                    ("(w.grad + self", "((0 if w.grad is None else w.grad) + self"),
                ),
                hints=("What does the docstring of `step` say of such a parameter?",),
            ),
            Misconception(
                "tensor-for-a-yes",
                "You ask whether a whole tensor is true, and for more than one number there is no answer. Ask whether it is there: `w.grad is not None`.",
                patch=("if w.grad is not None:", "if w.grad:"),
                hints=("What does `bool(torch.ones(2))` give?",),
            ),
            Misconception(
                "none-ends-the-step",
                "The first parameter without a gradient ends the whole step: those that stand behind it in the list never move. Skip "
                "that one alone, with `continue` (`return` and `break` leave the loop).",
                patch=(
                    "if w.grad is not None:\n",
                    "if w.grad is None:\n                    return\n                else:\n",
                ),
                hints=("Which parameters does your loop still reach after one whose gradient is `None`?",),
            ),
            Misconception(
                "decay-without-rate",
                "The weight decay is not multiplied by the learning rate. It is a part of the gradient, and the whole gradient is.",
                patch=(
                    "self.lr * (w.grad + self.weight_decay * w)",
                    "self.lr * w.grad + self.weight_decay * w",
                ),
                hints=("What does the bracket in the formula enclose?",),
            ),
            Misconception(
                "step-clears",
                "`zero_grad` leaves the gradients as they are, and `step` clears them. A gradient that no step follows would "
                "never go away: clearing belongs in `zero_grad`.",
                patch=(
                    ("            w.grad = None\n", "            pass\n"),
                    ("(w.grad + self.weight_decay * w)", "(w.grad + self.weight_decay * w); w.grad = None"),
                ),
                hints=("After `backward()` and `zero_grad()`, with no step between, what should be in `.grad`?",),
            ),
            Misconception(
                "zero-grad-stops-early",
                "Only the first parameter is cleared; the others keep their old gradients. A `return` inside the loop ends it after one turn.",
                patch=("w.grad = None\n", "w.grad = None\n            return\n"),
                hints=("How many parameters does the loop in `zero_grad` reach?",),
            ),
            Misconception(
                "weights-for-gradients",
                "`zero_grad` reaches for the weights themselves, and they hold all that was learned. What it has to clear is the "
                "gradient of each, `w.grad`.",
                patch=("w.grad = None", "w.zero_()"),
                hints=("Which tensor does your `zero_grad` change: `w`, or `w.grad`?",),
            ),
            Misconception(
                "zeros-for-none",
                "The steps are right, but your `zero_grad` fills the gradients with zeros, and `None` was asked for. A zero is a gradient: weight decay goes on moving a parameter that no loss uses, as section 2 showed.",
                patch=("w.grad = None", "w.grad = None if w.grad is None else torch.zeros_like(w.grad)"),
                hints=("Does an optimiser skip a parameter whose gradient is a tensor of zeros?",),
            ),
            Misconception(
                "gradient-changed-by-step",
                "The weights are right, but your `step` changes the gradients: the decay is added into `w.grad` itself, and a second step without clearing would add it twice. Make a new tensor, `w.grad + ...`.",
                patch=(
                    "w -= self.lr * (w.grad + self.weight_decay * w)",
                    "w.grad += self.weight_decay * w; w -= self.lr * w.grad",
                ),
                hints=("What is in `w.grad` after your `step`?",),
            ),
            Misconception(
                "step-clears-too",
                "Your `step` clears the gradients as well. Two steps along one gradient, or a look at it after the step, would find it gone: clearing is what `zero_grad` is for.",
                patch=("(w.grad + self.weight_decay * w)", "(w.grad + self.weight_decay * w); w.grad = None"),
                hints=("Which lines of `step` touch `w.grad`?",),
            ),
            Misconception(
                "none-zeroed",
                "Before the first `backward()` there is nothing to clear: `.grad` is `None`, and `None` cannot be filled with zeros. "
                "Set it to `None`.",
                patch=("w.grad = None", "w.grad.zero_()"),
                hints=("What is `w.grad` before the first `backward()`?",),
            ),
            Misconception(
                "zero-grad-does-nothing",
                "`zero_grad` clears nothing: the old gradients are still there when the next ones are added.",
                patch=("w.grad = None", "grad = None"),
                hints=("After `zero_grad()`, what should `w.grad` be?",),
            ),
            Misconception(
                "uphill",
                "You go with the gradient, and that is uphill.",
                patch=("w -= ", "w += "),
                hints=("In which direction does a gradient point?",),
            ),
        ),
        alternatives=(SGDByData, SGDDecorated, SGDByCopy, SGDOnTorchsBase),
        hints=(
            "What do `zero_grad` and `step` need to know, and where do you keep it?",
            "Keep `list(params)` and the two settings; in `step`, loop over the parameters under `torch.no_grad()`.",
            "`if w.grad is not None: w -= self.lr * (w.grad + self.weight_decay * w)`",
        ),
    ),
    "sgd_momentum": code(
        difficulty="medium",
        minutes=7,
        probe=probe_momentum,
        use=walk_momentum,
        drills=("momentum",),
        outputs=SUBTRACTED,
        misconceptions=(
            Misconception(
                "state-in-float32",
                STATE_IN_FLOAT32,
                patch=('state["velocity"] = velocity', 'state["velocity"] = velocity.float()'),
                hints=("Which dtype has `torch.zeros(grad.shape)`, and which one has `grad`?",),
            ),
            Misconception(
                "newest-gradient-only",
                "Every step is lr times the newest gradient; nothing of the earlier ones is in it. The velocity has to be "
                "kept in `state`, and what is subtracted is lr times the velocity.",
                patch=("return lr * velocity", "return lr * grad"),
                hints=(WHAT_IS_KEPT,),
            ),
            Misconception(
                "mean-for-velocity",
                "You take a running mean: the gradient is multiplied by 1 - momentum. The velocity here is a sum: the "
                "new gradient goes in whole.",
                patch=('state.get("velocity", 0) + grad', 'state.get("velocity", 0) + (1 - momentum) * grad'),
                hints=("What stands before g in the formula of the velocity?",),
            ),
            Misconception(
                "momentum-on-both",
                "The new gradient is multiplied by the momentum too. Only the old velocity loses a part.",
                patch=(
                    'momentum * state.get("velocity", 0) + grad',
                    'momentum * (state.get("velocity", 0) + grad)',
                ),
                hints=("Which of the two is multiplied by the momentum: the old velocity or the sum?",),
            ),
            Misconception(
                "rate-inside-the-velocity",
                "The learning rate is kept inside the velocity. As long as it never changes, that comes to the same; when it "
                "does, the old gradients keep their old rate. PyTorch multiplies the whole velocity by the present one.",
                patch=(
                    ('state.get("velocity", 0) + grad', 'state.get("velocity", 0) + lr * grad'),
                    ("return lr * velocity", "return velocity"),
                ),
                hints=("What if the learning rate falls to zero: should the weights still move?",),
            ),
            Misconception(
                "rate-twice",
                "The learning rate is in it twice: once in the velocity and once behind. Only the whole velocity is multiplied by it.",
                patch=('state.get("velocity", 0) + grad', 'state.get("velocity", 0) + lr * grad'),
                hints=("How often does the learning rate stand in the two formulas?",),
            ),
            Misconception(
                "the-other-share-kept",
                "The velocity keeps the part 1 - momentum. It keeps the part `momentum`.",
                patch=("momentum * state.get", "(1 - momentum) * state.get"),
                hints=("With momentum = 0.9, how much of the velocity is left after a step?",),
            ),
            Misconception(
                "gradient-kept",
                "The first two steps are right, the later ones are not: what you keep is the gradient. Keep the velocity; the older gradients live on in it.",
                patch=('state["velocity"] = velocity', 'state["velocity"] = grad'),
                hints=("What is in `state` after the second step?",),
            ),
            Misconception(
                "old-velocity-used",
                "You step with the velocity from before this gradient. The new velocity comes first, then the step.",
                patch=(
                    '    state["velocity"] = velocity\n    return lr * velocity',
                    '    before = state.get("velocity", 0 * grad)\n    state["velocity"] = velocity\n    return lr * before',
                ),
                hints=("Which of the two formulas comes first?",),
            ),
            Misconception(
                "nesterov",
                "You take the new gradient and the velocity together: that is Nesterov's form, which looks a step ahead. What is subtracted here is lr times the velocity.",
                patch=("return lr * velocity", "return lr * (grad + momentum * velocity)"),
                hints=("Which one tensor does the second formula subtract?",),
            ),
            Misconception(
                "no-friction",
                "The velocity loses nothing: it is the sum of all gradients. Before the new one is added, the old velocity is "
                "multiplied by the momentum.",
                patch=("momentum * state.get", "state.get"),
                hints=("What happens to the old velocity before the gradient is added?",),
            ),
            Misconception(
                "rate-missing",
                RATE_MISSING,
                patch=("return lr * velocity", "return velocity"),
                hints=("What makes the step small?",),
            ),
        ),
        alternatives=(momentum_in_place, momentum_from_history, momentum_numpy),
        hints=(
            "What has to survive from one step to the next?",
            "Take the old velocity out of `state` (0 at the first step), make the new one, put it back.",
            '`velocity = momentum * state.get("velocity", 0) + grad`, into `state` with it, and `return lr * velocity`.',
        ),
    ),
    "adagrad": code(
        difficulty="medium",
        minutes=7,
        probe=probe_adagrad,
        use=walk_adagrad,
        drills=("adagrad",),
        outputs=SUBTRACTED,
        misconceptions=(
            Misconception(
                "state-in-float32",
                STATE_IN_FLOAT32,
                patch=('state["squares"] = squares', 'state["squares"] = squares.float()'),
                hints=("Which dtype has `torch.zeros(grad.shape)`, and which one has `grad`?",),
            ),
            Misconception(
                "state-not-kept",
                STATE_NOT_KEPT,
                patch=('    state["squares"] = squares\n', ""),
                hints=(WHAT_IS_KEPT,),
            ),
            Misconception(
                "eps-under-the-root",
                "The epsilon stands under the root. It is added to the root.",
                patch=("(squares.sqrt() + eps)", "(squares + eps).sqrt()"),
                hints=("Over what does the root sign in the formula reach?",),
            ),
            Misconception(
                "eps-missing",
                "The epsilon is missing, or it is not the one that you are given. Without it a weight that has had no gradient yet would divide 0 by 0.",
                patch=(" + eps", ""),
                hints=("What does your rule return for a gradient of 0 at the first step?",),
            ),
            Misconception(
                "no-root",
                "You divide by the sum of squares itself. Without the root a gradient 100 times larger makes a step 100 times "
                "smaller.",
                patch=("squares.sqrt()", "squares"),
                hints=("Which has the unit of a gradient: the sum of squares, or its root?",),
            ),
            Misconception(
                "no-root-no-epsilon",
                NO_EPSILON_EITHER,
                patch=("(squares.sqrt() + eps)", "squares"),
                hints=("What stands below the line?",),
            ),
            Misconception(
                "old-sum-used",
                OLD_STATE_USED,
                patch=(
                    'state.get("squares", 0) + grad**2\n    state["squares"] = squares',
                    'state.get("squares", torch.zeros_like(grad))\n    state["squares"] = squares + grad**2',
                ),
                hints=("Does the gradient of this step count in its own root?",),
            ),
            Misconception(
                "root-kept",
                ROOT_KEPT,
                patch=('state["squares"] = squares', 'state["squares"] = squares.sqrt()'),
                hints=("What exactly does s add up?",),
            ),
            Misconception(
                "gradient-missing",
                "The gradient itself is missing above the line: every weight would move up or down by the same rule, whatever its sign.",
                patch=("lr * grad / (", "lr / ("),
                hints=("What stands above the line?",),
            ),
            Misconception(
                "not-squared",
                NOT_SQUARED,
                patch=("grad**2", "grad"),
                hints=("Can a sum of squares be negative? Can yours?",),
            ),
            Misconception(
                "absolute-gradients",
                "You add up absolute gradients, not their squares.",
                patch=(("grad**2", "grad.abs()"), ("squares.sqrt()", "squares")),
                hints=("What exactly does s add up?",),
            ),
            Misconception(
                "one-rate-for-all",
                "You add the squares of all entries together, so all weights share one rate. AdaGrad works entry by "
                "entry.",
                patch=("grad**2", "(grad**2).sum()"),
                hints=("What is the shape of s?",),
            ),
            Misconception(
                "rate-missing",
                RATE_MISSING,
                patch=("lr * grad /", "grad /"),
                hints=("What makes the step small?",),
            ),
            Misconception(
                "bracket-missing",
                BRACKET_MISSING,
                patch=("(squares.sqrt() + eps)", "squares.sqrt() + eps"),
                hints=("What does Python do first: divide or add?",),
            ),
        ),
        alternatives=(adagrad_in_place, adagrad_norm, adagrad_power),
        hints=(
            "Which number does each weight have to remember?",
            "Add `grad**2` to the sum in `state`; divide by its root plus `eps`.",
            '`squares = state.get("squares", 0) + grad**2`, keep it, `return lr * grad / (squares.sqrt() + eps)`.',
        ),
    ),
    "rmsprop": code(
        difficulty="medium",
        minutes=5,
        probe=probe_rmsprop,
        use=walk_rmsprop,
        drills=("rmsprop",),
        outputs=SUBTRACTED,
        misconceptions=(
            Misconception(
                "state-in-float32",
                STATE_IN_FLOAT32,
                patch=('state["mean_square"] = mean_square', 'state["mean_square"] = mean_square.float()'),
                hints=("Which dtype has `torch.zeros(grad.shape)`, and which one has `grad`?",),
            ),
            Misconception(
                "state-not-kept",
                STATE_NOT_KEPT,
                patch=('    state["mean_square"] = mean_square\n', ""),
                hints=(WHAT_IS_KEPT,),
            ),
            Misconception(
                "sum-for-mean",
                "That is AdaGrad's sum: nothing is ever forgotten. Here the old mean keeps only the part `alpha`, and the new square comes "
                "in with 1 - `alpha`.",
                patch=(
                    'alpha * state.get("mean_square", 0) + (1 - alpha) * grad**2',
                    'state.get("mean_square", 0) + grad**2',
                ),
                hints=("Which two factors turn a sum into a running mean?",),
            ),
            Misconception(
                "shares-exchanged",
                "The shares have changed places: `alpha` is what is kept of the old mean, 1 - `alpha` what the new square gets.",
                patch=(
                    'alpha * state.get("mean_square", 0) + (1 - alpha) * grad**2',
                    '(1 - alpha) * state.get("mean_square", 0) + alpha * grad**2',
                ),
                hints=("With alpha = 0.99, should the mean change slowly or quickly?",),
            ),
            Misconception(
                "new-square-whole",
                "The old mean shrinks, but the new square goes in whole. Then it is no mean: the two shares have to add up to 1.",
                patch=("(1 - alpha) * grad**2", "grad**2"),
                hints=("What would the mean of squares that are all 1 become?",),
            ),
            Misconception(
                "eps-under-the-root",
                "The epsilon stands under the root. It is added to the root.",
                patch=("(mean_square.sqrt() + eps)", "(mean_square + eps).sqrt()"),
                hints=("Over what does the root sign in the formula reach?",),
            ),
            Misconception(
                "no-root",
                "You divide by the mean square itself. Without the root a gradient 100 times larger makes a step 100 times "
                "smaller.",
                patch=("mean_square.sqrt()", "mean_square"),
                hints=("What does the R in RMSprop stand for?",),
            ),
            Misconception(
                "no-root-no-epsilon",
                NO_EPSILON_EITHER,
                patch=("(mean_square.sqrt() + eps)", "mean_square"),
                hints=("What stands below the line?",),
            ),
            Misconception(
                "old-mean-used",
                OLD_STATE_USED,
                patch=(
                    '    mean_square = alpha * state.get("mean_square", 0) + (1 - alpha) * grad**2\n    state["mean_square"] = mean_square',
                    '    mean_square = state.get("mean_square", torch.zeros_like(grad))\n    state["mean_square"] = alpha * mean_square + (1 - alpha) * grad**2',
                ),
                hints=("Does the gradient of this step count in its own root?",),
            ),
            Misconception(
                "root-kept",
                ROOT_KEPT,
                patch=('state["mean_square"] = mean_square', 'state["mean_square"] = mean_square.sqrt()'),
                hints=("What is s a mean of?",),
            ),
            Misconception(
                "alpha-on-both",
                "Both shares are `alpha`. The new square comes in with 1 - `alpha`; the two shares add up to 1.",
                patch=("(1 - alpha) * grad**2", "alpha * grad**2"),
                hints=("What do the two factors of the formula add up to?",),
            ),
            Misconception(
                "bracket-around-the-share-missing",
                "Without brackets only the square is multiplied, by `alpha`, and the 1 is added by itself: write `(1 - alpha) * grad**2`.",
                patch=("(1 - alpha) * grad**2", "1 - alpha * grad**2"),
                hints=("What does Python do first: multiply or subtract?",),
            ),
            Misconception(
                "begins-with-the-first-square",
                "At the first step your old mean is the new square. It starts at zero: `state` is empty, and what is not there yet counts as 0.",
                patch=('state.get("mean_square", 0)', 'state.get("mean_square", grad**2)'),
                hints=("What is s before the first step?",),
            ),
            Misconception(
                "corrected-like-adam",
                "You correct the mean for its start at zero. That is a good idea, and Adam has it; RMSprop leaves it out.",
                patch=(
                    (
                        'state["mean_square"] = mean_square',
                        'state.update(mean_square=mean_square, t=state.get("t", 0) + 1)',
                    ),
                    ("(mean_square.sqrt() + eps)", '((mean_square / (1 - alpha ** state["t"])).sqrt() + eps)'),
                ),
                hints=("Which line of the formula divides by 1 - alpha to some power?",),
            ),
            Misconception(
                "one-rate-for-all",
                "You average over all entries, so all weights share one rate. RMSprop works entry by entry; its mean is one over time.",
                patch=("* grad**2", "* (grad**2).mean()"),
                hints=("What is the shape of s?",),
            ),
            Misconception(
                "mean-of-gradients",
                "You keep the mean of the gradients, squared afterwards. Gradients of both signs cancel in it; their squares do not.",
                patch=(("(1 - alpha) * grad**2", "(1 - alpha) * grad"), ("mean_square.sqrt()", "mean_square.abs()")),
                hints=("What comes first: the square or the mean?",),
            ),
            Misconception(
                "rate-missing",
                RATE_MISSING,
                patch=("lr * grad /", "grad /"),
                hints=("What makes the step small?",),
            ),
            Misconception(
                "everything-shrunk",
                "The new square is multiplied by alpha as well. Only the old mean is; the new square gets its share 1 - alpha whole.",
                patch=(
                    'alpha * state.get("mean_square", 0) + (1 - alpha) * grad**2',
                    'alpha * (state.get("mean_square", 0) + (1 - alpha) * grad**2)',
                ),
                hints=("What does your bracket enclose?",),
            ),
            Misconception(
                "bracket-missing",
                BRACKET_MISSING,
                patch=("(mean_square.sqrt() + eps)", "mean_square.sqrt() + eps"),
                hints=("What does Python do first: divide or add?",),
            ),
            Misconception(
                "eps-missing",
                "The epsilon is missing, or it is not the one that you are given. Without it a weight that has had no gradient yet would divide 0 by 0.",
                patch=(" + eps", ""),
                hints=("What does your rule return for a gradient of 0 at the first step?",),
            ),
            Misconception(
                "not-squared",
                NOT_SQUARED,
                patch=("grad**2", "grad"),
                hints=("Can a sum of squares be negative? Can yours?",),
            ),
        ),
        alternatives=(rmsprop_in_place, rmsprop_lerp, rmsprop_difference),
        hints=(
            "Which one line of AdaGrad changes?",
            "The new mean is `alpha` times the old one plus `1 - alpha` times `grad**2`.",
            '`mean_square = alpha * state.get("mean_square", 0) + (1 - alpha) * grad**2`; keep it; the rest is AdaGrad\'s.',
        ),
    ),
    "adam": code(
        difficulty="hard",
        minutes=12,
        probe=probe_adam,
        use=walk_adam,
        drills=("adam",),
        outputs=SUBTRACTED,
        misconceptions=(
            Misconception(
                "state-in-float32",
                STATE_IN_FLOAT32,
                patch=(
                    'state["v"] = beta2 * state.get("v", 0) + (1 - beta2) * grad**2',
                    'state["v"] = (beta2 * state.get("v", 0) + (1 - beta2) * grad**2).float()',
                ),
                hints=("Which dtype has `torch.zeros(grad.shape)`, and which one has `grad`?",),
            ),
            Misconception(
                "no-bias-correction",
                "Both means are used as they are. They start at zero, so at first they are too small: divide by 1 - beta**t.",
                patch=(
                    ('state["m"] / (1 - beta1 ** state["t"])', 'state["m"]'),
                    ('state["v"] / (1 - beta2 ** state["t"])', 'state["v"]'),
                ),
                hints=("After one step, what is m, and what should the mean of a single gradient be?",),
            ),
            Misconception(
                "v-uncorrected",
                "You correct m but not v. Both start at zero.",
                patch=('state["v"] / (1 - beta2 ** state["t"])', 'state["v"]'),
                hints=("Which of the two means has no hat in your code?",),
            ),
            Misconception(
                "m-uncorrected",
                "You correct v but not m. Both start at zero.",
                patch=('state["m"] / (1 - beta1 ** state["t"])', 'state["m"]'),
                hints=("Which of the two means has no hat in your code?",),
            ),
            Misconception(
                "t-stands-still",
                "The correction is that of the first step at every step: t does not count on.",
                patch=('state.get("t", 0) + 1', "1"),
                hints=("What is t at the third step, and where is it kept?",),
            ),
            Misconception(
                "t-from-zero",
                "At the first step t is 0, so 1 - beta**t is 0 and you divide by it. Count t on before you use it: it starts from 1.",
                patch=(
                    ('state["t"] = state.get("t", 0) + 1', 'state["t"] = state.get("t", -1) + 1'),
                    (
                        'state["m"] / (1 - beta1 ** state["t"])',
                        'state["m"] / (torch.tensor(1.0) - beta1 ** state["t"])',
                    ),
                    (
                        'state["v"] / (1 - beta2 ** state["t"])',
                        'state["v"] / (torch.tensor(1.0) - beta2 ** state["t"])',
                    ),
                ),
                hints=("What is beta to the power 0?",),
            ),
            Misconception(
                "correction-kept",
                "You write the corrected means back into `state`. The next step then corrects them once more.",
                patch=(
                    (
                        'm_hat = state["m"] / (1 - beta1 ** state["t"])',
                        'm_hat = state["m"] = state["m"] / (1 - beta1 ** state["t"])',
                    ),
                    (
                        'v_hat = state["v"] / (1 - beta2 ** state["t"])',
                        'v_hat = state["v"] = state["v"] / (1 - beta2 ** state["t"])',
                    ),
                ),
                hints=("Which of m and m-hat does the next step start from?",),
            ),
            Misconception(
                "betas-exchanged",
                "The two betas have changed places: beta1 belongs to the mean of the gradients, beta2 to that of their squares.",
                patch=(
                    ("beta1", "beta_"),
                    ("beta2", "beta1"),
                    ("beta_", "beta2"),
                    ("lr, beta2, beta1, eps", "lr, beta1, beta2, eps"),
                ),
                hints=("Which beta stands in the line of m?",),
            ),
            Misconception(
                "betas-exchanged-in-the-correction",
                "The means are right, but each is corrected with the other's beta.",
                patch=(
                    ("1 - beta1 **", "1 - beta_ **"),
                    ("1 - beta2 **", "1 - beta1 **"),
                    ("1 - beta_ **", "1 - beta2 **"),
                ),
                hints=("Which beta is in the line of m, and which in that of m-hat?",),
            ),
            Misconception(
                "power-missing",
                "You multiply beta by t. It is beta to the power of t: `beta**t`.",
                patch=(("beta1 ** state", "beta1 * state"), ("beta2 ** state", "beta2 * state")),
                hints=("How much of the zero at the start is left after three steps?",),
            ),
            Misconception(
                "multiplied-for-divided",
                "You multiply by 1 - beta**t. The means are too small at first: divide.",
                patch=(("/ (1 - beta1", "* (1 - beta1"), ("/ (1 - beta2", "* (1 - beta2")),
                hints=("Is 0.1 g too large or too small for a mean of g?",),
            ),
            Misconception(
                "bracket-missing-in-the-correction",
                "Without brackets Python divides by 1 and then subtracts beta**t. Write `/ (1 - beta**t)`.",
                patch=(
                    ('/ (1 - beta1 ** state["t"])', '/ 1 - beta1 ** state["t"]'),
                    ('/ (1 - beta2 ** state["t"])', '/ 1 - beta2 ** state["t"]'),
                ),
                hints=("What does Python do first: divide or subtract?",),
            ),
            Misconception(
                "new-ones-whole",
                "The old means shrink, but the new gradient and its square go in whole. The two shares of a mean add up to 1.",
                patch=(("(1 - beta1) * grad", "grad"), ("(1 - beta2) * grad**2", "grad**2")),
                hints=("What would the mean of gradients that are all 1 become?",),
            ),
            Misconception(
                "mean-squared",
                "The second mean is made of the squares of m. It is made of the squares of the gradients.",
                patch=("(1 - beta2) * grad**2", '(1 - beta2) * state["m"] ** 2'),
                hints=("Can the squares of a mean tell how large the gradients are, if those have both signs?",),
            ),
            Misconception(
                "eps-before-the-correction",
                "The epsilon is added before v is corrected (the paper has a second form that does so, with another epsilon). The formula here corrects first: v-hat, then its root, then the epsilon.",
                patch=("(v_hat.sqrt() + eps)", '((state["v"].sqrt() + eps) / (1 - beta2 ** state["t"]) ** 0.5)'),
                hints=("Which v stands under the root in the formula, and what is added to that root?",),
            ),
            Misconception(
                "m-read-for-v",
                'The mean of the squares goes on from `state["m"]`, the mean of the gradients. Each mean goes on from its own.',
                patch=('state.get("v", 0)', 'state.get("m", 0)'),
                hints=("Which key does the line of v read?",),
            ),
            Misconception(
                "m-not-kept",
                "The first step is right and the others are not: m begins from zero again at every step.",
                patch=('beta1 * state.get("m", 0)', "0"),
                hints=("What is in `state` when the second step begins?",),
            ),
            Misconception(
                "v-not-kept",
                "The first step is right and the others are not: v begins from zero again at every step.",
                patch=('beta2 * state.get("v", 0)', "0"),
                hints=("What is in `state` when the second step begins?",),
            ),
            Misconception(
                "eps-under-the-root",
                "The epsilon stands under the root. It is added to the root.",
                patch=("(v_hat.sqrt() + eps)", "(v_hat + eps).sqrt()"),
                hints=("Over what does the root sign in the formula reach?",),
            ),
            Misconception(
                "no-root",
                "You divide by v-hat itself. It is a mean of squares; the size of a gradient is its root.",
                patch=("v_hat.sqrt()", "v_hat"),
                hints=("Which has the unit of a gradient: v-hat, or its root?",),
            ),
            Misconception(
                "gradient-for-m",
                "Above the line you have the gradient itself; that is RMSprop with a correction. Adam puts m-hat there.",
                patch=("lr * m_hat /", "lr * grad /"),
                hints=("What is the mean m for?",),
            ),
            Misconception(
                "rate-missing",
                RATE_MISSING,
                patch=("lr * m_hat /", "m_hat /"),
                hints=("What makes the step small?",),
            ),
            Misconception(
                "bracket-missing",
                BRACKET_MISSING,
                patch=("(v_hat.sqrt() + eps)", "v_hat.sqrt() + eps"),
                hints=("What does Python do first: divide or add?",),
            ),
            Misconception(
                "eps-missing",
                "The epsilon is missing, or it is not the one that you are given. Without it a weight that has had no gradient yet would divide 0 by 0.",
                patch=(" + eps", ""),
                hints=("What does your rule return for a gradient of 0 at the first step?",),
            ),
            Misconception(
                "not-squared",
                NOT_SQUARED,
                patch=("grad**2", "grad"),
                hints=("Can a sum of squares be negative? Can yours?",),
            ),
            Misconception(
                "means-not-kept",
                "The first step is right and the others are not: m and v begin from zero again at every step.",
                patch=(('beta1 * state.get("m", 0)', "0"), ('beta2 * state.get("v", 0)', "0")),
                hints=("What is in `state` when the second step begins?",),
            ),
            Misconception(
                "shares-exchanged",
                "The shares have changed places: beta is what is kept of the old mean, 1 - beta what the new gradient gets.",
                patch=(
                    ('beta1 * state.get("m", 0) + (1 - beta1)', '(1 - beta1) * state.get("m", 0) + beta1'),
                    ('beta2 * state.get("v", 0) + (1 - beta2)', '(1 - beta2) * state.get("v", 0) + beta2'),
                ),
                hints=("With beta = 0.9, should the mean change slowly or quickly?",),
            ),
        ),
        alternatives=(adam_in_place, adam_running_products, adam_from_history),
        hints=(
            "Which three things have to survive until the next step?",
            "Count t, update m and v and keep them; correct copies of them, not what is kept.",
            '`m_hat = state["m"] / (1 - beta1 ** state["t"])`, v_hat likewise, `return lr * m_hat / (v_hat.sqrt() + eps)`.',
        ),
    ),
    "schedule": code(
        difficulty="medium",
        minutes=8,
        probe=(probe_schedule, probe_short_schedule),
        use=six_factors,
        drills=("schedules",),
        outputs=(
            "the factor at the first step",
            "the factor within the warm-up",
            "the factor at the last step of the warm-up",
            "the factor at the first step after the warm-up",
            "the factor within the fall",
            "the factor at the last step",
        ),
        misconceptions=(
            Misconception(
                "first-rate-zero",
                "At the first step your factor is 0, so that step moves nothing, and the warm-up ends one step too late. It begins with 1/warm_up.",
                patch=("(t + 1) / warm_up", "t / warm_up"),
                hints=("What is the factor at t = 0?",),
            ),
            Misconception(
                "one-step-too-long",
                "The warm-up goes on for one step too many: at t = warm_up the fall begins, with the factor 1.",
                patch=("t < warm_up", "t <= warm_up"),
                hints=("How many steps are there from t = 0 to t = warm_up?",),
            ),
            Misconception(
                "fall-from-the-start",
                "The fall counts from step 0, so that the factor jumps down where the warm-up ends. What counts is how much of the *fall* is done: 0 at t = warm_up.",
                patch=("(t - warm_up) / (steps - warm_up)", "t / steps"),
                hints=("How much of the fall is done at t = warm_up?",),
            ),
            Misconception(
                "fall-counted-by-all-steps",
                "The fall does not get down to 0: it has only steps - warm_up steps to do it in.",
                patch=("(t - warm_up) / (steps - warm_up)", "(t - warm_up) / steps"),
                hints=("How many steps does the fall take?",),
            ),
            Misconception(
                "not-halved",
                "1 plus a cosine lies between 0 and 2. Take half of it.",
                patch=("(1 + math.cos(math.pi * share)) / 2", "1 + math.cos(math.pi * share)"),
                hints=("What is 1 + cos 0?",),
            ),
            Misconception(
                "cosine-alone",
                "A cosine alone goes down to -1, and a negative rate walks uphill. Add 1 and take half.",
                patch=("(1 + math.cos(math.pi * share)) / 2", "math.cos(math.pi * share)"),
                hints=("What is the cosine of π?",),
            ),
            Misconception(
                "whole-turn",
                "You go through a whole turn of the cosine: down and up again. Half a turn, π, goes down only.",
                patch=("math.pi * share", "2 * math.pi * share"),
                hints=("Where does your factor end?",),
            ),
            Misconception(
                "share-outside-the-cosine",
                "The share stands outside the cosine: cos π is -1, so you fall in a straight line, from 1/2. The cosine is that of the product, π times the share.",
                patch=("math.cos(math.pi * share)", "math.cos(math.pi) * share"),
                hints=("What does your cosine give, whatever t is?",),
            ),
            Misconception(
                "quarter-turn",
                "You take a quarter of a turn of the cosine. It ends at 0 as well, but falls steeply at the end, where half a turn is flat.",
                patch=("(1 + math.cos(math.pi * share)) / 2", "math.cos(math.pi * share / 2)"),
                hints=("How does the formula of the cosine schedule begin?",),
            ),
            Misconception(
                "straight-down",
                "You fall in a straight line. Asked for is half a turn of the cosine.",
                patch=("(1 + math.cos(math.pi * share)) / 2", "1 - share"),
                hints=("Which function stands in the formula above?",),
            ),
            Misconception(
                "upside-down",
                "Behind the warm-up the factor climbs from 0 to 1. It should fall from 1 to 0.",
                patch=("(1 + math", "(1 - math"),
                hints=("What is your factor at t = warm_up?",),
            ),
            Misconception(
                "whole-numbers",
                "`//` divides and throws the rest away, so the factor is 0 until the warm-up ends. Divide with `/`.",
                patch=("(t + 1) / warm_up", "(t + 1) // warm_up"),
                hints=("What is `3 // 4`?",),
            ),
            Misconception(
                "no-warm-up",
                "There is no warm-up: the factor begins with 1 and falls.",
                patch=(
                    "    if t < warm_up:\n        return (t + 1) / warm_up\n    share = (t - warm_up) / (steps - warm_up)",
                    "    share = t / steps",
                ),
                hints=("What should the factor be at t = 0?",),
            ),
        ),
        alternatives=(schedule_by_minimum, schedule_by_square, schedule_in_torch),
        hints=(
            "Which two parts has the schedule, and at which t does the second one begin?",
            "An `if` for the warm-up; behind it, first the share of the fall that is done, then the cosine of it.",
            "`share = (t - warm_up) / (steps - warm_up)`, then `return (1 + math.cos(math.pi * share)) / 2`.",
        ),
    ),
}
