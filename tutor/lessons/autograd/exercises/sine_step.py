"""Exercises of lesson 05: probes build graphs where sharing, accumulation and cuts matter, and look at what is left over."""

import contextlib
from collections.abc import Iterator

import torch

from tutor.checking import FiniteDifference, Misconception, code, value
from tutor.lessons.registry import About

ABOUT = About(
    minutes=110,
    items={
        "leaves": "requires_grad, leaf or not, grad_fn, next_functions",
        "graph-drawn": "the graph drawn (torchviz's make_dot, then tutor's own, with gradients on the edges, and step by step)",
        "training": "both fits trained with autograd: backward, update, clear",
        "accumulation": "accumulation and zeroing",
        "retain-graph": "one backward per graph, retain_graph",
        "vjp": "backward on a scalar, backward(gradient) as a vector-Jacobian product",
        "logits-graph": "binary_cross_entropy_with_logits of x W + b and its graph",
        "no-grad": "no_grad, detach, inference_mode",
        "hooks": "hooks on tensors and on nodes",
        "in-place": "in-place errors",
        "freezing": "freezing and unfreezing parameters late in training",
        "torch-func": "torch.func: grad, vjp, jacrev, hessian",
        "old-code": "old code read: Variable, volatile, .creator, .data, retain_variables, cuda.FloatTensor",
    },
)


@contextlib.contextmanager
def nan_in_fresh_memory() -> Iterator[None]:
    """Fill memory that nobody has written to with NaN, so that an uninitialised gradient is never right by luck."""
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)


def leaf(values):
    """A leaf of its own that requires a gradient."""
    return values.detach().clone().requires_grad_()


@contextlib.contextmanager
def nodes_explained() -> Iterator[None]:
    """Say of a node that was taken for a tensor what it is; the line in which it happened stays known."""
    try:
        yield
    except AttributeError as error:
        if error.name in ("is_leaf", "grad_fn", "requires_grad") and hasattr(error.obj, "next_functions"):
            error.args = (f"{error}. This is a node; only tensors have that: from `tensor.grad_fn` on you hold nodes",)
        raise


@contextlib.contextmanager
def arrival_explained() -> Iterator[None]:
    """Say of a gradient of the wrong shape which shape it has to have."""
    try:
        yield
    except RuntimeError as error:
        if "Mismatch in shape" in str(error):
            error.args = (f"{error} What arrives has the shape of `y`, one number for each of its entries",)
        raise


def probe_leaves(d):
    """Inputs and weights of a graph, and how often the first weight is used on the way to the result."""
    n, m = d.sizes(2)
    return d.tensor(n, m), d.tensor(m), d.tensor(n, m), d.tensor(n, m), d.number(), d.number(), d.integer(2, 4)


def use_leaves(leaves, x, w, u, cut, offset, scale, uses):
    """Count how often each tensor of a known graph is listed."""
    w, u, cut, alone = leaf(w), leaf(u), leaf(cut), leaf(u)
    offset, scale = leaf(torch.tensor(offset)), leaf(torch.tensor(scale))
    h = x * w + (3 * cut).detach()
    result = (u.exp() * h).sin()
    for _ in range(uses):
        result = (result * w).tanh()
    result = torch.addcmul(
        result.sum(), offset, scale
    )  # two leaves right before it: a walk has to go on after the first
    with nodes_explained():
        listed = leaves(result)
    if any(t.grad is not None for t in (w, u, offset, scale)):
        raise TypeError("a leaf holds a gradient afterwards; to list the leaves takes no `backward`.")
    if listed is None:
        return None
    if isinstance(listed, torch.Tensor):
        raise TypeError("the answer is one tensor; return a list of tensors.")
    listed = list(listed)
    if any(isinstance(one, list | tuple | set) for one in listed):
        raise TypeError("the list holds other lists; put all leaves into one list (`+=` joins two lists).")

    def count(tensor):
        return sum(one is tensor for one in listed)

    last_two = count(offset) + count(scale)
    known = [count(w), count(u), last_two, *(count(t) for t in (x, cut, alone, result))]
    nodes = sum(hasattr(one, "next_functions") for one in listed)
    return *known, nodes, len(listed) - sum(known) - nodes


def probe_step(d):
    """Points, targets, four coefficients and a small rate."""
    (n,) = d.sizes(1, 4, 8)
    return d.tensor(n), d.tensor(n), d.tensor(4), d.number(0.004, 0.008)


def use_step(sine_step, x, y, coefficients, learning_rate):
    """Take three steps; say what came back, and whether anything moved."""
    coefficients = [leaf(p) for p in coefficients]
    start, versions = [p.detach().clone() for p in coefficients], [p._version for p in coefficients]
    given, losses = list(coefficients), []
    for _ in range(3):
        losses.append(sine_step(x, y, coefficients, learning_rate))
        if any(p is not q for p, q in zip(given, coefficients, strict=True)):
            raise TypeError("the list holds new tensors after the step; change the old ones in place, p -= ...")
        if not all(p.requires_grad for p in coefficients):
            raise TypeError(
                "after the step the coefficients ask for no gradient any more; leave `requires_grad` as it is."
            )
        held = [name for name, p in zip("abcd", coefficients, strict=True) if p.grad is not None and p.grad.any()]
        if held and held not in (list("abc"), list("abcd")):  # those two are told by their names
            raise TypeError(
                f"after the step {' and '.join(held)} still hold a gradient and the others do not; clear all four."
            )
    if any(loss is None for loss in losses):
        return None
    graphs = sum(isinstance(loss, torch.Tensor) and loss.grad_fn is not None for loss in losses)
    ended, wanted = torch.stack([p.detach() for p in coefficients]), _by_hand(x, y, torch.stack(start), learning_rate)
    graphs = graphs if torch.allclose(ended, wanted, rtol=1e-3) else 0  # where a step is wrong, that is told first
    return *losses, ended, _moved(start, versions, coefficients), graphs


def _by_hand(x, y, coefficients, learning_rate):
    """Where three right steps lead, with the gradient of notebook 01."""
    powers = torch.stack([x**k for k in range(4)])  # (4, N)
    for _ in range(3):
        coefficients = coefficients - learning_rate * powers @ (2 * (coefficients @ powers - y))
    return coefficients


