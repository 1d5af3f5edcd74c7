"""A step of data parallelism, all replicas by the mean gradient: sums, or each one its own way."""

import ast
import copy

import torch
from torch import nn

from tutor.checking import Misconception, code


def probe_parallel(d):
    """Weights of a two-layer net, and three batches of two, three or five shares."""
    share, d_in, h, d_out = d.sizes(4)
    count = (2, 3, 5)[d.sizes(1, 0, 2)[0]]
    weights = [d.tensor(h, d_in), d.tensor(h), d.tensor(d_out, h), d.tensor(d_out)]
    batches = [[(d.tensor(share, d_in), d.tensor(share, d_out)) for rank in range(count)] for step in range(3)]
    return weights, batches, 0.05


def probe_far(d):
    """The same with one input far from the others."""
    weights, batches, rate = probe_parallel(d)
    batches[0][0][0][0, 0] = 6
    return weights, batches, rate / 5


def probe_alone(d):
    """A single replica, whose share is a single row."""
    d_in, h, d_out = d.sizes(3)
    weights = [d.tensor(h, d_in), d.tensor(h), d.tensor(d_out, h), d.tensor(d_out)]
    return weights, [[(d.tensor(1, d_in), d.tensor(1, d_out))] for step in range(3)], 0.05


def weighted_error(y_pred, y):
    """A mean squared error that notices when its arguments are exchanged."""
    return ((y_pred - y) ** 2 * (1 + y * y)).mean()


def use_parallel(answer, weights, batches, learning_rate):
    """Take three steps with as many replicas as there are shares; return each replica's weights after each step."""
    (h, d_in), d_out = weights[0].shape, len(weights[3])
    layers = nn.Linear(d_in, h), nn.ReLU(), nn.Linear(h, d_out), nn.Identity()  # not as many as there are replicas
    model = nn.Sequential(*layers).to(weights[0].dtype)
    with torch.no_grad():
        for parameter, weight in zip(model.parameters(), weights, strict=True):
            parameter.copy_(weight)
    replicas = [copy.deepcopy(model) for _ in batches[0]]
    for number, replica in enumerate(replicas):  # something old stands in their gradients
        for parameter in replica.parameters():
            parameter.grad = torch.full_like(parameter, 1.0 + number)
    after = []
    for shares in batches:
        answer(list(replicas), shares, weighted_error, learning_rate)  # models put into that list are not these
        after.append([[p.detach().clone() for p in replica.parameters()] for replica in replicas])
    return after


def step_by_grad(replicas, shares, loss_fn, learning_rate):
    grads = []
    for model, (x, y) in zip(replicas, shares, strict=True):
        grads.append(torch.autograd.grad(loss_fn(model(x), y), list(model.parameters())))
    mean = [torch.stack(same).mean(dim=0) for same in zip(*grads, strict=True)]
    for model in replicas:
        for parameter, grad in zip(model.parameters(), mean, strict=True):
            parameter.data -= learning_rate * grad


def step_by_averaging_weights(replicas, shares, loss_fn, learning_rate):
    for model, (x, y) in zip(replicas, shares, strict=True):
        optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
        optimizer.zero_grad()
        loss_fn(model(x), y).backward()
        optimizer.step()
    states = [model.state_dict() for model in replicas]
    mean = {name: sum(state[name] for state in states) / len(states) for name in states[0]}
    for model in replicas:
        model.load_state_dict(mean)


def step_by_one_batch(replicas, shares, loss_fn, learning_rate):
    x, y = torch.cat([x for x, _ in shares]), torch.cat([y for _, y in shares])
    for model in replicas:
        for parameter in model.parameters():
            parameter.grad = None
        loss_fn(model(x), y).backward()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.sub_(parameter.grad, alpha=learning_rate)


def new_tensor_made(tree):
    """Evidence of `p = p - step`, whatever the names."""
    made = [
        part
        for part in ast.walk(tree)
        if isinstance(part, ast.Assign) and isinstance(getattr(part.value, "op", 0), ast.Sub)
    ]
    return any(ast.unparse(part.targets[0]) == ast.unparse(part.value.left) for part in made)


