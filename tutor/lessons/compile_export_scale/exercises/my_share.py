"""Exercises of lesson 12: probes, misconceptions, right answers written differently, hints."""

import copy
import logging
import math
import warnings

import torch
from torch import nn

from tutor.checking import Misconception, code, value
from tutor.lessons.registry import About

ABOUT = About(
    minutes=110,
    items={
        "recording": "what a recording of operations holds: a recorder and its replay",
        "trace": "torch.jit.trace: what it records",
        "trace-control-flow": "where tracing goes wrong with control flow, DynamicNet among it",
        "script": "torch.jit.script: what it keeps and what it refuses",
        "scripted-loop": "a scripted loop over x.split(1)",
        "compile": "torch.compile: graphs and guards",
        "graph-breaks": "graph breaks, seen and removed",
        "compile-speed": "the speed of torch.compile with its warm-up counted",
        "export": "torch.export: dynamic shapes, and what it refuses",
        "onnx": "ONNX, where its exporter is installed",
        "averaging": "gradients averaged, and equal to the single-process ones",
        "sampler": "DistributedSampler and set_epoch",
        "torchrun": "DistributedDataParallel by torchrun, gloo on CPU and nccl on CUDA",
        "restart": "a worker killed and the training resumed from the last checkpoint",
        "ship": "a saved program loaded and run without the model's code",
    },
)


def probe_net_tape(d):
    """The two-layer net as a tape, recorded under other names than those of the notebook."""
    n, d_in, h, d_out = d.sizes(4)
    tape = [
        ("h", torch.mm, ["x", "w1"]),
        ("h_relu", torch.clamp, ["h", 0.0]),
        ("y_pred", torch.mm, ["h_relu", "w2"]),
        ("half", torch.mul, ["y_pred", 0.5]),
    ]
    return tape, {"x": d.tensor(n, d_in), "w1": d.tensor(d_in, h), "w2": d.tensor(h, d_out)}


def probe_branching_tape(d):
    """A tape on which an early result and an input are used again at the end."""
    (n,) = d.sizes(1, 3, 7)
    tape = [
        ("t0", torch.mul, ["a", "b"]),
        ("t1", torch.sub, ["b", "t0"]),
        ("t2", torch.pow, ["t1", 2]),
        ("t3", torch.div, ["t2", "a"]),
        ("t4", torch.sub, ["t3", "t0"]),
    ]
    return tape, {"b": d.tensor(n), "a": d.tensor(n)}


def probe_mixed_tape(d):
    """A tape with arguments of every kind, numbers ahead of names among them, and functions that are methods of a tensor."""
    n, m = d.sizes(2)
    tape = [
        ("turned", torch.Tensor.reshape, ["x", (m, n)]),
        ("less", torch.Tensor.__rsub__, ["turned", 1.5]),
        ("power", torch.pow, [2.0, "less"]),
        ("joined", torch.addcmul, ["turned", "power", "less"]),
        ("more", torch.add, ["joined", d.tensor(n)]),
        ("kept", torch.clamp, ["more", None, 1.5]),
    ]
    return tape, {"x": d.tensor(n, m)}


def replay_loop(tape, inputs):
    results = {}
    for step in tape:
        given = []
        for argument in step[2]:
            if not isinstance(argument, str):
                given.append(argument)
            elif argument in results:
                given.append(results[argument])
            else:
                given.append(inputs[argument])
        results[step[0]] = step[1](*given)
    return results[tape[-1][0]]


def replay_get(tape, inputs):
    known = {**inputs}
    result = None
    for name, function, arguments in tape:
        result = known[name] = function(*[known.get(a, a) for a in arguments])
    return result


def replay_backwards(tape, inputs):
    steps = {name: (function, arguments) for name, function, arguments in tape}

    def find(thing):
        if not isinstance(thing, str):
            return thing
        if thing in steps:
            function, arguments = steps[thing]
            return function(*map(find, arguments))
        return inputs[thing]

    return find(tape[-1][0])


def probe_remember(d):
    """Two matrices with different numbers of rows; the sums of the rows have both signs, the last row's among them."""
    n, m, width = d.sizes(3, 3, 7)
    first, second = d.tensor(n, width), d.tensor(m, width)
    for x, signs in ((first, (1, -1, 1)), (second, (1, 1, -1))):
        for row, sign in zip((0, 1, -1), signs, strict=True):
            if x[row].sum() * sign < 0:
                x[row] *= -1
    return first, second, d.number(0.3, 0.8)


def probe_nothing_to_remember(d):
    """A matrix without any row to remember, and one with a single row to remember and a row of zeros behind it."""
    n, m, width = d.sizes(3, 3, 7)
    first, second = -d.tensor(n, width, positive=True), -d.tensor(m, width, positive=True)
    second[1] *= -1
    second[2] = 0
    return first, second, d.number(0.3, 0.8)


