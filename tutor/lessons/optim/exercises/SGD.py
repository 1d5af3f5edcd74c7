"""SGD with weight decay by hand: what is skipped, cleared or never moves; `watching.py` takes the steps."""

import torch

from tutor.checking import Misconception, code
from tutor.checking.evidence import seen

from ..watching import probe_no_decay, probe_sgd, three_sgd_steps

UPDATE = "(w.grad + self.weight_decay * w)"
ASKED = "if w.grad is not None:"


class SGDByData:
    def __init__(self, params, lr, weight_decay=0.0):
        self.group = {"params": [*params], "lr": lr, "decay": weight_decay}

    def zero_grad(self):
        for parameter in self.group["params"]:
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
            w.add_(w.grad.add(w, alpha=self.weight_decay), alpha=-self.lr)


class SGDByCopy:
    def __init__(self, params, lr, weight_decay=0.0):
        self.weights = list(params)
        self.settings = (lr, weight_decay)

    def zero_grad(self):
        for k in range(len(self.weights)):
            self.weights[k].grad = None

    def step(self):
        lr, decay = self.settings
        for w in (w for w in self.weights if w.grad is not None):
            w.detach().copy_(w.detach() - lr * w.grad - lr * decay * w.detach())


EXERCISE = code(
    difficulty="medium",
    minutes=12,
    drills=("sgd", "weight-decay"),
    probe=(probe_sgd, probe_no_decay),
    use=three_sgd_steps,
    outputs=(
        "how zero_grad clears the gradients",
        "how step leaves the gradients",
        *(f"{w} after step {k + 1}" for k in range(3) for w in ("w1", "w2")),
        "the parameter without a gradient",
        "the parameter whose gradient is 0",
        *(f"{w} after step {k + 1}, params given by a generator," for k in range(2) for w in ("w1", "w2")),
        "the parameter without a gradient, params given by a generator,",
        "the parameter whose gradient is 0, params given by a generator,",
        "the parameters of one of two optimisers that are there at once",
        "the parameters of the other one, made without a weight_decay,",
    ),
    misconceptions=(
        Misconception(
            "settings-of-all",
            "An optimiser by itself is right; of two that are there at once, the one made first takes the settings of the other. What belongs to one optimiser is kept in `self`, not in the class.",
            patch=(("self.lr = lr", "SGD.lr = lr"), ("self.weight_decay = w", "SGD.weight_decay = w")),
            hints=("Whose is a name that is bound in the class: one object's, or that of all?",),
        ),
        Misconception(
            "another-default",
            "An optimiser that is made without a `weight_decay` has one all the same. Its default is 0: then nothing decays.",
            patch=("weight_decay=0.0", "weight_decay=0.5"),
            hints=("What stands behind `weight_decay` in the first line of `__init__`?",),
        ),
        Misconception(
            "generator-used-up",
            "With a list all is right, but from `model.parameters()` nothing ever moves. That is a generator: the first loop uses it up, and the next one finds it empty.",
            patch=("list(params)", "params"),
            hints=("How often can you loop over a generator, and how often do you have to?",),
        ),
        Misconception(
            "zero-is-not-none",
            "A parameter whose gradient is 0 is left out. A gradient of zeros is a gradient: the weight decay moves that parameter. Leave out only those whose `.grad` is None.",
            patch=("is not None", "is not None and w.grad.any()"),
            hints=("What is the difference between a gradient of 0 and none at all?",),
        ),
        Misconception(
            "rebinding",
            "No parameter of the model moves. Is what changes another tensor, a copy or a new one? The model still holds the old one: change the parameter itself, in place.",
            patch=("w -= self.lr * (", "w = w - self.lr * ("),
            cause="`w = w - …` makes a new tensor and gives it the name `w`.",
            evidence=seen("_ = _ - _"),
            other=("w -= self.lr", "w - self.lr"),
            hints=("Which tensor does the model see, and which line of yours changes that one?",),
        ),
        Misconception(
            "autograd-watches",
            "Autograd is recording where a parameter is changed in place, and refuses it. The update is no part of the model: put it under `torch.no_grad()`.",
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
            patch=(f"self.lr * {UPDATE}", "self.lr * w.grad; w -= self.lr * self.weight_decay * w"),
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
            patch=(ASKED, "if True:"),
            hints=("What is `.grad` of a parameter that the loss does not depend on?",),
        ),
        Misconception(
            "none-decayed",
            "A parameter without a gradient is skipped as a whole: not even the decay moves it.",
            patch=((ASKED, "if True:"), ("(w.grad + self", "((0 if w.grad is None else w.grad) + self")),
            hints=("What does the docstring of `step` say of such a parameter?",),
        ),
        Misconception(
            "tensor-for-a-yes",
            "Somewhere a whole tensor is asked whether it is true, and for more than one number there is no answer. Ask whether the gradient is there: `w.grad is not None`.",
            patch=(ASKED, "if w.grad:"),
            hints=("What does `bool(torch.ones(2))` give?",),
        ),
        Misconception(
            "none-ends-the-step",
            "The first parameter without a gradient ends the whole step: those that stand behind it in the list never move. Skip that one alone, with `continue` (`return` and `break` leave the loop).",
            patch=(ASKED, "if w.grad is None:\n                    return\n                else:"),
            hints=("Which parameters does your loop still reach after one whose gradient is `None`?",),
        ),
        Misconception(
            "decay-without-rate",
            "The weight decay is not multiplied by the learning rate. It is a part of the gradient, and the whole gradient is.",
            patch=(f"self.lr * {UPDATE}", "self.lr * w.grad + self.weight_decay * w"),
            hints=("What does the bracket in the formula enclose?",),
        ),
        Misconception(
            "step-clears",
            "`zero_grad` leaves the gradients as they are, and `step` clears them. A gradient that no step follows would never go away: clearing belongs in `zero_grad`.",
            patch=(("            w.grad = None\n", "            pass\n"), (UPDATE, f"{UPDATE}; w.grad = None")),
            hints=("After `backward()` and `zero_grad()`, with no step between, what should be in `.grad`?",),
        ),
        Misconception(
            "zero-grad-stops-early",
            "Only the first parameter is cleared; the others keep their old gradients. Does a `return` inside the loop of `zero_grad` end it after one turn?",
            patch=("w.grad = None\n", "w.grad = None\n            return\n"),
            hints=("How many parameters does the loop in `zero_grad` reach?",),
        ),
        Misconception(
            "weights-for-gradients",
            "`zero_grad` changes the weights themselves, or tries to, and they hold all that was learned. What it has to clear is the gradient of each, `w.grad`.",
            patch=("w.grad = None", "w.zero_()"),
            hints=("Which tensor does your `zero_grad` change: `w`, or `w.grad`?",),
        ),
        Misconception(
            "zeros-for-none",
            "The steps are right, but `zero_grad` leaves zeros in the gradients, and `None` was asked for. A zero is a gradient: weight decay goes on moving a parameter that no loss uses, as section 2 showed.",
            patch=("w.grad = None", "w.grad = None if w.grad is None else torch.zeros_like(w.grad)"),
            hints=("Does an optimiser skip a parameter whose gradient is a tensor of zeros?",),
        ),
        Misconception(
            "gradient-changed-by-step",
            "The weights are right, but where there is a weight decay `step` changes the gradients: whoever takes a second step along them, or looks at them after it, finds other numbers. Make a new tensor, `w.grad + ...`.",
            patch=(f"w -= self.lr * {UPDATE}", "w.grad += self.weight_decay * w; w -= self.lr * w.grad"),
            cause="What is added into `w.grad` itself a second step without clearing adds twice.",
            evidence=seen("_.grad += _", "_.grad.add_(...)"),
            other=(UPDATE, f"{UPDATE}; w.grad.mul_(1 + self.weight_decay)"),
            hints=("What is in `w.grad` after your `step`?",),
        ),
        Misconception(
            "step-clears-too",
            "`step` clears the gradients as well. Two steps along one gradient, or a look at it after the step, would find it gone: clearing is what `zero_grad` is for.",
            patch=(UPDATE, f"{UPDATE}; w.grad = None"),
            hints=("Which lines of `step` touch `w.grad`?",),
        ),
        Misconception(
            "none-zeroed",
            "Before the first `backward()` there is nothing to clear: `.grad` is `None`, and `None` cannot be filled with zeros. Set it to `None`.",
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
            "The step goes with the gradient, and that is uphill.",
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
)