def _moved(start, versions, coefficients):
    """In words: whether the coefficients moved; where they did not, their version numbers tell why."""
    if not all(torch.equal(a, p.detach()) for a, p in zip(start, coefficients, strict=True)):
        return "they moved"
    written = any(p._version > before for before, p in zip(versions, coefficients, strict=True))
    return "they did not move, though something was written into them" if written else "nothing was written into them"


def probe_outside(d):
    """Inputs, targets and weights, all sizes different."""
    n, d_in, d_out = d.sizes(3)
    return d.tensor(n, d_in), d.tensor(d_in, d_out), d.tensor(n, d_out)


def use_outside(outside_gradient, x, w, y):
    """Hide the loss in a NumPy function."""
    w, targets = leaf(w), y.numpy()

    def measure(y_pred):
        if not isinstance(y_pred, torch.Tensor | float | list):
            return y_pred - targets
        raise TypeError(f"`measure` knows NumPy alone; it was given a {type(y_pred).__name__}")

    with nan_in_fresh_memory():
        answer = outside_gradient(x, w, measure)
    if answer is None:
        filled = "and nothing has arrived at w: a loss made of what NumPy returned has no way back to it."
        filled = "though w.grad is filled; return w.grad." if w.grad is not None else filled
        raise TypeError(f"the answer is None, {filled}")
    return answer


def outside_loss(x, w, y):
    """The loss that torch never sees, for finite differences."""
    return float(((x @ w - y) ** 2).sum())


def probe_jacobian(d):
    """A point, and the matrix and the factor of a function that takes it to a vector of another length."""
    n, m = d.sizes(2)
    return d.tensor(n), d.tensor(m, n), d.number()


def probe_short_jacobian(d):
    """The like, with a result of one entry."""
    x, a, factor = probe_jacobian(d)
    return x, a[:1], factor


def use_jacobian(jacobian, x, a, factor):
    """Ask for the Jacobian of a function that bends and couples the entries of x; watch what arrives at y."""
    x, ones = leaf(x), []
    y = a @ x**2 + factor * x[0] * x[-1]

    def watch(grad):
        with contextlib.suppress(RuntimeError):  # directions that come all at once cannot be looked at one by one
            ones.append(bool(grad.eq(1).all()))

    y.register_hook(watch)
    with nan_in_fresh_memory(), arrival_explained():
        return jacobian(y, x), sum(ones) if len(y) > 1 else 0  # what arrives at one entry is a 1 in any case


def probe_freeze(d):
    """A small two-layer net with a bias in its first layer."""
    n, d_in, h, d_out = d.sizes(4)
    return d.tensor(n, d_in), d.tensor(n, d_out), d.tensor(d_in, h), d.tensor(h), d.tensor(h, d_out)


def use_freeze(set_trainable, x, y, w1, bias, w2):
    """Train with the first layer frozen in the middle; every weight that holds a gradient is moved."""
    w1, bias, w2 = leaf(w1), leaf(bias), leaf(w2)

    def steps():
        for _ in range(2):
            for w in (w1, bias, w2):
                if w.requires_grad:
                    w.grad = None
            ((x.mm(w1) + bias).tanh().mm(w2) - y).pow(2).sum().backward()
            with torch.no_grad():
                for w in (w1, bias, w2):
                    if w.grad is not None:
                        w -= 0.02 * w.grad
        return torch.cat([w1.detach(), bias.detach()[None]])

    steps()
    layer = [w1, bias]
    set_trainable(layer, False)
    asks, holds = sum(w.requires_grad for w in layer), sum(w.grad is not None for w in layer)
    frozen = steps()
    set_trainable(layer, True)
    asks_again = sum(w.requires_grad for w in layer)
    thawed = steps() if asks_again else frozen
    if invented := ", ".join(f"`{name}`" for name in vars(w1)):
        raise TypeError(
            f"you have given the weight an attribute {invented} of your own, which torch never reads; "
            "set `w.requires_grad`, or call `w.requires_grad_(...)`."
        )
    return asks, holds, frozen, asks_again, thawed, *frozen_twice(set_trainable, bias)


def frozen_twice(set_trainable, values):
    """Freeze three weights twice and thaw them twice: one without a gradient, one with, and one frozen before.

    How many of them ask for a gradient after each of the four calls, and how many hold one after the first two.
    """
    fresh, used, before = layer = [leaf(values) for _ in range(3)]
    used.grad, before.grad = torch.ones_like(values), torch.ones_like(values)
    before.requires_grad = False
    asking, holding = [], []
    for trainable in (False, False, True, True):
        set_trainable(layer, trainable)
        asking.append(sum(w.requires_grad for w in layer))
        holding.append(sum(w.grad is not None for w in layer))
    set_trainable([fresh], False)
    return [*asking, fresh.requires_grad], holding[:2]