def use_remember(answer, x, other, decay):
    """Script the answer once and run it on both matrices."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scripted = torch.jit.script(answer)
    try:
        return scripted(x, decay), scripted(other, decay)
    except RuntimeError as error:  # its last line says what went wrong, the first only that something did
        raise RuntimeError(f"TorchScript says: {str(error).strip().splitlines()[-1]}") from None


REMEMBER_BY_INDEX = """
def remember(x, decay: float):
    h = torch.zeros(1, x.size(1), dtype=x.dtype)
    for i in range(x.size(0)):
        if bool(x[i].sum() > 0):
            h = h * decay + x[i : i + 1]
    return h
"""

REMEMBER_BY_WHERE = """
def remember(x, decay: float):
    h = torch.zeros_like(x[0]).unsqueeze(0)
    for row in x.split(1):
        h = torch.where(row.sum() > 0, decay * h + row, h)
    return h
"""

REMEMBER_IN_PLACE = """
def remember(x, decay: float):
    h = x.new_zeros((1, x.shape[1]))
    for row in torch.split(x, 1):
        if float(row.sum()) <= 0:
            continue
        h.mul_(decay).add_(row)
    return h
"""


def probe_clip(d):
    """A short tensor and two long ones, of different numbers of dimensions, and a limit between their lengths."""
    n, m, width = d.sizes(3)
    short, long, block = d.tensor(n, width), d.tensor(m), d.tensor(width, n, m)
    long[0], block[0, 0, 0] = 2 * long.norm(), 2 * block.norm()  # one entry alone is above the limit, most are below it
    return short / short.norm(), 4 * long / long.norm(), 4 * block / block.norm(), d.number(1.5, 2.5)


def use_clip(answer, short, long, block, limit):
    """Run the compiled answer on all tensors, and say in words whether it could be recorded as one graph."""
    logging.disable(
        logging.ERROR
    )  # torch logs pages about code that it cannot record; the report says it in a sentence
    try:
        clipped, whole = zip(*(compiled_and_run(answer, x, limit) for x in (short, long, block)), strict=True)
    finally:
        logging.disable(logging.NOTSET)
    return *clipped, "one graph" if all(whole) else "pieces, with Python between them"


def compiled_and_run(answer, x, limit):
    """What the compiled answer returns, and whether it is one graph; a backend that compiles nothing is enough for that."""
    for whole in (True, False):
        torch.compiler.reset()
        try:
            return torch.compile(answer, backend="eager", fullgraph=whole)(x.clone(), limit), whole
        except (
            Exception
        ):  # not to be recorded whole, or wrong in itself: then the second time says so in Python's words
            if not whole:
                raise


def clip_where(x, limit):
    norm = x.norm()
    return torch.where(norm > limit, x / norm * limit, x)


def clip_minimum(x, limit):
    length = (x * x).sum().sqrt()
    return torch.minimum(length, torch.full_like(length, limit)) * x / length


def clip_cond(x, limit):
    norm = x.norm()
    return torch.cond(norm > limit, lambda x, norm: x * (limit / norm), lambda x, norm: x.clone(), (x, norm))


def clip_arithmetic(x, limit):
    norm = torch.linalg.vector_norm(x)
    too_long = (norm > limit).to(x.dtype)
    return too_long * (x * limit / norm) + (1 - too_long) * x


def probe_pays(d):
    """Times of a function that gains by being compiled, chosen so that a few calls pay for the first."""
    eager = d.number(0.4, 1.0)
    return eager * d.number(2.0, 5.0), eager * d.number(0.2, 0.6), eager


def probe_pays_never(d):
    """A compiled call that is slower than an eager one."""
    eager = d.number(0.4, 1.0)
    return eager * d.number(2.0, 5.0), eager * d.number(1.1, 1.5), eager


def probe_pays_as_slow(d):
    """A compiled call that is exactly as slow as an eager one."""
    eager = d.number(0.4, 1.0)
    return eager * d.number(2.0, 5.0), eager, eager


def probe_pays_evenly(d):
    """Times (sums of eighths, so that nothing is rounded) with which the bill is even after 2 to 6 calls."""
    compiled, gain = d.integer(1, 8) / 8, d.integer(1, 8) / 8
    return compiled + d.integer(2, 6) * gain, compiled, compiled + gain


def probe_pays_at_once(d):
    """A first call that costs less than an eager one."""
    eager = d.number(0.4, 1.0)
    return eager * d.number(0.7, 0.9), eager * d.number(0.2, 0.6), eager


def probe_pays_late(d):
    """Times with which some thousand calls pay for the first, as they do in the notebook."""
    compiled, gain = d.number(1e-4, 1e-3), d.number(1e-3, 2e-3)
    return compiled + (d.integer(1500, 3000) - 0.5) * gain, compiled, compiled + gain


def pays_by_counting(first_call, compiled_call, eager_call):
    if compiled_call >= eager_call:
        return math.inf
    n, compiled, eager = 1, first_call, eager_call
    while compiled > eager:
        n, compiled, eager = n + 1, compiled + compiled_call, eager + eager_call
    return n


def pays_by_floor(first_call, compiled_call, eager_call):
    extra, gain = first_call - eager_call, eager_call - compiled_call
    return 1 - int(-extra // gain) if gain > 0 else float("inf")


def pays_by_max(first_call, compiled_call, eager_call):
    warm_up, gain = first_call - compiled_call, eager_call - compiled_call
    return max(1, math.ceil(warm_up / gain)) if gain > 0 else math.inf


def probe_parallel(d):
    """Weights of a two-layer net, and three batches of two, three or five shares."""
    share, d_in, h, d_out = d.sizes(4)
    count = (2, 3, 5)[d.sizes(1, 0, 2)[0]]
    weights = [d.tensor(h, d_in), d.tensor(h), d.tensor(d_out, h), d.tensor(d_out)]
    batches = [[(d.tensor(share, d_in), d.tensor(share, d_out)) for rank in range(count)] for step in range(3)]
    return weights, batches, 0.05


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


def probe_share(d):
    """Counts that do and do not divide by the number of processes."""
    world_size = d.integer(2, 4)
    return world_size * d.integer(4, 6) + d.integer(1, world_size - 1), world_size, d.integer(3, 9)


def probe_even_share(d):
    """A count that divides evenly."""
    world_size = d.integer(2, 4)
    return world_size * d.integer(3, 5), world_size, d.integer(3, 9)


def use_share(answer, count, world_size, seed):
    """The shares of all processes in three epochs."""
    return [[answer(count, world_size, rank, epoch, seed) for rank in range(world_size)] for epoch in (1, 2, 5)]


def share_by_sampler_arithmetic(count, world_size, rank, epoch, seed=0):
    g = torch.Generator()
    g.manual_seed(seed + epoch)
    order = torch.randperm(count, generator=g).tolist()
    each = math.ceil(count / world_size)
    order += order[: each * world_size - count]
    return torch.tensor(order[rank : len(order) : world_size])


def share_by_modulo(count, world_size, rank, epoch, seed=0):
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed + epoch))
    places = torch.arange(rank, -(-count // world_size) * world_size, world_size)
    return order[places % count]


def share_by_table(count, world_size, rank, epoch, seed=0):
    generator = torch.Generator().manual_seed(epoch + seed)
    order = torch.randperm(count, generator=generator)
    while len(order) % world_size:
        order = torch.cat([order, order[len(order) % count :][:1]])
    return order.reshape(-1, world_size)[:, rank]


EXERCISES = {
    "replay": code(
        difficulty="medium",
        minutes=10,
        probe=(probe_net_tape, probe_branching_tape, probe_mixed_tape),
        drills=("recording",),
        misconceptions=(
            Misconception(
                "writes-into-inputs",
                "`inputs` is not as it was. It belongs to the caller: if you enter results into it or take something out, do "
                "that with a copy of the dict.",
                patch=("dict(inputs)", "inputs"),
                hints=("Is `values = inputs` a new dict, or a second name for the same one?",),
            ),
            Misconception(
                "first-step-only",
                "You return what the first step computes. The loop has to go through the whole tape before the return.",
                patch=("    return values[name]", "        return values[name]"),
                hints=("How often does the body of your loop run?",),
            ),
            Misconception(
                "all-values",
                "You return everything that was computed; only the result of the last step is asked for.",
                patch=("return values[name]", "return values"),
                hints=("What does the docstring say is returned?",),
            ),
            Misconception(
                "numbers-dropped",
                "The arguments that are not strings are lost on the way: a function is called with fewer arguments than "
                "were recorded. Pass them on as they are.",
                patch=(
                    "[values[a] if isinstance(a, str) else a for a in arguments]",
                    "[values[a] for a in arguments if isinstance(a, str)]",
                ),
                hints=("What should become of the 0.5 in `mul(y_pred, 0.5)`?",),
            ),
            Misconception(
                "numbers-looked-up",
                "You look up every argument, but a number is not the name of anything. Only strings are names.",
                patch=("[values[a] if isinstance(a, str) else a for a in arguments]", "[values[a] for a in arguments]"),
                hints=("How do you tell a name from a number?",),
            ),
            Misconception(
                "all-but-numbers-looked-up",
                "You look up every argument that is not a number. But a tuple, None or a tensor is no name either: only strings "
                "are, and anything else is passed on as it is.",
                patch=("values[a] if isinstance(a, str) else a", "a if isinstance(a, int | float) else values[a]"),
                hints=("Which kinds of things can stand on a tape, and which of them are names?",),
            ),
            Misconception(
                "names-not-looked-up",
                "The functions receive the names themselves. A name has to be replaced by the tensor that it stands for.",
                patch=("values[a] if isinstance(a, str) else a", "a"),
                hints=("What does torch.mm make of the string 'x'?",),
            ),
            Misconception(
                "results-not-kept",
                "Results are not entered under their names, so a later step that asks for one does not find it.",
                patch=(
                    ("values[name] = function(*given)", "result = function(*given)"),
                    ("return values[name]", "return result"),
                ),
                hints=("Where does the second step find the result of the first?",),
            ),
        ),
        alternatives=(replay_loop, replay_get, replay_backwards),
        hints=(
            "Where can a step find the tensors that its arguments name?",
            "Keep a dict from name to tensor; begin with a copy of `inputs` and add each result.",
            "`values[name] = function(*given)`, where given is `[values[a] if isinstance(a, str) else a for a in arguments]`.",
        ),
    ),
    "remember": code(
        difficulty="medium",
        minutes=10,
        probe=(probe_remember, probe_nothing_to_remember),
        use=use_remember,
        outputs=("h of one matrix", "h of another, with more or fewer rows"),
        drills=("scripted-loop", "script"),
        misconceptions=(
            Misconception(
                "no-decision",
                "Every row is remembered. Rows whose sum is not positive should leave h alone.",
                patch=("if row.sum() > 0:", "if True:"),
                hints=("What happens to h when a row has the sum -1?",),
            ),
            Misconception(
                "decays-always",
                "h decays at every row. A row whose sum is not positive should leave it as it is, undecayed.",
                patch=(
                    "            h = decay * h + row\n",
                    "            h = decay * h + row\n        else:\n            h = decay * h\n",
                ),
                hints=("What is h after a row that is passed over?",),
            ),
            Misconception(
                "decay-on-the-sum",
                "`decay` multiplies the new row as well. It belongs to the old h alone.",
                patch=("decay * h + row", "decay * (h + row)"),
                hints=("In the formula, what does decay stand next to?",),
            ),
            Misconception(
                "decay-on-the-row",
                "`decay` multiplies the new row; it belongs to the old h.",
                patch=("decay * h + row", "h + decay * row"),
                hints=("In the formula, what does decay stand next to?",),
            ),
            Misconception(
                "decay-missing",
                "h does not decay: the rows that are remembered are added up.",
                patch=("decay * h + row", "h + row"),
                hints=("Where does `decay` stand in the formula?",),
            ),
            Misconception(
                "averaged",
                "The new row is multiplied by 1 - decay, as in a running mean. Here it is added as it is.",
                patch=("decay * h + row", "decay * h + (1 - decay) * row"),
                hints=("In the formula, what does the row stand next to?",),
            ),
            Misconception(
                "forgets",
                "A row whose sum is not positive clears the memory. It should leave h as it is.",
                patch=(
                    "            h = decay * h + row\n",
                    "            h = decay * h + row\n        else:\n            h = torch.zeros_like(row)\n",
                ),
                hints=("What is h after a row that is passed over?",),
            ),
            Misconception(
                "stops",
                "You stop at the first row whose sum is not positive. Such a row is only passed over.",
                patch=(
                    "        if row.sum() > 0:\n",
                    "        if row.sum() <= 0:\n            break\n        if row.sum() > 0:\n",
                ),
                hints=("Which rows come after one that is passed over?",),
            ),
            Misconception(
                "first-row-only",
                "You return after the first row. The loop has to go through all rows before the return.",
                patch=("    return h", "        return h\n    return h"),
                hints=("How often does the body of your loop run?",),
            ),
            Misconception(
                "shape-lost",
                "The result has lost a dimension: h should keep the shape (1, D) of a row of `x.split(1)`.",
                patch=("    return h", "    return h[0]"),
                hints=("Which shape does `x[:1]` have, and which `x[0]`?",),
            ),
            Misconception(
                "begins-with-the-first-row",
                "h begins as the first row and gets it once more. It should begin as zeros.",
                patch=("torch.zeros_like(x[:1])", "x[:1]"),
                hints=("What is in memory before the first row has been seen?",),
            ),
            Misconception(
                "entry-by-entry",
                "You decide for every entry by its own sign. The decision is one for the whole row, by its sum.",
                patch=(
                    "        if row.sum() > 0:\n            h = decay * h + row\n",
                    "        h = torch.where(row > 0, decay * h + row, h)\n",
                ),
                hints=("How many decisions does a row with five entries ask for?",),
            ),
            Misconception(
                "condition-inverted",
                "The decision is upside down: the rows with a sum that is not positive are remembered.",
                patch=("row.sum() > 0", "row.sum() <= 0"),
                hints=("Which rows are to be remembered?",),
            ),
            Misconception(
                "zero-is-remembered",
                "A row whose sum is 0 is remembered. 0 is not positive: such a row leaves h alone.",
                patch=("row.sum() > 0", "row.sum() >= 0"),
                hints=("What should a row of zeros do to h?",),
            ),
            Misconception(
                "annotation-missing",
                "TorchScript takes `decay` for a tensor, but it is a number. Say so where the function begins: `decay: float`.",
                patch=("decay: float", "decay"),
                hints=("How does TorchScript know what `decay` is, before anybody has called your function?",),
            ),
        ),
        alternatives=(REMEMBER_BY_INDEX, REMEMBER_BY_WHERE, REMEMBER_IN_PLACE),
        equivalent_mutants={
            "if row.mean() > 0:": "the mean has the sign of the sum",
        },
        hints=(
            "If there were only one row, what would h be after it?",
            "Begin with `h = torch.zeros_like(x[:1])`, loop over `x.split(1)`, and decide by `row.sum()`.",
            "`if row.sum() > 0:` and below it `h = decay * h + row`.",
        ),
    ),
    "predict_graphs": value(
        difficulty="easy",
        minutes=2,
        drills=("compile",),
        misconceptions=(
            Misconception(
                "recorded-once",
                "That is what `trace` would do: one recording for ever. A guard says for which order it is valid, and another "
                "order is recorded anew.",
                value=1,
            ),
            Misconception(
                "recorded-at-each-call",
                "A recording whose guards hold is used again: the second call with order 3 finds that of the first.",
                value=6,
            ),
            Misconception(
                "loop-made-general",
                "A graph has no loop in it, so it fits one order only.",
                value=2,
            ),
        ),
        hints=("Is the graph of order 3 valid for order 4, and is it valid for order 3 the second time?",),
        explain="One for each order: a guard sends the second three calls back to the recordings of the first three.",
    ),
    "clip": code(
        difficulty="medium",
        minutes=8,
        probe=probe_clip,
        use=use_clip,
        seconds=30.0,
        outputs=("a short tensor", "a long vector", "a long block", "how it is recorded"),
        drills=("graph-breaks", "compile"),
        misconceptions=(
            Misconception(
                "branch-kept",
                "The values are right, but they do not come from one graph: somewhere Python wants to know the value of a tensor, "
                "to decide by it (`if`, `bool`, `.item()`) or to show it (`print`).",
                patch=(
                    "    return x * (limit / norm).clamp(max=1.0)",
                    "    if norm > limit:\n        x = x * (limit / norm)\n    return x",
                ),
                hints=("Which line of yours needs to know a number before the next can run?",),
            ),
            Misconception(
                "entries-clipped",
                "You clip every entry by itself. It is the length of the whole vector that is limited; its direction stays.",
                patch=("x * (limit / norm).clamp(max=1.0)", "x.clamp(-limit, limit)"),
                hints=("Does your result still point into the direction of x?",),
            ),
            Misconception(
                "never-shortened",
                "A vector that is too long comes back as long as it was.",
                patch=(("    norm = x.norm()\n", ""), ("x * (limit / norm).clamp(max=1.0)", "x")),
                hints=("What should happen to a vector that is longer than limit?",),
            ),
            Misconception(
                "largest-entry",
                "You measure the vector by its largest entry. Its length is the root of the sum of all squares.",
                patch=("x.norm()", "x.abs().max()"),
                hints=("How long is the vector (3, 4)?",),
            ),
            Misconception(
                "sum-of-entries",
                "You measure the vector by the sum of its entries without their signs. Its length is the root of the sum of the squares.",
                patch=("x.norm()", "x.abs().sum()"),
                hints=("How long is the vector (3, 4)?",),
            ),
            Misconception(
                "row-by-row",
                "Every row is measured and shortened by itself. The length is one number for the whole tensor.",
                patch=("x.norm()", "x.norm(dim=-1, keepdim=True)"),
                hints=("Which shape does your norm have?",),
            ),
            Misconception(
                "always-scaled",
                "Every vector gets the length `limit`, short ones too. A short one should stay as it is.",
                patch=(".clamp(max=1.0)", ""),
                hints=("What should happen to a vector that is shorter than limit?",),
            ),
            Misconception(
                "short-ones-scaled",
                "The choice is upside down: long vectors stay as they are, and short ones are stretched to `limit`.",
                patch=("max=1.0", "min=1.0"),
                hints=("Which factor does a vector get that is twice too long?",),
            ),
            Misconception(
                "quotient-inverted",
                "The quotient stands upside down: a vector that is twice too long has to be multiplied by one half.",
                patch=("limit / norm", "norm / limit"),
                hints=("By what do you multiply a vector of length 4 to make it one of length 2?",),
            ),
            Misconception(
                "squared-length",
                "The length is the root of the sum of squares; the root is missing.",
                patch=("x.norm()", "(x * x).sum()"),
                hints=("How long is the vector (3, 4)?",),
            ),
        ),
        alternatives=(clip_where, clip_minimum, clip_arithmetic, clip_cond),
        hints=(
            "By which factor is a long vector multiplied, and by which a short one?",
            "The factor is `limit / norm`, but never more than 1: a clamp, or `torch.where` between two results.",
            "`return x * (limit / norm).clamp(max=1.0)` after `norm = x.norm()`.",
        ),
    ),
    "pays_from": code(
        difficulty="medium",
        minutes=7,
        probe=(
            probe_pays,
            probe_pays_never,
            probe_pays_as_slow,
            probe_pays_evenly,
            probe_pays_at_once,
            probe_pays_late,
        ),
        drills=("compile-speed",),
        misconceptions=(
            Misconception(
                "warm-up-forgotten",
                "Yours pays from the first call on, whatever the first call costs. It belongs to the bill.",
                patch=("math.ceil((first_call - compiled_call) / (eager_call - compiled_call))", "1"),
                hints=("Who pays for the first call?",),
            ),
            Misconception(
                "one-too-few",
                "Your n is one too small: with that many calls the bill is not yet paid. Did you round down, or leave the "
                "first call out of the count?",
                patch=("math.ceil(", "math.floor("),
                hints=("If 7.2 calls would just pay, do 7 calls? And is the first call among your n?",),
            ),
            Misconception(
                "first-call-counted-twice",
                "The first call does a call's work, too: n calls are the first and n - 1 later ones. You count n later ones.",
                patch=("(first_call - compiled_call)", "first_call"),
                hints=("How many later calls are there among n?",),
            ),
            Misconception(
                "compared-with-eager-alone",
                "You divide by the time of an eager call. What pays is the time that each later call saves.",
                patch=("/ (eager_call - compiled_call)", "/ eager_call"),
                hints=("How much does each later call save?",),
            ),
            Misconception(
                "never-forgotten",
                "Where a compiled call is no faster than an eager one, no number of calls pays: math.inf is asked for.",
                patch=("    if compiled_call >= eager_call:\n        return math.inf\n", ""),
                hints=("What if compiled_call is larger than eager_call?",),
            ),
            Misconception(
                "as-slow-overlooked",
                "A compiled call that is exactly as slow as an eager one saves nothing: it never pays either, and the difference "
                "that you divide by is 0.",
                patch=("compiled_call >= eager_call", "compiled_call > eager_call"),
                hints=("How much does each call save, if both take the same time?",),
            ),
            Misconception(
                "even-is-not-enough",
                "Where both bills are equal, that number of calls counts already: the docstring says <=. Yours is one more there.",
                patch=(
                    "math.ceil((first_call - compiled_call) / (eager_call - compiled_call))",
                    "math.floor((first_call - compiled_call) / (eager_call - compiled_call)) + 1",
                ),
                hints=("If exactly 3 calls make both bills equal, which n is asked for?",),
            ),
            Misconception(
                "two-at-least",
                "If even the first call costs no more than an eager one, it pays from 1 call on.",
                patch=(
                    "math.ceil((first_call - compiled_call) / (eager_call - compiled_call))",
                    "max(2, math.ceil((first_call - compiled_call) / (eager_call - compiled_call)))",
                ),
                hints=("For n = 1, what do both sides of the docstring's <= say?",),
            ),
            Misconception(
                "gives-up",
                "You say that it never pays where it pays after a long time. Only a compiled call that is no faster than an eager "
                "one never pays.",
                patch=(
                    "    return math.ceil((first_call - compiled_call) / (eager_call - compiled_call))",
                    "    n = math.ceil((first_call - compiled_call) / (eager_call - compiled_call))\n    return n if n <= 1000 else math.inf",
                ),
                hints=("How many calls does a warm-up of a second need, if each later call saves a millisecond?",),
            ),
        ),
        alternatives=(pays_by_counting, pays_by_floor, pays_by_max),
        hints=(
            "After the first call you are behind. How much does each later call catch up?",
            "Solve first_call + (n - 1) * compiled_call = n * eager_call for n, and round up; but first ask whether it can pay at all.",
            "`math.ceil((first_call - compiled_call) / (eager_call - compiled_call))`",
        ),
    ),
    "parallel_step": code(
        difficulty="hard",
        minutes=12,
        probe=probe_parallel,
        use=use_parallel,
        seconds=20.0,
        outputs=("the weights after step 1", "the weights after step 2", "the weights after step 3"),
        drills=("averaging",),
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
                "The weights are the same as before. A step that makes new tensors leaves the models their old ones: change "
                "the weights in place, with `-=` under `torch.no_grad()`.",
                patch=("copy -= learning_rate * grad", "copy = copy - learning_rate * grad"),
                hints=("Does `p = p - step` change the tensor that p was a name of?",),
            ),
            Misconception(
                "only-the-first-steps",
                "Only the first replica takes the step; the others keep their old weights.",
                patch=("for copy in copies:", "for copy in copies[:1]:"),
                hints=("Which of the replicas have to end with the new weights?",),
            ),
            Misconception(
                "old-gradients-kept",
                "What stood in .grad before is still in there: `backward` adds to it. Clear the gradients first.",
                patch=("        model.zero_grad()\n", ""),
                hints=("What does backward do with a gradient that is there already?",),
            ),
            Misconception(
                "cleared-afterwards",
                "The first step is wrong, the later ones are not: what stood in .grad before you began is still in there. Clear "
                "the gradients before `backward`, not behind the step.",
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
                "The loss gets its arguments the wrong way round: it is loss_fn(model(x), y).",
                patch=("loss_fn(model(x), y)", "loss_fn(y, model(x))"),
                hints=("In which order does the docstring write the arguments of loss_fn?",),
            ),
            Misconception(
                "divided-by-rows",
                "The sum of the gradients is divided by the number of rows in a share. Each loss is a mean over its rows already; divide by the number of replicas.",
                patch=("/ len(copies)", "/ len(shares[0][0])"),
                hints=("Of how many gradients do you want the mean?",),
            ),
            Misconception(
                "averaged-on-the-way",
                "A mean is put into .grad before the next replica has taken its own, so later ones are means with means among them. Compute the mean once, from all gradients, then step.",
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
        equivalent_mutants={
            "grad = sum((copy.grad for copy in copies)) / len(replicas)": "there is one copy in each replica",
            "grad = sum((copy.grad for copy in copies)) / len(shares)": "there is one share for each replica",
        },
        alternatives=(step_by_grad, step_by_averaging_weights, step_by_one_batch),
        hints=(
            "What does each replica compute by itself, and what do they have to agree on?",
            "First zero_grad and backward for every replica with its share; then, weight by weight, the mean of the gradients.",
            "`for copies in zip(*(m.parameters() for m in replicas)):` gives one weight as each replica has it.",
        ),
    ),
    "my_share": code(
        difficulty="medium",
        minutes=8,
        probe=(probe_share, probe_even_share),
        use=use_share,
        exact=True,
        outputs=("the shares of epoch 1", "the shares of epoch 2", "the shares of epoch 5"),
        drills=("sampler",),
        misconceptions=(
            Misconception(
                "epoch-forgotten",
                "The order is the same in every epoch. That is what happens without `set_epoch`: add the epoch to the seed.",
                patch=("seed + epoch", "seed"),
                hints=("Which numbers make the shuffle of epoch 2 another one than that of epoch 1?",),
            ),
            Misconception(
                "seed-forgotten",
                "The order depends on the epoch alone. Another seed should give another order: the generator gets the sum of both.",
                patch=("seed + epoch", "epoch"),
                hints=("What would change if someone passed another seed?",),
            ),
            Misconception(
                "seed-times-epoch",
                "The seed is multiplied by the epoch. With seed 0 every epoch would get the same order: add them.",
                patch=("seed + epoch", "seed * epoch"),
                hints=("What is the product if the seed is 0?",),
            ),
            Misconception(
                "unseeded",
                "A generator is used, but nobody gives it the seed: the order is the same for every seed and every epoch.",
                patch=("torch.Generator().manual_seed(seed + epoch)", "torch.Generator()"),
                hints=("Where do seed and epoch come in?",),
            ),
            Misconception(
                "rank-in-the-seed",
                "Every process shuffles differently. Their shares overlap then, and some images are seen by nobody.",
                patch=("seed + epoch", "seed + epoch + rank"),
                hints=("What has to be the same in all processes, so that no image is taken twice?",),
            ),
            Misconception(
                "not-filled-up",
                "The order is not continued, so some shares are shorter than others, and a process with more batches would "
                "wait for ever for the rest.",
                patch=("    order = torch.cat([order, order[:missing]])  # now a multiple of world_size\n", ""),
                hints=("How long is the share of each process if 10 images go to 3 of them?",),
            ),
            Misconception(
                "rest-dropped",
                "The images that do not divide evenly are left out. Here nothing is lost: the order is continued with its "
                "own beginning.",
                patch=(
                    "order = torch.cat([order, order[:missing]])",
                    "order = order[: count - count % world_size]",
                ),
                hints=("What becomes of the last of 10 images, with 3 processes?",),
            ),
            Misconception(
                "shuffled-after-filling",
                "You shuffle more indices than there are images, so some of yours point at no image. Shuffle `count` indices, "
                "then continue that order with its beginning.",
                patch=(
                    ("torch.randperm(count,", "torch.randperm(count + -count % world_size,"),
                    ("    order = torch.cat([order, order[:missing]])  # now a multiple of world_size\n", ""),
                ),
                hints=("What is the largest index that an image can have?",),
            ),
            Misconception(
                "no-generator",
                "The order does not depend on the seed and the epoch. Every process would draw another one.",
                patch=("torch.randperm(count, generator=generator)", "torch.randperm(count)"),
                hints=("Who tells randperm which generator to draw from?",),
            ),
            Misconception(
                "rest-for-missing",
                "You append as many indices as are left over, not as many as are missing.",
                patch=("-count % world_size", "count % world_size"),
                hints=(
                    "With 10 images and 4 processes 2 are left over. How many are missing to 12? And with 3 processes?",
                ),
            ),
            Misconception(
                "filled-up-though-even",
                "You append indices even where the count divides evenly: nothing is missing then.",
                patch=("-count % world_size", "world_size - count % world_size"),
                hints=("How many are missing with 12 images and 3 processes?",),
            ),
            Misconception(
                "filled-up-with-the-last",
                "The last index of the order is repeated. The order should be continued with its beginning.",
                patch=("order[:missing]", "order[-1:].repeat(missing)"),
                hints=("Which end of the order is its beginning?",),
            ),
            Misconception(
                "filled-up-with-zeros",
                "The order is filled up with zeros, that is, with image 0. It should be continued with its own beginning.",
                patch=("order[:missing]", "torch.zeros(missing, dtype=torch.long)"),
                hints=("Which image is number 0?",),
            ),
            Misconception(
                "sorted",
                "Your share is in ascending order. It should keep the order of the shuffle.",
                patch=("return order[rank::world_size]", "return order[rank::world_size].sort().values"),
                hints=("In which order are the images to be seen?",),
            ),
            Misconception(
                "blocks",
                "You give each process one block of the order. That is a fair division, too, but the one asked for deals the "
                "images out like cards: every world_size-th one.",
                patch=(
                    "return order[rank::world_size]",
                    "return order[rank * (len(order) // world_size) : (rank + 1) * (len(order) // world_size)]",
                ),
                hints=("Who gets the second image of the order?",),
            ),
            Misconception(
                "filled-up-from-the-end",
                "The order is continued with its end. It should be continued with its beginning.",
                patch=("order[:missing]", "order[count - missing :]"),
                hints=("Which end of the order stands first?",),
            ),
            Misconception(
                "no-tensor",
                "The indices are right, but they do not come as a tensor. That is asked for: stay with tensors all the way, or make one at the end.",
                patch=("return order[rank::world_size]", "return order[rank::world_size].tolist()"),
                hints=("What does the docstring say is returned?",),
            ),
            Misconception(
                "rank-forgotten",
                "Every process gets the share of process 0.",
                patch=("order[rank::world_size]", "order[::world_size]"),
                hints=("Where does process 2 begin?",),
            ),
            Misconception(
                "not-shuffled",
                "The indices come in their natural order. They should be shuffled by `torch.randperm` first.",
                patch=("torch.randperm(count, generator=generator)", "torch.arange(count)"),
                hints=("Where does the order come from, according to the docstring?",),
            ),
        ),
        equivalent_mutants={
            "generator = torch.manual_seed(seed + epoch)": "the global generator, with the same seed, gives the same order",
            "order = torch.cat([order, order[:rank]])": "no rank needs more of the beginning than that, and takes no more",
        },
        alternatives=(share_by_sampler_arithmetic, share_by_modulo, share_by_table),
        hints=(
            "With 10 images and 3 processes, how many images does each one get, and where do the missing ones come from?",
            "Shuffle, append the beginning so that the length divides evenly, then take every world_size-th from `rank` on.",
            "`missing = -count % world_size`, and at the end `order[rank::world_size]`.",
        ),
    ),
    "predict_restart": value(
        difficulty="easy",
        minutes=2,
        drills=("restart",),
        misconceptions=(
            Misconception(
                "only-the-dead-one",
                "The survivor waits in the middle of a step for a gradient that never comes, and a fresh process knows nothing "
                "of that step. They can only begin together.",
                value="the dead one",
            ),
            Misconception(
                "all-is-lost",
                "Fresh processes know nothing, that is true. But they look for the checkpoint, and epoch 1 is in it.",
                value="both, from the start",
            ),
        ),
        hints=("What do both processes know for sure after one of them has been started anew?",),
        explain="All processes are started again, and what they go on from is the checkpoint after epoch 1.",
    ),
}