EXERCISE = code(
    difficulty="hard",
    minutes=12,
    drills=("averaging",),
    probe=(probe_parallel, probe_far, probe_alone),
    use=use_parallel,
    outputs=("the weights after step 1", "the weights after step 2", "the weights after step 3"),
    seconds=20.0,
    misconceptions=(
        Misconception(
            "sum-for-mean",
            "The gradients are added up but not divided: the step is as many times too long as there are replicas.",
            patch=(" / len(copies)", ""),
            hints=("Is the mean of three means their sum?",),
        ),
        Misconception(
            "no-averaging",
            "Every replica steps along its own gradient. They were equal before, and no longer are after.",
            patch=("copy -= learning_rate * grad", "copy -= learning_rate * copy.grad"),
            hints=("Are the replicas still equal after your step?",),
        ),
        Misconception(
            "own-gradient-divided",
            "Every replica steps along its own gradient, divided by their number. Divided it is, but nobody has added up.",
            patch=("copy -= learning_rate * grad", "copy -= learning_rate * copy.grad / len(copies)"),
            hints=("Are the replicas still equal after your step?",),
        ),
        Misconception(
            "nothing-changes",
            "The weights are the same as before. Does the step make new tensors in the place of the models' own, or are the gradients 0 when it is taken? The weights have to change in place, by the mean gradient.",
            patch=("copy -= learning_rate * grad", "copy = copy - learning_rate * grad"),
            cause="`p = p - …` makes a new tensor and leaves the model its old one; `-=` under `torch.no_grad()` changes it.",
            evidence=new_tensor_made,
            other=(
                "            grad = sum(",
                "            for copy in copies:\n                copy.grad = torch.zeros_like(copy.grad)\n            grad = sum(",
            ),
            hints=("Which of your lines changes a tensor that a model holds, and by how much?",),
        ),
        Misconception(
            "only-the-first-steps",
            "Only the first replica takes the step; the others keep their old weights.",
            patch=("for copy in copies:", "for copy in copies[:1]:"),
            hints=("Which of the replicas have to end with the new weights?",),
        ),
        Misconception(
            "old-gradients-kept",
            "What stood in .grad before your step is still in what it goes along: `backward` adds to it. Clear the gradients first.",
            patch=("        model.zero_grad()\n", ""),
            hints=("What does backward do with a gradient that is there already?",),
        ),
        Misconception(
            "cleared-afterwards",
            "The very first step goes along what stood in .grad before, as well; in the later ones nothing old is left. Clear the gradients before `backward`, for behind the step is too late for the first.",
            patch=(
                ("        model.zero_grad()\n", ""),
                (
                    "                copy -= learning_rate * grad",
                    "                copy -= learning_rate * grad\n    for model in replicas:\n        model.zero_grad()",
                ),
            ),
            hints=("What does the docstring say about .grad at the beginning?",),
        ),
        Misconception(
            "counted-by-hand",
            "Your mean is right for three replicas and wrong for any other number. How many there are, the list says.",
            patch=("/ len(copies)", "/ 3"),
            hints=("By what do you divide if there are two replicas?",),
        ),
        Misconception(
            "first-share-for-all",
            "All replicas step along the gradient of the first share; what the others computed, or could have, is lost.",
            patch=("loss_fn(model(x), y)", "loss_fn(model(shares[0][0]), shares[0][1])"),
            hints=("What has become of the other shares?",),
        ),
        Misconception(
            "learning-rate-missing",
            "The step is the whole mean gradient; the learning rate is missing.",
            patch=("learning_rate * grad", "grad"),
            hints=("What decides how far a step goes?",),
        ),
        Misconception(
            "arguments-exchanged",
            "The loss is that of its arguments the wrong way round: it is loss_fn(model(x), y).",
            patch=("loss_fn(model(x), y)", "loss_fn(y, model(x))"),
            hints=("In which order does the docstring write the arguments of loss_fn?",),
        ),
        Misconception(
            "divided-twice",
            "The mean is divided by the number of replicas once more: the step is as many times too short. Is each loss divided already?",
            patch=(" / len(copies)", " / len(copies) ** 2"),
            hints=("How often is a gradient divided on its way?",),
        ),
        Misconception(
            "only-the-last-steps",
            "Only the last replica takes the step; the others keep their old weights.",
            patch=(
                "            for copy in copies:\n                copy -= learning_rate * grad",
                "            copies[-1].sub_(learning_rate * grad)",
            ),
            hints=("How many replicas does the line of the step reach?",),
        ),
        Misconception(
            "divided-by-rows",
            "The sum of the gradients is divided by the number of rows in a share. Each loss is a mean over its rows already; divide by the number of replicas.",
            patch=("/ len(copies)", "/ len(shares[0][0])"),
            hints=("Of how many gradients do you want the mean?",),
        ),
        Misconception(
            "averaged-on-the-way",
            "A replica steps along a mean in which means of earlier replicas stand in the place of their own gradients. Compute the mean once, from all gradients, then step.",
            patch=(
                "            grad = sum(copy.grad for copy in copies) / len(copies)\n            for copy in copies:\n                copy -= learning_rate * grad",
                "            for copy in copies:\n                copy.grad = sum(other.grad for other in copies) / len(copies)\n                copy -= learning_rate * copy.grad",
            ),
            hints=("When the second replica computes its mean, what stands in the first one's .grad?",),
        ),
        Misconception(
            "uphill",
            "The step goes up the hill: the gradient is subtracted, not added.",
            patch=("copy -= ", "copy += "),
            hints=("In which direction does the loss fall?",),
        ),
    ),
    alternatives=(step_by_grad, step_by_averaging_weights, step_by_one_batch),
    equivalent_mutants={
        "grad = sum((copy.grad for copy in copies)) / len(replicas)": "there is one copy in each replica",
        "grad = sum((copy.grad for copy in copies)) / len(shares)": "there is one share for each replica",
    },
    hints=(
        "What does each replica compute by itself, and what do they have to agree on?",
        "First zero_grad and backward for every replica with its share; then, weight by weight, the mean of the gradients.",
        "`for copies in zip(*(m.parameters() for m in replicas)):` gives one weight as each replica has it.",
    ),
)