LEAVES_RECURSIVE = '''
def leaves(tensor):
    """Visit every node once, by recursion."""
    found, seen = [], set()
    def visit(node):
        if node is not None and node not in seen:
            seen.add(node)
            if type(node).__name__ == "AccumulateGrad":
                found.append(node.variable)
            for n in node.next_functions:
                visit(n[0])
    visit(tensor.grad_fn)
    return found
'''
LEAVES_LEVELS = '''
def leaves(tensor):
    """Level by level; tensors that are met again are recognised by identity."""
    found, level = [], {tensor.grad_fn}
    while level:
        for node in level:
            if not node.next_functions and hasattr(node, "variable"):
                if not any(node.variable is t for t in found):
                    found.append(node.variable)
        level = {n for node in level for n, _ in node.next_functions if n is not None}
    return found
'''
LEAVES_SET = '''
def leaves(tensor):
    """A set of tensors, which compare by identity."""
    result, queue, i = set(), [tensor.grad_fn], 0
    while i < len(queue):
        for n, _ in queue[i].next_functions:
            if n and n not in queue:
                queue.append(n)
        if getattr(queue[i], "variable", None) is not None:
            result.add(queue[i].variable)
        i += 1
    return result
'''
STEP_ZERO_FIRST = '''
def sine_step(x, y, coefficients, learning_rate):
    """Clear before backward instead of after the update."""
    for p in coefficients:
        if p.grad is not None:
            p.grad.zero_()
    a, b, c, d = coefficients
    loss = (a + x * (b + x * (c + x * d)) - y).pow(2).sum()
    loss.backward()
    with torch.no_grad():
        for p in coefficients:
            p.sub_(learning_rate * p.grad)
    return loss.item()
'''
STEP_GRAD = '''
def sine_step(x, y, coefficients, learning_rate):
    """Let torch.autograd.grad return the gradients: nothing to clear."""
    powers = torch.stack([x**k for k in range(4)])
    loss = torch.sum((torch.stack(list(coefficients)) @ powers - y) ** 2)
    grads = torch.autograd.grad(loss, coefficients)
    for p, g in zip(coefficients, grads):
        p.data -= learning_rate * g
    return float(loss.detach())
'''
STEP_OPTIMISER = '''
def sine_step(x, y, coefficients, learning_rate):
    """A fresh optimiser for one step."""
    optimiser = torch.optim.SGD(coefficients, lr=learning_rate)
    optimiser.zero_grad()
    a, b, c, d = coefficients
    e = y - (a + b * x + c * x.pow(2) + d * x.pow(3))
    loss = e.dot(e)
    loss.backward()
    optimiser.step()
    return loss.detach()
'''
STEP_COPY = '''
def sine_step(x, y, coefficients, learning_rate):
    """Write the new number into the old tensor."""
    a, b, c, d = coefficients
    loss = ((a + b * x + c * x * x + d * x * x * x - y) ** 2).sum()
    loss.backward()
    for p in (a, b, c, d):
        with torch.no_grad():
            p.copy_(p - learning_rate * p.grad)
        p.grad.zero_()
    return loss.item()
'''
OUTSIDE_PRODUCT = '''
def outside_gradient(x, w, measure):
    """A loss whose gradient with respect to y_pred is 2 e: the sum of y_pred times 2 e, held fixed."""
    y_pred = x @ w
    errors = torch.as_tensor(measure(y_pred.detach().numpy()))
    (y_pred * (2 * errors)).sum().backward()
    return w.grad
'''
OUTSIDE_GRAD = '''
def outside_gradient(x, w, measure):
    """torch.autograd.grad takes the same argument under the name grad_outputs."""
    y_pred = torch.mm(x, w)
    with torch.no_grad():
        errors = torch.tensor(measure(y_pred.numpy() if not y_pred.requires_grad else y_pred.detach().numpy()))
    return torch.autograd.grad(y_pred, w, grad_outputs=errors * 2)[0]
'''
OUTSIDE_HAND = '''
def outside_gradient(x, w, measure):
    """The formula of notebook 01: x transposed times what arrives."""
    with torch.no_grad():
        errors = measure(x.mm(w).numpy())
    return x.t() @ torch.from_numpy(2 * errors)
'''
OUTSIDE_TARGET = '''
def outside_gradient(x, w, measure):
    """Find y from the errors and build the loss in torch after all."""
    y_pred = x.mm(w)
    y = y_pred.detach() - torch.from_numpy(measure(y_pred.detach().cpu().numpy()))
    ((y_pred - y) ** 2).sum().backward()
    return w.grad.clone()
'''
JACOBIAN_EYE = '''
def jacobian(y, x):
    """The rows of a unit matrix arrive one after the other; clear behind each."""
    result = torch.zeros(y.numel(), x.numel())
    for k, direction in enumerate(torch.eye(len(y), dtype=y.dtype)):
        y.backward(direction, retain_graph=True)
        result[k] = x.grad
        x.grad.zero_()
    return result
'''
JACOBIAN_ENTRIES = '''
def jacobian(y, x):
    """Each entry is a scalar with a backward of its own."""
    rows = []
    for entry in y:
        rows.append(torch.autograd.grad(entry, x, retain_graph=True)[0])
    return torch.stack(rows)
'''
JACOBIAN_BATCHED = '''
def jacobian(y, x):
    """All directions at once."""
    return torch.autograd.grad(y, x, torch.eye(y.shape[0], dtype=y.dtype), is_grads_batched=True)[0]
'''
JACOBIAN_ACCUMULATED = '''
def jacobian(y, x):
    """Let the rows add up and take differences."""
    rows, before = [], torch.zeros_like(x)
    for k in range(y.shape[0]):
        y[k].backward(retain_graph=True)
        rows.append((x.grad - before).tolist())
        before = x.grad.clone()
    x.grad = None
    return torch.tensor(rows)
'''
FREEZE_ATTRIBUTE = '''
def set_trainable(weights, trainable):
    """Set the attribute; an old gradient goes in any case."""
    for w in weights:
        w.requires_grad = bool(trainable)
        w.grad = None
'''
FREEZE_BRANCHES = '''
def set_trainable(weights, trainable):
    """Two branches."""
    if trainable:
        for w in weights:
            w.requires_grad_()
    else:
        for w in weights:
            w.grad = None
            w.requires_grad_(requires_grad=False)
'''
FREEZE_DETACHED = '''
def set_trainable(weights, trainable):
    """detach_ leaves a leaf a leaf and switches its flag off."""
    for k in range(len(weights)):
        weights[k].detach_()
        weights[k].grad = weights[k].grad if trainable else None
        weights[k].requires_grad = trainable
'''

EXERCISES = {
    "leaves": code(
        difficulty="medium",
        minutes=10,
        probe=probe_leaves,
        use=use_leaves,
        drills=("leaves",),
        outputs=(
            "how often a weight that is used several times is listed",
            "how often a weight that is used once is listed",
            "how often the two weights that stand right before the result are listed",
            "how often the data, which want no gradient, are listed",
            "how often a weight behind a detach() is listed",
            "how often a weight that has nothing to do with the result is listed",
            "how often the result itself is listed",
            "how many nodes are listed",
            "how many other things are listed",
        ),
        misconceptions=(
            Misconception(
                "nothing-listed",
                "Your list is empty. A node that has a `.variable` is an AccumulateGrad node: there you have found a leaf.",
                patch=("            found.append(node.variable)", "            continue"),
                hints=("Does your walk ever reach a node that has an attribute `variable`?",),
            ),
            Misconception(
                "result-itself",
                "You list the tensor that you were given. It has a `grad_fn`, so it is no leaf; the leaves are where the ways back from it end.",
                patch=("    return found", "    return [tensor]"),
                hints=("What is `tensor.grad_fn`, and what does it lead to?",),
            ),
            Misconception(
                "compared-by-value",
                "`tensor in list` compares numbers, entry by entry, and gives a tensor of answers in place of one. Remember the *nodes* that you have visited instead: those can be compared and put into a set.",
                patch=(
                    ("node is None or node in visited", "node is None"),
                    ('hasattr(node, "variable")', 'hasattr(node, "variable") and node.variable not in found'),
                ),
                hints=("What does `==` give for two tensors, one answer or many?",),
            ),
            Misconception(
                "once-for-each-way",
                "A leaf is listed once for every way that leads to it. It has one AccumulateGrad node, and a node that was visited need not be visited again.",
                patch=("node is None or node in visited", "node is None"),
                hints=("How do you know that you have been at a node before?",),
            ),
            Misconception(
                "first-input-only",
                "You follow only the first entry of `next_functions`. Every input of an operation has an entry there.",
                patch=("in node.next_functions]", "in node.next_functions[:1]]"),
                hints=("How many entries does `next_functions` of a product have?",),
            ),
            Misconception(
                "stops-at-the-first",
                "Your walk ends at the first leaf that it meets. A leaf ends one way back; other ways are still waiting.",
                patch=("            found.append(node.variable)", "            return [node.variable]"),
                hints=("When a leaf was found, which nodes have still to be visited?",),
            ),
            Misconception(
                "gradients-for-tensors",
                "You list what stands in `.grad` of the leaves: `None` before any backward. Asked for are the leaf tensors themselves, `node.variable`.",
                patch=("found.append(node.variable)", "found.append(node.variable.grad)"),
                hints=("What is in `node.variable`, and what in `node.variable.grad`?",),
            ),
            Misconception(
                "one-step-only",
                "You look only at the nodes right behind the result. The leaves lie further back: go on from each node to those that follow it.",
                patch=(
                    ("[tensor.grad_fn]", "[n for n, _ in tensor.grad_fn.next_functions]"),
                    ("        waiting += [following for following, _ in node.next_functions]\n", ""),
                ),
                hints=("How many nodes lie between the loss and `w1` in the drawing of the two-layer net?",),
            ),
            Misconception(
                "nodes-for-tensors",
                "You list AccumulateGrad nodes. The leaf tensor itself is in the node's `.variable`.",
                patch=("found.append(node.variable)", "found.append(node)"),
                hints=("What did the cell above print for `node.variable is w`?",),
            ),
            Misconception(
                "every-node",
                "You list every node of the graph. Only AccumulateGrad nodes stand for leaves, and the leaf is in their `.variable`.",
                patch=(
                    '        if hasattr(node, "variable"):\n            found.append(node.variable)',
                    "        found.append(node)",
                ),
                hints=("Which nodes have an attribute `variable`?",),
            ),
            Misconception(
                "none-followed",
                "Some entries of `next_functions` hold `None` in place of a node: inputs that want no gradient, such as data. Skip them.",
                patch=("node is None or node in visited", "node in visited"),
                hints=("What stands in `next_functions` for the factor `x` of `w * x`, if `x` is data?",),
            ),
            Misconception(
                "variable-of-every-node",
                "Only AccumulateGrad nodes have a `.variable`. Ask first whether the node has one.",
                patch=(
                    '        if hasattr(node, "variable"):\n            found.append(node.variable)',
                    "        found.append(node.variable)",
                ),
                hints=("How can you ask Python whether an object has an attribute?",),
            ),
            Misconception(
                "pairs-for-nodes",
                "An entry of `next_functions` is a pair: the node, and the number of its output. Take the first of the two.",
                patch=("[following for following, _ in node.next_functions]", "[pair for pair in node.next_functions]"),
                hints=("What are the two things in `node.next_functions[0]`?",),
            ),
        ),
        alternatives=(LEAVES_RECURSIVE, LEAVES_LEVELS, LEAVES_SET),
        hints=(
            "Where does the walk begin, and how do you recognise its ends?",
            'Keep a list of nodes that are still to be visited and a set of those that were. A node that has a "variable" is an end.',
            '`node = waiting.pop()`; skip it if it is None or visited; `found.append(node.variable)` if `hasattr(node, "variable")`; then add the first of each pair in `node.next_functions` to `waiting`.',
        ),
    ),
    "sine_step": code(
        difficulty="medium",
        minutes=10,
        probe=probe_step,
        use=use_step,
        drills=("training", "accumulation", "no-grad"),
        seconds=20.0,  # an answer may use torch.optim, and the first optimiser of a process imports the compiler
        outputs=(
            "the loss of step 1",
            "the loss of step 2",
            "the loss of step 3",
            "a, b, c, d after three steps",
            "what the coefficients did",
            "how many of the losses still hold a graph",
        ),
        misconceptions=(
            Misconception(
                "never-cleared",
                "The gradients are never cleared, so each step follows the sum of all gradients so far. The first step is right, the second is not.",
                patch=("            p.grad = None\n", ""),
                hints=("What is in `p.grad` when `backward` is called for the second time?",),
            ),
            Misconception(
                "cleared-before-use",
                "The gradients are cleared between backward and the update, so the update finds zeros and nothing moves.",
                patch=(
                    "    loss.backward()\n",
                    "    loss.backward()\n    for p in coefficients:\n        p.grad.zero_()\n",
                ),
                hints=("Which of the three must come last: backward, update, clear?",),
            ),
            Misconception(
                "no-gradient-at-update",
                "When the update runs, `p.grad` is None. The order is: backward, then the update, and only then clear.",
                patch=(
                    "p -= learning_rate * p.grad\n            p.grad = None",
                    "p.grad = None\n            p -= learning_rate * p.grad",
                ),
                hints=("What fills `p.grad`, and what empties it?",),
            ),
            Misconception(
                "last-one-cleared",
                "Only the gradient of `d` is cleared. The line that clears belongs inside the loop, so that it runs for every coefficient.",
                patch=("            p.grad = None\n", "        p.grad = None\n"),
                hints=("How often does the line that clears run in one step?",),
            ),
            Misconception(
                "no-learning-rate",
                "The step subtracts the whole gradient. Multiply it by the learning rate.",
                patch=("learning_rate * p.grad", "p.grad"),
                hints=("Where does `learning_rate` stand in your step?",),
            ),
            Misconception(
                "nothing-there-to-clear",
                "Before the first backward `.grad` is `None`, which has no `zero_()`. Clear at the end of the step, or write `p.grad = None`.",
                patch=(
                    "    loss.backward()\n",
                    "    for p in coefficients:\n        p.grad.zero_()\n    loss.backward()\n",
                ),
                hints=("What is `.grad` of a tensor that has never seen a backward pass?",),
            ),
            Misconception(
                "update-recorded",
                "The update changes a leaf in place while torch is recording. An update is no part of the model: switch recording off for it.",
                patch=("with torch.no_grad():", "if True:"),
                hints=("Which block keeps what is computed in it out of the graph?",),
            ),
            Misconception(
                "forward-not-recorded",
                "The forward pass stands under `no_grad`, so the loss has no graph to go back through. Only the update belongs there.",
                patch=(
                    "    loss = ((y_pred - y) ** 2).sum()\n",
                    "    with torch.no_grad():\n        loss = ((y_pred - y) ** 2).sum()\n",
                ),
                hints=("Which lines must be recorded so that backward works?",),
            ),
            Misconception(
                "new-tensors",
                "Nothing is written into the caller's coefficients. A difference (`p - ...`, also `p = p - ...` and `p.sub(...)`) is a new tensor; change the old one in place: `p -= ...`.",
                patch=("p -= learning_rate * p.grad", "p.sub(learning_rate * p.grad)"),
                hints=("After `p = p - 1`, which tensor does the name `p` belong to, and which is in the list?",),
            ),
            Misconception(
                "uphill",
                "The step goes along the gradient, which points uphill. Subtract it.",
                patch=("p -= ", "p += "),
                hints=("In which direction does the loss fall?",),
            ),
            Misconception(
                "square-of-the-sum",
                "You square the sum of the errors. Errors of opposite sign cancel there; square each one first, then add up.",
                patch=("((y_pred - y) ** 2).sum()", "(y_pred - y).sum() ** 2"),
                hints=('Which comes first in "the sum of squared errors"?',),
            ),
            Misconception(
                "not-summed-up",
                "You call `backward()` on a loss that has an entry for each point. Add the squared errors up first.",
                patch=(".sum()", ""),
                hints=("What shape does your loss have?",),
            ),
            Misconception(
                "mean-for-sum",
                "Your loss is the mean of the squared errors; the task asks for their sum. The gradient is smaller by the number of points.",
                patch=(".sum()", ".mean()"),
                hints=("By what do you divide if you take the mean?",),
            ),
            Misconception(
                "loss-with-its-graph",
                "You return the loss with its graph. Whoever collects such losses keeps every graph in memory; return the number, `loss.item()`.",
                patch=("return loss.item()", "return loss"),
                hints=("What does a tensor with a `grad_fn` keep alive?",),
            ),
            Misconception(
                "loss-after-the-step",
                "You return the loss after the step; the task asks for the one before it.",
                patch=(
                    "    return loss.item()",
                    "    y_pred = a + b * x + c * x**2 + d * x**3\n    return ((y_pred - y) ** 2).sum().item()",
                ),
                hints=("With which coefficients is the returned loss computed?",),
            ),
        ),
        alternatives=(STEP_ZERO_FIRST, STEP_GRAD, STEP_OPTIMISER, STEP_COPY),
        hints=(
            "Which of backward, update and clear must come first, and which last?",
            "Compute the loss as in section 2, call `loss.backward()`, then do as the loop over `(w1, w2)` did above.",
            "`with torch.no_grad():` `for p in coefficients:` `p -= learning_rate * p.grad`, then `p.grad = None`; at the end `return loss.item()`.",
        ),
    ),
    "predict_retain": value(
        difficulty="medium",
        minutes=3,
        drills=("retain-graph", "accumulation"),
        explain="The first call keeps the graph for one more; the second uses it up; the third finds nothing. The two that worked added 6 each.",
        misconceptions=(
            Misconception(
                "second-call-fails",
                "The first call was told to retain the graph, so the second finds it. The second was told nothing.",
                value=(2, 6),
                hints=("For which call is the graph retained, for the one that says so or for the one after it?",),
            ),
            Misconception(
                "retained-for-ever",
                "`retain_graph=True` counts for the call that says it, not for ever. The second call does not say it.",
                value=(0, 18),
                hints=("What does the second call do with what the node keeps?",),
            ),
            Misconception(
                "overwritten",
                "The third call fails, right. But gradients are added, not overwritten: 6 and 6 again.",
                value=(3, 6),
                hints=("What does AccumulateGrad do with a gradient?",),
            ),
            Misconception(
                "counted-though-failed",
                "The third call fails, right, and a call that fails in the first node adds nothing.",
                value=(3, 18),
                hints=("How many of the calls bring a gradient?",),
            ),
            Misconception(
                "fails-but-counts",
                "12 is two times 6, so two calls must have worked: the first two. A call that fails brings nothing.",
                value=(2, 12),
                hints=("For which call is the graph retained, for the one that says so or for the one after it?",),
            ),
            Misconception(
                "fails-silently",
                "12 is right, since only two calls bring a gradient. But the third does not pass over that in silence.",
                value=(0, 12),
                hints=("What does torch do when the value that it kept has been thrown away?",),
            ),
            Misconception(
                "no-limit",
                "A graph can be walked back once, and once more for each `retain_graph=True`. There is one of these, and three calls.",
                value=(0, 6),
                hints=("What happens to the saved value of `x` after a call without `retain_graph`?",),
            ),
        ),
        hints=(
            "What does each call leave behind, in the node and in `x.grad`?",
            "The slope of x^2 at 3 is 6. Go through the calls one by one: is the saved value still there?",
            "Call 1 keeps, call 2 throws away, call 3 finds nothing.",
        ),
    ),
    "outside_gradient": code(
        difficulty="medium",
        minutes=10,
        probe=probe_outside,
        use=use_outside,
        drills=("vjp",),
        outputs=("the gradient of w",),
        gradients={"the gradient of w": FiniteDifference(outside_loss, wrt=1)},
        misconceptions=(
            Misconception(
                "factor-of-two",
                "The gradient of $e^2$ is $2e$, and you sent $e$. What you pass to `backward` is the gradient of the loss, not the error.",
                patch=("2 * errors", "errors"),
                hints=("What is the derivative of the sum of $e^2$ with respect to one $e$?",),
            ),
            Misconception(
                "ones-arrive",
                "You let ones arrive at `y_pred`, as if the loss were `y_pred.sum()`. What arrives has to be the gradient of *this* loss.",
                patch=("y_pred.backward(2 * errors)", "y_pred.backward(torch.ones_like(y_pred))"),
                hints=("Of which loss is a tensor of ones the gradient?",),
            ),
            Misconception(
                "twos-arrive",
                "You let a 2 arrive everywhere, as if the loss were `2 * y_pred.sum()`. The gradient of the sum of $e^2$ depends on the errors.",
                patch=("y_pred.backward(2 * errors)", "y_pred.backward(torch.full_like(y_pred, 2.0))"),
                hints=("What is the derivative of $e^2$ with respect to $e$?",),
            ),
            Misconception(
                "one-for-all",
                "You pass a single number. `gradient` needs one number for each entry of `y_pred`, so it has the shape (N, D_out).",
                patch=("y_pred.backward(2 * errors)", "y_pred.backward(torch.tensor(1.0))"),
                hints=("What shape does `y_pred` have, and what shape does what you pass?",),
            ),
            Misconception(
                "nothing-arrives",
                "`backward()` without an argument is for a single number. `y_pred` is a matrix: say what arrives at it.",
                patch=("y_pred.backward(2 * errors)", "y_pred.backward()"),
                hints=("What is the gradient of the loss with respect to `y_pred`?",),
            ),
            Misconception(
                "float-tensor-1",
                "`torch.FloatTensor(1)` is not the number 1. It is one number, whatever lay in memory; and a tensor of the shape of `y_pred` is wanted.",
                patch=("y_pred.backward(2 * errors)", "y_pred.backward(torch.FloatTensor(1))"),
                hints=("What did the cell with `FloatTensor(1)` above print?",),
            ),
            Misconception(
                "uninitialised",
                "You pass a tensor that nobody has filled: `empty`, `empty_like` and `FloatTensor(sizes)` hold whatever lay in memory. (The checker fills such memory with NaN.)",
                patch=("y_pred.backward(2 * errors)", "y_pred.backward(torch.empty_like(y_pred))"),
                hints=("Who wrote the numbers into the gradient that you pass?",),
            ),
            Misconception(
                "prediction-arrives",
                "You pass `y_pred` itself. The argument is no place at which something is evaluated; it is the gradient of the loss with respect to `y_pred`.",
                patch=("y_pred.backward(2 * errors)", "y_pred.backward(y_pred.detach())"),
                hints=("The loss is the sum of $e^2$. What is its gradient with respect to `y_pred`?",),
            ),
            Misconception(
                "loss-arrives",
                "You pass the squared errors. Those add up to the loss; what arrives at `y_pred` is the loss's *gradient*.",
                patch=("y_pred.backward(2 * errors)", "y_pred.backward(errors**2)"),
                hints=("What is the derivative of $e^2$?",),
            ),
            Misconception(
                "mean-for-sum",
                "You divide by the number of entries. That belongs to the mean; this loss is a sum.",
                patch=("2 * errors", "2 * errors / errors.numel()"),
                hints=("Is the loss a sum or a mean?",),
            ),
            Misconception(
                "numpy-of-a-recorded-tensor",
                "NumPy cannot record, so a tensor that is being recorded does not turn into an array. Cut the copy for NumPy off the graph: `y_pred.detach().numpy()`.",
                patch=("y_pred.detach().numpy()", "y_pred.numpy()"),
                hints=("What does the error message suggest?",),
            ),
            Misconception(
                "no-way-back",
                "You call `backward` on a tensor that has no way back to `w`. What went through NumPy has none, and what was detached has none. Detach only the copy for NumPy, and call `backward` on `y_pred`.",
                patch=("y_pred = x.mm(w)", "y_pred = x.mm(w).detach()"),
                hints=("Does the tensor on which you call `backward` have a `grad_fn`?",),
            ),
            Misconception(
                "array-arrives",
                "The argument of `backward` has to be a tensor, and `measure` gives an array: `torch.from_numpy` makes one of the other.",
                patch=("torch.from_numpy(measure(y_pred.detach().numpy()))", "measure(y_pred.detach().numpy())"),
                hints=("What type does `measure` return?",),
            ),
        ),
        alternatives=(OUTSIDE_PRODUCT, OUTSIDE_GRAD, OUTSIDE_HAND, OUTSIDE_TARGET),
        hints=(
            "What is the gradient of the loss with respect to `y_pred`, and what shape does it have?",
            "Compute `y_pred` in torch, hand `y_pred.detach().numpy()` to `measure`, turn the errors into a tensor, and let twice the errors arrive at `y_pred`.",
            "`errors = torch.from_numpy(measure(y_pred.detach().numpy()))`, `y_pred.backward(2 * errors)`, `return w.grad`.",
        ),
    ),
    "jacobian": code(
        difficulty="hard",
        minutes=12,
        probe=(probe_jacobian, probe_short_jacobian),
        use=use_jacobian,
        drills=("vjp", "retain-graph", "accumulation"),
        outputs=("the Jacobian", "how often ones arrived at all of y"),
        misconceptions=(
            Misconception(
                "rows-add-up",
                "Each row contains the rows before it: `x.grad` was not cleared between the backward passes, and torch adds.",
                patch=(("        x.grad = None\n", ""), ("rows.append(x.grad)", "rows.append(x.grad.clone())")),
                hints=("What is in `x.grad` when the second backward begins?",),
            ),
            Misconception(
                "all-rows-added-up",
                "Every row of yours is the sum of all true rows. `x.grad` is not cleared, so every backward adds to it; and it is one and the same tensor that you kept each time.",
                patch=("        x.grad = None\n", ""),
                hints=("What is in `x.grad` when the second backward begins?",),
            ),
            Misconception(
                "last-row-everywhere",
                "All your rows are the last one. `zero_()` clears the very tensor that you have put on the list; keep a copy with `clone()`, or write `x.grad = None`.",
                patch=("x.grad = None\n", "x.grad = torch.zeros_like(x) if x.grad is None else x.grad.zero_()\n"),
                hints=("How many different tensors are in your list of rows?",),
            ),
            Misconception(
                "rows-emptied",
                "All your rows are zero. Two causes lead there: a `zero_()` after the row was kept clears the very tensor that you have kept (keep a copy with `clone()`, or write `x.grad = None`); or what you ask torch for has no way from `x` to `y`, such as a new function that ignores its argument.",
                patch=("rows.append(x.grad)", "rows.append(x.grad)\n        x.grad.zero_()"),
                hints=("Does `rows.append(x.grad)` keep a copy of the numbers?",),
            ),
            Misconception(
                "nothing-there-to-clear",
                "Before the first backward `x.grad` is `None`, which has no `zero_()`. Write `x.grad = None`.",
                patch=("x.grad = None\n", "x.grad.zero_()\n"),
                hints=("What is `.grad` of a tensor that has never seen a backward pass?",),
            ),
            Misconception(
                "ones-stay",
                "The 1 of place k is still there when place k + 1 gets its own, so each row contains the rows before it. Make new zeros for every k.",
                patch=(
                    ("        direction = torch.zeros_like(y)  # (M,)\n", ""),
                    ("    rows = []\n", "    rows = []\n    direction = torch.zeros_like(y)\n"),
                ),
                hints=("What is in `direction` in the second round of the loop?",),
            ),
            Misconception(
                "graph-thrown-away",
                "The first backward throws away what the nodes keep, and the second finds nothing. Retain the graph.",
                patch=(", retain_graph=True", ""),
                hints=("How often do you go back through the same graph?",),
            ),
            Misconception(
                "ones-arrive",
                "Ones arrive, so every row is the sum of all rows. Let 1 arrive at place k and 0 elsewhere.",
                patch=(("zeros_like", "ones_like"), ("        direction[k] = 1\n", "")),
                hints=("Which `gradient` singles out entry k of y?",),
            ),
            Misconception(
                "uninitialised",
                "You write 1 at place k of a tensor that nobody has filled. Begin with zeros. (The checker fills such memory with NaN.)",
                patch=("zeros_like", "empty_like"),
                hints=("What is in the entries of `direction` that you did not write?",),
            ),
            Misconception(
                "one-for-all",
                "You pass a single number. `gradient` needs one number for each entry of `y`.",
                patch=("y.backward(direction", "y.backward(torch.tensor(1.0)"),
                hints=("What shape does `y` have?",),
            ),
            Misconception(
                "transposed",
                "This is the transpose: row k has to belong to y[k], column i to x[i].",
                patch=("torch.stack(rows)", "torch.stack(rows, dim=1)"),
                hints=("Which of M and N counts the rows?",),
            ),
            Misconception(
                "nothing-on-the-list",
                "You put `None` on the list of rows: `backward` returns nothing, and only leaves get a `.grad`. The row is in `x.grad`.",
                patch=("rows.append(x.grad)", "rows.append(y.backward(direction, retain_graph=True))"),
                hints=("Where does `backward` leave what it has found?",),
            ),
            Misconception(
                "first-row-only",
                "You return after the first row. The line that returns belongs behind the loop, not into it.",
                patch=("    return torch.stack(rows)", "        return torch.stack(rows)"),
                hints=("How often does the body of your loop run?",),
            ),
            Misconception(
                "list-of-rows",
                "You return a list of rows. Stack them into one tensor of shape (M, N).",
                patch=("torch.stack(rows)", "rows"),
                hints=("Which function of notebook 02 joins tensors along a new axis?",),
            ),
        ),
        alternatives=(JACOBIAN_EYE, JACOBIAN_ENTRIES, JACOBIAN_BATCHED, JACOBIAN_ACCUMULATED),
        hints=(
            "What has to arrive at y so that row k, and nothing else, comes out?",
            "A loop over k: zeros with a 1 at place k, clear `x.grad`, backward with the graph retained, keep the row.",
            "`y.backward(direction, retain_graph=True)` after `x.grad = None`; `rows.append(x.grad)`; at the end `torch.stack(rows)`.",
        ),
    ),
    "predict_cut": value(
        difficulty="medium",
        minutes=4,
        drills=("no-grad",),
        explain="Cut off, s is a constant 9, so y = 9 x has the slope 9. An inference tensor may not be saved for backward at all.",
        misconceptions=(
            Misconception(
                "not-cut",
                "27 is the slope of $x^3$. But in each way the history of `s` is not recorded, so for autograd `s` is a constant.",
                value=(27, 27, 27),
                hints=("Which `grad_fn` does `s` have?",),
            ),
            Misconception(
                "not-cut-but-error",
                "The error is right. But 27 is the slope of $x^3$, and after `detach` and under `no_grad` `s` is a constant.",
                value=(27, 27, "error"),
                hints=("Which `grad_fn` does `s` have?",),
            ),
            Misconception(
                "detach-still-connected",
                "`detach` cuts as well: its result has the same numbers and no history, so the first way gives 9 too.",
                value=(27, 9, "error"),
                hints=("Which `grad_fn` does `(x * x).detach()` have?",),
            ),
            Misconception(
                "inference-is-no-grad",
                "The two 9s are right. `inference_mode` is stricter than `no_grad`: its results may not be saved for a backward pass.",
                value=(9, 9, 9),
                hints=("What does `s * x` have to save in order to find the gradient of x?",),
            ),
            Misconception(
                "no-grad-fails",
                "`s` has no history, but `s * x` is computed *after* the block, and `x` asks for a gradient. So it is recorded, with the constant 9 as a factor.",
                value=(9, "error", "error"),
                hints=("Does `y` have a `grad_fn` if `s` was made under `no_grad`?",),
            ),
            Misconception(
                "no-grad-still-connected",
                "`no_grad` cuts as well: what is computed in the block is not recorded, so the second way gives 9 too.",
                value=(9, 27, "error"),
                hints=("Which `grad_fn` does `s` have if it was made under `no_grad`?",),
            ),
            Misconception(
                "another-word",
                'You mean the right thing. Write it as the word that was asked for: `"error"`.',
                value=(9, 9, "RuntimeError"),
            ),
            Misconception(
                "all-gradient-gone",
                "`s` is cut off, but `x` also stands in `y = s * x` itself, and that is recorded. The slope of $9x$ is not 0.",
                value=(0, 0, "error"),
                hints=("If `s` is the constant 9, what is the slope of `y = s * x`?",),
            ),
            Misconception(
                "everything-fails",
                "An error comes only where nothing is recorded at all, or where something may not be saved. `s * x` is recorded in the first two ways, because `x` asks for it.",
                value=("error", "error", "error"),
                hints=("Does `y` have a `grad_fn` in the first way?",),
            ),
        ),
        hints=(
            "For autograd, what is `s` after each of the three ways: a function of x, or a constant?",
            "With s = 9 as a constant: the slope of 9 x. And which of the three may never be saved for a backward pass?",
            "Two numbers that are equal, and one error.",
        ),
    ),
    "predict_hook": value(
        difficulty="medium",
        minutes=3,
        drills=("hooks",),
        explain="At h arrives 2 h = 6, the hook makes it 12, and 3 x takes it to 36. The 1 comes along the other way, past the hook.",
        misconceptions=(
            Misconception(
                "only-looks",
                "That is the gradient without the hook. A hook that returns something replaces the gradient by it.",
                value=19,
                hints=("What does this hook return?",),
            ),
            Misconception(
                "everything-doubled",
                "The hook is on `h`. The contribution that reaches `x` from `+ x` never passes through `h`, so it is not doubled.",
                value=38,
                hints=("Which of the two ways from y to x leads through h?",),
            ),
            Misconception(
                "hook-for-each-use",
                "A hook is called once, with the sum of both contributions of `h * h`. It doubles once, not twice.",
                value=73,
                hints=("How often is a tensor's hook called in one backward pass?",),
            ),
            Misconception(
                "other-way-forgotten",
                "36 comes through `h`. There is a second way from `y` to `x`.",
                value=36,
                hints=("Where else does `x` stand in `y`?",),
            ),
            Misconception(
                "gradient-of-h",
                "12 is what leaves the hook at `h`. It still has to pass through `h = 3 * x`, and `+ x` adds its own part.",
                value=12,
                hints=("What does the product `3 * x` do with a gradient of 12?",),
            ),
            Misconception(
                "factor-three-forgotten",
                "12 leaves the hook, and 1 comes from `+ x`. But on the way from `h` to `x` the gradient passes through `3 * x`.",
                value=13,
                hints=("What is the derivative of `h` with respect to `x`?",),
            ),
        ),
        hints=(
            "Which gradient arrives at h, and what does the hook make of it?",
            "There are two ways from y to x: through h, and directly. Only one passes the hook.",
            "Through h: 2 times 6, then times 3. Directly: 1.",
        ),
    ),
    "set_trainable": code(
        difficulty="easy",
        minutes=6,
        probe=probe_freeze,
        use=use_freeze,
        drills=("freezing",),
        outputs=(
            "how many of two frozen weights ask for a gradient",
            "how many of two frozen weights still hold one",
            "the frozen weights after two steps",
            "how many of two thawed weights ask for a gradient",
            "the thawed weights after two steps",
            "of three weights, asking for a gradient after two freezes and two thaws",
            "of three weights, holding a gradient after each freeze",
        ),
        misconceptions=(
            Misconception(
                "old-gradient-kept",
                "The frozen weight still holds the gradient of the last step, and an update that moves every weight with a gradient keeps pushing it. Set `.grad` to None.",
                patch=("\n        if not trainable:\n            w.grad = None", ""),
                hints=("What is in `w.grad` when a weight has just been frozen?",),
            ),
            Misconception(
                "zeros-kept",
                "`zero_()` leaves a gradient behind that is full of zeros. For an optimiser that is still a gradient, and one with momentum moves the weight. Set `.grad` to None.",
                patch=("w.grad = None", "w.grad.zero_()"),
                hints=("What is the difference between no gradient and a gradient of zeros?",),
            ),
            Misconception(
                "first-one-only",
                "Only the first weight of the list is treated. Does your function return inside the loop?",
                patch=("for w in weights:", "for w in weights[:1]:"),
                hints=("How often does the body of your loop run?",),
            ),
            Misconception(
                "never-thawed",
                "The weight can be frozen but never thawed: the flag does not depend on `trainable`.",
                patch=("w.requires_grad_(trainable)", "w.requires_grad_(False)"),
                hints=("What should happen when `trainable` is True?",),
            ),
            Misconception(
                "the-other-way-round",
                "Your function freezes when it should thaw and thaws when it should freeze.",
                patch=("        w.requires_grad_(trainable)", "        w.requires_grad_(not trainable)"),
                hints=("What does `requires_grad` have to be while the weight is trained?",),
            ),
            Misconception(
                "still-asking",
                "After freezing, the weight still asks for a gradient: its `requires_grad` is True. (`requires_grad_()` without an argument means True.)",
                patch=("w.requires_grad_(trainable)", "w.requires_grad_()"),
                hints=(
                    "Which flag says that a tensor wants a gradient, and what do you set it to when `trainable` is False?",
                ),
            ),
            Misconception(
                "new-tensors",
                "The caller's weights stay as they were. (`detach()` gives a new tensor, and `==` only compares.) Change the flag of the weight itself.",
                patch=(
                    "w.requires_grad_(trainable)\n        if not trainable:\n            w.grad = None",
                    "w = w.detach().requires_grad_(trainable)",
                ),
                hints=("Which line of yours changes a weight of the caller's?",),
            ),
            Misconception(
                "misspelt-flag",
                "The flag is called `requires_grad`. Python lets you invent any other attribute, `require_grad` for one, and nobody ever reads it.",
                patch=("w.requires_grad_(trainable)", "w.require_grad = trainable"),
                hints=("Compare the spelling with the first cell of this notebook.",),
            ),
        ),
        alternatives=(FREEZE_ATTRIBUTE, FREEZE_BRANCHES, FREEZE_DETACHED),
        hints=(
            "What makes a tensor ask for a gradient, and what does it still hold from the step before?",
            "`requires_grad_` takes True or False. Then take care of `.grad`.",
            "`w.requires_grad_(trainable)` for every `w`, and `w.grad = None` where `trainable` is False.",
        ),
    ),
}
