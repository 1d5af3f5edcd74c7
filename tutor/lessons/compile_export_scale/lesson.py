# %% [markdown] name="opening"
# # Away from the notebook: record, compile, export, scale
#
# A model is numbers and code, and the code is Python. Sometimes that is in the way: where the model is to run there is no
# Python, or Python is too slow, or one machine is not enough. This last notebook shows the three ways out. A recording of
# what the code does can be made faster (**compile**) or carried away (**export**); and the training itself can be spread
# over many processes (**scale**). Each has a way of going wrong in silence, and you will see every one of them.
#
# **You will be able to**
#
# - say what `torch.jit.trace`, `torch.jit.script`, `torch.compile` and `torch.export` each put down, and what they lose;
# - find a graph break and remove it, and time a compiled function without deceiving yourself;
# - save a program that runs on batches of any size without the model's code;
# - train with `DistributedDataParallel` under `torchrun`, and prove that two processes compute the gradients of one;
# - have a training survive the death of one of its processes.
#
# **You need** notebooks 05, 07, 09 and 11. **It takes** about 30 minutes for the core, 175 with everything; the code
# runs in about a minute on a laptop, most of it for a C++ compiler and for processes that start.

# %% name="imports"
import contextlib
import importlib.util
import inspect
import io
import logging
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

from tutor import check, data, ddp, exercise, expect, models, plots, progress
from tutor.gradients import compare_gradients
from tutor.launch import torchrun

# %% [markdown] name="folder"
# What this notebook writes goes into one folder, which is deleted when the kernel ends. The folder is also where
# `torch.compile` keeps what it has built: an empty one, or what was built yesterday would hide what it costs. (It would also
# store torch's C++ headers, ready for the next time, outside the folder; the last line says not to.)

# %% name="scratch"
scratch = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
folder = Path(scratch.name)
os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(folder / "compiled")
os.environ["TORCHINDUCTOR_CPP_CACHE_PRECOMPILE_HEADERS"] = "0"

# %% [markdown] name="tape"
# ## 1. What is a recording?
#
# *Deeper ground: a recorder of your own.*
#
# Everything in this notebook rests on a list of operations. You can make one in a dozen lines: torch lets you step in
# whenever one of its functions is called. Our recorder runs the function, then writes down its name, what it was given,
# and a name for what came out. It keeps positional arguments only, and refuses others rather than lose them.


# %% tags=["item:recording"] name="recorder"
class Recorder(TorchFunctionMode):
    """Write down every torch function that is called inside the `with` block."""

    def __init__(self, **inputs):
        super().__init__()
        self.tape, self.named = [], dict(inputs)

    def name_of(self, thing):
        """The name of a tensor that is known; anything else as it is."""
        return next((name for name, known in self.named.items() if known is thing), thing)

    def __torch_function__(self, function, types, arguments=(), options=None):
        if options:
            raise NotImplementedError(
                f"this recorder keeps no keyword arguments, but {function.__name__} got {options}"
            )
        result = function(*arguments)
        name = f"t{len(self.tape)}"
        self.tape.append((name, function, [self.name_of(a) for a in arguments]))
        self.named[name] = result
        return result


# %% [markdown] name="tape-told"
# The two-layer net once more, all sizes different. $x$ is $(N, D_{in})$, $w_1$ is $(D_{in}, H)$, $w_2$ is $(H, D_{out})$:

# %% tags=["item:recording", "nbval-check-output"] name="record-net"
x, y, w1, w2 = models.two_layer_data((4, 3, 5, 2))
with Recorder(x=x, w1=w1, w2=w2) as recorder:
    y_pred = torch.relu(x.mm(w1)).mm(w2) * 0.5
for name, function, arguments in recorder.tape:
    print(f"{name} = {function.__name__}({', '.join(map(str, arguments))})")

# %% [markdown] name="ask-replay"
# Look at what is there: names of tensors, and the number 0.5, which is not a tensor and stands there as it was. The sizes are
# *not* there, nor is the name `y_pred`, nor the file that the line came from. A tape like this can be run without your
# code, on other numbers, by a loop in any language. Write that loop.


# %% tags=["item:recording"]
@exercise("compile_export_scale.replay")
def replay(tape, inputs):
    """Run a recorded program on other inputs; return what its last step computes.

    tape : list of (name, function, arguments), in the order in which they ran. An argument that is a
        string names an input or an earlier result; any other (a number, a list, ...) is passed on as it is
    inputs : dict, name -> tensor; it must be unchanged when you return
    """
    ### BEGIN SOLUTION
    values = dict(inputs)
    for name, function, arguments in tape:
        given = [values[a] if isinstance(a, str) else a for a in arguments]
        values[name] = function(*given)
    return values[name]
    ### END SOLUTION


# %% tags=["item:recording", "nbval-check-output", "tolerance:±1e-5"] name="replay-other-sizes"
x, y, w1, w2 = models.two_layer_data((7, 6, 9, 8), seed=1)
again = replay(recorder.tape, {"x": x, "w1": w1, "w2": w2})
apart = abs(again - torch.relu(x @ w1) @ w2 * 0.5).max()
print(f"recorded with 4 rows, run with {len(again)}: largest difference {apart:.0e}")

# %% [markdown] name="branch"
# Now with a decision. Inside the block stands an `if`; look for it on the tape.

# %% tags=["item:recording", "nbval-check-output"] name="record-branch"
t = torch.tensor([1.0, 2.0])
with Recorder(t=t) as recorder:
    doubled = t * 2 if t.sum() > 0 else t - 100
for name, function, arguments in recorder.tape:
    print(f"{name} = {function.__name__}({', '.join(map(str, arguments))})")
replayed = replay(recorder.tape, {"t": -t})
print("replayed on the negative of it:", replayed.tolist(), "instead of", (-t - 100).tolist())

# %% [markdown] name="branch-told"
# The question is there (`gt`, then `__bool__`, which turned it into Python's True), and its answer is never looked at again.
# The branch that was not taken is nowhere. **A recording holds what happened.** Keep that sentence; every tool below is
# one way of coping with it.
#
# ## 2. torch.jit.trace: the recorder of old
#
# *Core*
#
# `torch.jit.trace(model, x)` does what you did, in C++. You meet it in much existing code, so you should know it, but it is
# out of date, and it says so. (Older versions of torch do not say so; therefore we ask first.)


# %% tags=["item:trace"] name="trace-net"
def out_of_date(function):
    """Expect the warning that a function is out of date, if this torch gives one."""
    warns = "DeprecationWarning" in inspect.getsource(function)
    return expect(DeprecationWarning) if warns else contextlib.nullcontext()


torch.manual_seed(0)
model = models.TwoLayerNet(3, 5, 2)
with out_of_date(torch.jit.trace):
    traced = torch.jit.trace(model, torch.randn(4, 3))
print(traced.code)

# %% tags=["item:trace", "nbval-check-output", "tolerance:±1e-5"] name="traced-net"
x = torch.randn(7, 3)
print(f"recorded with 4 rows, run with 7: largest difference {abs(traced(x) - model(x)).max():.0e}")

# %% [markdown] name="trace-dynamic"
# ### What tracing loses
#
# *Core*
#
# And now `DynamicNet` of notebook 09, which rolls a die for its order at each call:

# %% tags=["item:trace-control-flow"] name="trace-dynamic-net"
torch.manual_seed(0)
model, x = models.DynamicNet(), torch.linspace(-1, 2, 5)
random.seed(2)
with out_of_date(torch.jit.trace):
    traced = torch.jit.trace(model, x)

# %% tags=["item:trace-control-flow", "nbval-check-output"] name="traced-dynamic-net"
answers = {"model": [], "traced": []}
for call in range(30):
    answers["model"].append(model(x).sum().item())
    answers["traced"].append(traced(x).sum().item())
for name, found in answers.items():
    print(f"{name:6} 30 calls, {len(set(found))} different answers")

# %% [markdown] name="trace-dynamic-told"
# The die was rolled while tracing, and never again. Was there no warning? `trace` does check itself: it records a second time
# and compares the two recordings, then calls the model once more and compares the answers. Here the die fell three times
# on the same side, one case in nine, and the check passed. With most other seeds `trace` would have raised a
# `TracingCheckError` or given a `TracerWarning`. A test that passes by luck is worse than none.
#
# When the decision depends on a *tensor*, `trace` can at least see that something is being decided. This function goes
# through a matrix row by row, and remembers only rows with a positive sum. (Write it plainly: the next section gives it to
# `torch.jit.script`, which reads its text as *TorchScript*, a small language of its own.)
#
# $$h \leftarrow \begin{cases} \text{decay} \cdot h + x_i & \text{if } \sum_j x_{ij} > 0 \\ h & \text{otherwise} \end{cases}
# \qquad x \text{ is } (N, D),\; x_i \text{ and } h \text{ are } (1, D)$$


# %% tags=["item:scripted-loop"]
@exercise("compile_export_scale.remember")
def remember(x, decay: float):
    """Go through the rows of x; return the memory h after the last one, shape (1, D).

    x : (N, D)
    decay : a number; TorchScript takes what has no annotation for a tensor, so it needs its `: float`
    h begins as zeros. A row with a positive sum makes it decay * h + row; any other row leaves h alone.
    Loop over `x.split(1)`: it gives the rows, each of shape (1, D). torch.jit.script is applied to it.
    """
    ### BEGIN SOLUTION
    h = torch.zeros_like(x[:1])  # (1, D)
    for row in x.split(1):  # (1, D)
        if row.sum() > 0:
            h = decay * h + row
    return h
    ### END SOLUTION


# %% [markdown] name="trace-loop-told"
# Traced first. You see the warning of the tracer, and what became of the loop:

# %% tags=["item:trace-control-flow"] name="trace-loop"
x = torch.tensor([[1.0, 2.0], [-3.0, 1.0], [2.0, 2.0]])  # row sums 3, -2, 4
with expect(torch.jit.TracerWarning):
    traced = torch.jit.trace(lambda x: remember(x, 0.5), x)
print(traced.code)

# %% tags=["item:trace-control-flow", "nbval-check-output"] name="trace-loop-wrong"
print("rows as recorded:     remember", remember(x, 0.5).tolist(), " traced", traced(x).tolist())
print("signs turned round:   remember", remember(-x, 0.5).tolist(), " traced", traced(-x).tolist())
assert torch.equal(traced(x), remember(x, 0.5)) and not torch.equal(traced(-x), remember(-x, 0.5))

# %% [markdown] name="trace-rows"
# The first and third row were positive, so the first and third row it will be for ever. The number of rows is part of the
# recording as well (`x.split(1)` gave three things, and three names stand there). At least that one is noticed:

# %% tags=["item:trace-control-flow"] name="trace-four-rows"
with expect(RuntimeError):
    traced(torch.ones(4, 2))

# %% [markdown] name="script"
# ## 3. torch.jit.script: read the source
#
# *Deeper ground: needs `remember` of section 2, yours or ours.*
#
# If running the code loses the decisions, read it instead. `torch.jit.script` takes the *text* of your function and translates
# it into that small language, TorchScript, which has loops and branches. Nothing is run.

# %% tags=["item:script", "item:scripted-loop"] name="script-loop"
with out_of_date(torch.jit.script):
    scripted = torch.jit.script(remember)
print(scripted.code)

# %% tags=["item:script", "item:scripted-loop", "nbval-check-output"] name="scripted-loop"
for name, rows in {"signs turned round": -x, "six rows of ones": torch.ones(6, 2)}.items():
    print(f"{name:18}  remember {remember(rows, 0.5).tolist()}  scripted {scripted(rows, 0.5).tolist()}")

# %% [markdown] name="script-told"
# The loop over the rows and the `if` are both in there. The price: TorchScript is not Python. It knows a few types, which
# have to be declared, and of Python's libraries little more than `math`. The die, for one, it does not know:

# %% tags=["item:script"] name="script-dynamic-net"
with out_of_date(torch.jit.script), expect(RuntimeError):
    torch.jit.script(models.DynamicNet())

# %% [markdown] name="ask-mend-trace"
# ## Mend it: a recording that decides nothing
#
# *Deeper ground: a program that runs and is wrong.*
#
# Photographs of clothes on a white ground are to be turned round before a network sees them, those on a black ground are not. The
# recording below treats all images as it treated the one that it was made with. Mend it.


# %% tags=["item:trace-control-flow", "item:script"]
@exercise("compile_export_scale.mend_trace")
def recorded(example):
    """Return a program that brings images onto a black ground, made by torch.jit.trace or torch.jit.script.

    example : an image to record with, shape (H, W)
    The program takes one image of any size, shape (H, W), and stretches it to the range 0 to 1. Where the mean is then
    above 0.5 it returns 1 - image, otherwise the image.
    """

    def on_black(image):
        image = image - image.min()
        image = image / image.max()
        ### BEGIN SOLUTION
        return torch.where(image.mean() > 0.5, 1 - image, image)
        ### BROKEN
        # if image.mean() > 0.5:
        #     image = 1 - image
        # return image
        ### END SOLUTION

    return torch.jit.trace(on_black, example)


# %% [markdown] name="compile"
# ## 4. torch.compile: record, guard, and fall back
#
# *Core*
#
# Two tools have taken their place: `torch.compile`, to be faster, and `torch.export` (section 5), to leave Python. The first watches
# Python's bytecode and gathers operations on tensors into a **graph**, which a
# *backend* makes fast. What a recording would lose, it writes down as a **guard**: a condition under which the recording is
# valid, tested before each call. If no recording's guards hold, it records again. So a compiled function is meant to give
# the same answers as yours, always.
#
# A backend is a function that receives the graph. Ours makes nothing faster; it only keeps what it is shown. No compiler is
# needed for that.

# %% tags=["item:compile"] name="spy"
graphs = []


def spy(graph, example_inputs):
    """A backend that keeps each recorded graph and runs it as it is."""
    graphs.append(graph)
    return graph.forward


# %% [markdown] name="ask-graphs"
# `DynamicNet` takes the order as an argument, too. **Commit to a number**: how many graphs does the spy receive?
#
# ```python
# compiled = torch.compile(model, backend=spy)
# for order in (3, 4, 5, 3, 4, 5):
#     compiled(x, order)
# ```

# %% tags=["item:compile"]
graph_count = ...
### BEGIN SOLUTION
graph_count = 3
### END SOLUTION
graph_count = check("compile_export_scale.predict_graphs", graph_count)

# %% tags=["item:compile", "nbval-check-output", "tolerance:±1e-5"] name="count-graphs"
x = torch.linspace(-1, 2, 5)
torch.compiler.reset()  # forget older recordings, so that this cell says the same when you run it again
graphs.clear()
compiled = torch.compile(model, backend=spy)
for order in (3, 4, 5, 3, 4, 5):
    apart = abs(compiled(x, order) - model(x, order)).max()
    print(f"order {order}: largest difference {apart:.0e}, graphs so far {len(graphs)}")
assert len(graphs) == 3

# %% tags=["item:compile"] name="graph-code"
print(graphs[0].code)

# %% [markdown] name="compile-random"
# A graph is a recording again: one order, no loop. But beside it stands the guard "order is 3". And the die? Rolled by the
# compiled function as by the model, with the same seed, thirty times each:

# %% tags=["item:compile", "nbval-check-output", "tolerance:±1e-3"] name="compile-random-order"
answers = []
for function in (model, compiled):
    random.seed(0)
    answers.append([function(x).sum().item() for call in range(30)])
print(f"largest difference of thirty answers {max(abs(a - b) for a, b in zip(*answers)):.0e}")
print("different answers:", len({round(answer, 4) for answer in answers[1]}))

# %% [markdown] name="limits-told"
# ### How many graphs?
#
# *Deeper ground: two remedies for too many.*
#
# A graph for every value would be too many where the values do not end. Torch has two remedies. A *size* or a number that was
# another one at the second recording is taken for a variable from then on (**automatic dynamic shapes**). And one function is
# recorded eight times at most (`torch._dynamo.config.recompile_limit`; in older versions `cache_size_limit`): what fits
# none of the eight recordings then runs uncompiled, with a warning in the log. An order that steers a loop cannot become a
# variable, because each order has a graph of its own:

# %% tags=["item:compile", "nbval-check-output"] name="limits"
logging.disable(logging.WARNING)
for words, calls in {
    "fifteen sizes ": [(torch.linspace(-1, 2, n), 3) for n in range(5, 20)],
    "fifteen orders": [(x, order) for order in range(3, 18)],
}.items():
    torch.compiler.reset()
    graphs.clear()
    compiled_anew = torch.compile(model, backend=spy)
    for call in calls:
        compiled_anew(*call)
    print(f"{words}  graphs {len(graphs)}")
logging.disable(logging.NOTSET)

# %% [markdown] name="breaks"
# ### Graph breaks
#
# *Deeper ground: what a graph cannot hold.*
#
# What cannot be recorded is left to Python: the graph ends there, Python does its thing, and a new graph begins. Your
# answers stay right, but nothing can be optimised across the gap, and each gap costs time. `print` is such a thing:


# %% tags=["item:graph-breaks", "nbval-check-output"] name="break-by-print"
def talkative(x):
    h = x * 2
    print("h has the shape", tuple(h.shape))
    return h.sum()


torch.compiler.reset()
graphs.clear()
torch.compile(talkative, backend=spy)(x)
for number, graph in enumerate(graphs, 1):
    calls = [node.name for node in graph.graph.nodes if node.op.startswith("call")]
    print(f"graph {number}:", ", ".join(calls))

# %% [markdown] name="fullgraph"
# Nothing tells you, unless you ask. `fullgraph=True` says: one graph or an error. The usual culprit is a branch on a tensor.
# Here is one, **clipping**: a vector that is longer than `limit` is shortened to that length. (Gradients are clipped like this
# where some are so large that a step along them would undo the training, as in recurrent nets.)


# %% tags=["item:graph-breaks"] name="break-by-branch"
def clip_with_branch(x, limit):
    norm = x.norm()
    if norm > limit:
        x = x * (limit / norm)
    return x


with expect(torch._dynamo.exc.Unsupported):
    torch.compile(clip_with_branch, backend=spy, fullgraph=True)(x, 1.0)

# %% [markdown] name="ask-clip"
# The message names the line, and suggests the cure: compute without deciding. Do the arithmetic of both cases and let tensors
# choose (`torch.where`, `clamp`, `torch.minimum`). That is also what a GPU wants: an `if` on a tensor makes it wait.


# %% tags=["item:graph-breaks"]
@exercise("compile_export_scale.clip")
def clip(x, limit):
    """Return x, shortened to the length `limit` if it is longer; without a branch, as one graph.

    x : tensor of any shape, not all zero; its length is x.norm()    limit : a number, 1e-6 or more
    x stays as it is. The answer is compiled; its value and the number of graphs are judged.
    """
    ### BEGIN SOLUTION
    norm = x.norm()
    return x * (limit / norm).clamp(max=1.0)
    ### END SOLUTION


# %% tags=["item:graph-breaks", "nbval-check-output"] name="clip-one-graph"
for name, function in {"with a branch": clip_with_branch, "without": clip}.items():
    torch.compiler.reset()
    graphs.clear()
    compiled = torch.compile(function, backend=spy)
    lengths = [compiled(scale * torch.ones(4), 1.0).norm().item() for scale in (0.25, 3.0)]
    found = f"lengths {lengths[0]:.2f} and {lengths[1]:.2f} from 0.50 and 6.00"
    print(f"{name:13} {found}, graphs {len(graphs)}")

# %% [markdown] name="speed"
# ### Honest timing
#
# *Deeper ground: from when on compiling pays.*
#
# With its own backend, *inductor*, `torch.compile` writes C++ (on a GPU: Triton) and has it translated. A chain of simple
# operations gains most: each of them alone reads and writes the whole tensor once, and inductor makes one loop of them.
# (Without it they run *eagerly*: each at once, as Python meets it.) But the translation takes seconds, and they belong to
# the bill. (If there is no C++ compiler on your machine, the cell says so and goes on with the recorded graph as it is.)


# %% tags=["item:compile-speed"] name="compile-chain"
def chain(x):
    """Ten operations, entry by entry; x has any shape."""
    return (torch.sin(x) * torch.cos(x) + x**2).relu() * torch.exp(-x.abs())


x = torch.randn(200_000)
compiled, started = torch.compile(chain), time.perf_counter()
try:
    compiled(x)
except Exception as error:
    print("No compiler for inductor here, so the graph runs as it was recorded.")
    print(str(error).split("\n")[0])
    torch.compiler.reset()
    compiled, started = torch.compile(chain, backend="eager"), time.perf_counter()
    compiled(x)
first_call = time.perf_counter() - started


# %% tags=["item:compile-speed"] name="measure-chain"
def seconds_per_call(function, calls=30):
    """The median of several calls; the warm-up is over, since the function has been called before."""
    times = []
    for call in range(calls):
        started = time.perf_counter()
        function(x)
        times.append(time.perf_counter() - started)
    return sorted(times)[calls // 2]


eager_call, compiled_call = seconds_per_call(chain), seconds_per_call(compiled)
print(f"first call {first_call:.1f} s, then {1e3 * compiled_call:.2f} ms a call")
print(f"eager {1e3 * eager_call:.2f} ms a call")
print(f"largest difference of their answers {abs(compiled(x) - chain(x)).max():.0e}")

# %% [markdown] name="ask-pays"
# "So many times faster" is what a benchmark reports that leaves the first call out. The question that matters is another one:
# after how many calls has the first call been paid for? With $f$ the time of the first (compiled) call, $c$ that of a
# later one and $e$ that of an eager one, all in seconds, $n$ calls take $f + (n - 1)\,c$ or $n\,e$.


# %% tags=["item:compile-speed"]
@exercise("compile_export_scale.pays_from")
def pays_from(first_call, compiled_call, eager_call):
    """Return the smallest n for which first_call + (n - 1) * compiled_call <= n * eager_call.

    n counts all calls, the first one too.
    first_call, compiled_call, eager_call : seconds, all above 0; first_call holds the warm-up, so it is
        longer than compiled_call
    Returns a whole number, 1 or more, or math.inf if it never pays.
    """
    ### BEGIN SOLUTION
    if compiled_call >= eager_call:
        return math.inf
    return math.ceil((first_call - compiled_call) / (eager_call - compiled_call))
    ### END SOLUTION


# %% tags=["item:compile-speed", "figure"] name="costs-drawn"
calls = [10**k for k in range(7)]
totals = {
    "eager": [n * eager_call for n in calls],
    "compiled, first call included": [first_call + (n - 1) * compiled_call for n in calls],
}
plots.costs(
    calls,
    totals,
    crossing=pays_from(first_call, compiled_call, eager_call),
    xlabel="calls",
    title="The whole bill, computed from this machine's times",
)

# %% [markdown] name="export"
# ## 5. torch.export: take the program with you
#
# *Core*
#
# `torch.compile` may always go back to Python, so it cannot leave it. `torch.export` promises more and is stricter: **one** graph,
# complete, or an error. The result is a program that is saved, loaded and run without your code.
#
# Sizes are recorded as they were, unless you name the dimensions that may vary:

# %% tags=["item:export", "nbval-check-output", "tolerance:±1e-5"] name="export-sizes"
torch.manual_seed(0)
model, x = models.TwoLayerNet(3, 5, 2), torch.randn(4, 3)
fixed = torch.export.export(model, (x,))
dynamic = torch.export.export(model, (x,), dynamic_shapes=({0: torch.export.Dim("N", min=2)},))
other = torch.randn(7, 3)
apart = abs(dynamic.module()(other) - model(other)).max()
print(f"recorded with 4 rows, run with 7: largest difference {apart:.0e}")

# %% tags=["item:export"] name="export-refuses-size"
with expect(Exception):  # of which kind, that depends on torch's version
    fixed.module()(other)

# %% [markdown] name="export-branch"
# ### What it refuses
#
# *Deeper ground: needs `clip` of section 4, yours or ours.*
#
# A branch on a tensor is an error as well, where `trace` had only warned. The message speaks of a "data-dependent expression":
# somebody asked a tensor that has no numbers yet. (Your `clip` would go through.)


# %% tags=["item:export"] name="export-refuses-branch"
class Clip(nn.Module):
    """Clipping with a function of our choice."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x, 1.0)


@contextlib.contextmanager
def quiet():
    """Keep out of the notebook what torch logs and prints beside the error itself."""
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(logging.NOTSET)


with expect(RuntimeError), quiet():
    torch.export.export(Clip(clip_with_branch), (torch.randn(4),))

# %% tags=["item:export", "nbval-check-output"] name="export-clip"
program = torch.export.export(Clip(clip), (torch.randn(4),))
operations = [node.name for node in program.graph.nodes if node.op == "call_function"]
print("exported; operations:", ", ".join(operations))

# %% [markdown] name="export-die"
# One thing gets past it: a decision that no tensor takes part in. The die is rolled while exporting, as in `trace`:

# %% tags=["item:export", "nbval-check-output"] name="export-dynamic-net"
torch.manual_seed(0)
model, x = models.DynamicNet(), torch.linspace(-1, 2, 5)
program = torch.export.export(model, (x,), strict=False).module()  # False is what newer versions take
for name, function in {"model:  ": model, "program:": program}.items():
    answers = {round(function(x).sum().item(), 4) for call in range(30)}
    print(f"different answers of the {name}", len(answers))

# %% [markdown] name="onnx"
# ### ONNX
#
# *Deeper ground: needs two more packages.*
#
# ONNX is a file format for graphs that many runtimes read, on phones and in browsers, without torch. `torch.onnx.export` translates an
# exported program into it. It needs two packages that this course does not depend on.

# %% tags=["item:onnx"] name="onnx-export"
torch.manual_seed(0)
model, x = models.TwoLayerNet(3, 5, 2).eval(), torch.randn(4, 3)
missing = [name for name in ("onnx", "onnxscript") if importlib.util.find_spec(name) is None]
if missing:
    print("Not shown here: the exporter needs", " and ".join(missing), "(pip install onnx onnxscript).")
else:
    from onnx.reference import ReferenceEvaluator

    with quiet():
        torch.onnx.export(model, (x,), folder / "net.onnx", dynamo=True, verbose=False)
    reader = ReferenceEvaluator(str(folder / "net.onnx"))
    (answer,) = reader.run(None, {reader.input_names[0]: x.numpy()})
    print(f"run by onnx, without torch: largest difference {abs(torch.from_numpy(answer) - model(x)).max():.0e}")

# %% [markdown] name="parallel"
# ## 6. Many processes, one model
#
# *Core*
#
# Now the training. The simplest way to use two machines is to give each a *copy of the model* and *half of each batch*. The
# loss is a mean over the batch, and the mean over 64 images is the mean of the means over its halves. The same holds for the
# gradient, since it is linear:
#
# $$\underset{\text{shape of } w}{\nabla_w L} = \frac{1}{64} \sum_{i=1}^{64} \nabla_w \ell_i
# = \frac{1}{2} \Big( \underbrace{\tfrac{1}{32} \sum_{i \in \text{share } 0} \nabla_w \ell_i}_{\text{process } 0}
# + \underbrace{\tfrac{1}{32} \sum_{i \in \text{share } 1} \nabla_w \ell_i}_{\text{process } 1} \Big)$$
#
# So: every process computes the gradient of its share, all of them average, all of them take the same step. If the copies
# were equal before, they are equal after, and no weights have to be sent. That is all of **data parallelism**.

# %% tags=["item:averaging", "figure"] name="averaging-drawn"
plots.computation(
    {
        "batch": [],
        "share 0": ["batch"],
        "share 1": ["batch"],
        "gradient 0": ["share 0"],
        "gradient 1": ["share 1"],
        "mean": ["gradient 0", "gradient 1"],
        "step": ["mean"],
    },
    {
        "batch": "64 images",
        "share 0": "32 images",
        "share 1": "32 images",
        "gradient 0": "in process 0",
        "gradient 1": "in process 1",
        "mean": "the same in both",
        "step": "the same in both",
    },
    title="One step of two processes: only gradients travel between them",
)

# %% [markdown] name="ask-step"
# ### One step, played through
#
# *Deeper ground: data parallelism in one process.*
#
# Play it through in this one process first. `replicas` are the copies of the model, `shares` what each of them is given.


# %% tags=["item:averaging"]
@exercise("compile_export_scale.parallel_step")
def parallel_step(replicas, shares, loss_fn, learning_rate):
    """Take one step of gradient descent on all replicas, in place, as data parallelism does.

    replicas : list of models with equal weights; their .grad may hold something old
    shares : list of (x, y), as many as replicas and all of one size
    loss_fn : called as loss_fn(model(x), y); returns the mean over its share
    Every replica computes the gradient of its share; the gradients are averaged; all take the same step.
    """
    ### BEGIN SOLUTION
    for model, (x, y) in zip(replicas, shares):
        model.zero_grad()
        loss_fn(model(x), y).backward()
    with torch.no_grad():
        for copies in zip(*(model.parameters() for model in replicas)):  # one weight in every replica
            grad = sum(copy.grad for copy in copies) / len(copies)
            for copy in copies:
                copy -= learning_rate * grad
    ### END SOLUTION


# %% tags=["item:averaging", "nbval-check-output", "tolerance:±1e-5"] name="replicas-equal"
x, y, _, _ = models.two_layer_data((60, 8, 5, 3))
replicas = []
for replica in range(4):  # three shares, and one model that sees the whole batch
    torch.manual_seed(0)
    replicas.append(models.TwoLayerNet(8, 5, 3))
shares = list(zip(x.split(20), y.split(20)))
for step in range(5):
    parallel_step(replicas[:3], shares, nn.MSELoss(), 0.1)
    parallel_step(replicas[3:], [(x, y)], nn.MSELoss(), 0.1)
three, one = replicas[0].linear1.weight, replicas[3].linear1.weight
print(f"three shares and one batch, largest difference of a weight after five steps {abs(three - one).max():.0e}")

# %% [markdown] name="unequal"
# The proof needs shares of **equal size**. With unequal ones the mean of the means is another number; it is the mistake of
# averaging accuracies over batches of different size (notebook 11) in a new dress:

# %% tags=["item:averaging", "nbval-check-output", "tolerance:±1e-6"] name="unequal-shares"
model = models.TwoLayerNet(8, 5, 3)
weight = model.linear2.weight


def gradient(rows):
    """The gradient of the mean squared error of some rows."""
    return torch.autograd.grad(nn.MSELoss()(model(x[rows]), y[rows]), weight)[0]


whole = gradient(slice(0, 60))
for cut in (30, 10):
    mean = (gradient(slice(0, cut)) + gradient(slice(cut, 60))) / 2
    print(f"shares of {cut} and {60 - cut}")
    compare_gradients({"linear2.weight": whole}, {"linear2.weight": mean}, columns=("whole batch", "mean of two"))

# %% [markdown] name="ask-sampler"
# ### Who gets which image?
#
# *Deeper ground: how images are shared out.*
#
# Nobody hands the images out. Every process shuffles *all* indices by itself, with the same seed, so all get the same
# order; then process `rank` of `world_size` takes every `world_size`-th one, starting with its own number. Two details:
#
# - If the count does not divide evenly, the order is continued with its own beginning, so that all shares are equally long.
#   (Otherwise one process could have a batch more than the others, and would wait in vain for their gradients.)
# - Each epoch needs another shuffle, so the epoch is added to the seed.


# %% tags=["item:sampler"]
@exercise("compile_export_scale.my_share")
def my_share(count, world_size, rank, epoch, seed=0):
    """Return the indices of the images that one process sees in one epoch, in their order.

    count : how many images there are, more than world_size
    world_size : how many processes    rank : which of them this is, 0 to world_size - 1
    The order of all is torch.randperm(count, generator=g), where
    g = torch.Generator().manual_seed(seed + epoch). Returns a tensor of whole numbers.
    """
    ### BEGIN SOLUTION
    generator = torch.Generator().manual_seed(seed + epoch)
    order = torch.randperm(count, generator=generator)  # (count,)
    missing = -count % world_size
    order = torch.cat([order, order[:missing]])  # now a multiple of world_size
    return order[rank::world_size]
    ### END SOLUTION


# %% [markdown] name="sampler"
# Torch's `DistributedSampler` does the same. It is told the epoch by `set_epoch`, and whoever forgets that line gets the
# same order in every epoch, without any complaint:

# %% tags=["item:sampler", "nbval-check-output"] name="sampler-equal"
for rank in range(3):
    sampler = DistributedSampler(range(10), num_replicas=3, rank=rank, shuffle=True, seed=0)
    for epoch in (1, 2):
        sampler.set_epoch(epoch)
        print(f"process {rank}, epoch {epoch}: {list(sampler)}  yours: {my_share(10, 3, rank, epoch).tolist()}")
forgotten = DistributedSampler(range(10), num_replicas=3, rank=0)
print("without set_epoch, epochs 1 and 2:", list(forgotten), list(forgotten))

# %% [markdown] name="torchrun"
# ## 7. torchrun and DistributedDataParallel
#
# *Core*
#
# Now with real processes. `torchrun` starts as many copies of a script as you ask for, and tells each its number (in
# environment variables). The copies find one another with `init_process_group`; *gloo* is the messenger that works on every
# CPU, *nccl* the fast one between NVIDIA cards. `DistributedDataParallel` wraps the model: it makes all copies equal at the
# beginning, and **while `backward` runs** it averages the gradients, a bucketful of layers at a time, as soon as they are
# known. Nothing else in the loop changes.
#
# This is the smallest whole program. Each process takes its half of the batch; the first one writes its gradients to a file.

# %% tags=["item:torchrun"] name="gradient-script"
script = """
import os
import sys
import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from tutor import models

dist.init_process_group("gloo")
rank, world_size = dist.get_rank(), dist.get_world_size()
x, y, _, _ = models.two_layer_data()  # (64, 1000), (64, 10)
torch.manual_seed(0)
model = models.TwoLayerNet(1000, 100, 10)
parallel = DistributedDataParallel(model)
loss = nn.MSELoss()(parallel(x[rank::world_size]), y[rank::world_size])
loss.backward()
grad = model.linear1.bias.grad[0]
print(f"process {rank} of {world_size}: loss {loss.item():.4f}, first gradient {grad:.6f}")
if rank == 0:
    torch.save([parameter.grad for parameter in model.parameters()], sys.argv[1])
dist.destroy_process_group()
sys.stdout.flush()
os._exit(0)  # threads of gloo may still run, and now and then they trip over Python's own way of ending
"""
print("written:", (folder / "gradients.py").write_text(script), "characters")


# %% [markdown] name="run-told"
# In a terminal you would type `torchrun --standalone --nproc-per-node 2 gradients.py gradients.pt`. The course's `torchrun` does
# that from here, gives up after 100 seconds, and returns the printed lines as a list, those of process 0 first:

# %% tags=["item:torchrun"] name="run-torchrun"
for line in torchrun(folder / "gradients.py", folder / "gradients.pt"):
    print(line)

# %% [markdown] name="gradients-told"
# Two losses, since each process saw other rows; one gradient. Is it the one that a single process computes from all 64 rows?

# %% tags=["item:torchrun", "item:averaging", "nbval-check-output", "tolerance:±1e-6"] name="gradients-equal"
x, y, _, _ = models.two_layer_data()
torch.manual_seed(0)
model = models.TwoLayerNet(1000, 100, 10)
nn.MSELoss()(model(x), y).backward()
averaged = torch.load(folder / "gradients.pt", weights_only=True)
alone = {name: parameter.grad for name, parameter in model.named_parameters()}
compare_gradients(alone, dict(zip(alone, averaged)), columns=("one process", "two"))
for grad, other in zip(alone.values(), averaged):
    assert abs(grad - other).max() < 1e-5 * abs(grad).max()

# %% [markdown] name="train-one"
# ### The training of notebook 11
#
# *Deeper ground: a whole training in one process and in two.*
#
# First in one process: the 784-512-512-10 network on FashionMNIST, on the sample, with a larger rate and momentum, so that three
# epochs get somewhere. The loop is that of notebook 11 with one line more, the one that tells the sampler the epoch. It is
# written so that it need not know how many processes there are.


# %% tags=["item:torchrun"] name="ddp-epoch"
def train_epoch(model, loss_fn, optimizer, batches, epoch):
    """Train on this process's share once and return the mean loss over its images."""
    model.train()
    batches.sampler.set_epoch(epoch)
    total, count = 0.0, 0
    for x, y in batches:
        y_pred = model(x)  # (N, C)
        loss = loss_fn(y_pred, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)
        count += len(y)
    return total / count


# %% tags=["item:torchrun"] name="one-process"
dataset = TensorDataset(*data.load_tensors(train=True, root=data.sample_folder()))
sampler = DistributedSampler(dataset, num_replicas=1, rank=0, seed=0)
batches = DataLoader(dataset, batch_size=64, sampler=sampler)
torch.manual_seed(0)
model = models.fashion_mlp()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
losses = [train_epoch(model, nn.CrossEntropyLoss(), optimizer, batches, epoch) for epoch in (1, 2, 3)]
for epoch, loss in enumerate(losses, 1):
    print(f"one process, epoch {epoch}: mean loss {loss:.4f}")

# %% [markdown] name="script-told-ddp"
# As a script it stands in the course, in `tutor/ddp.py`. Here is its heart: where the processes meet, where the model is
# wrapped, and who saves.

# %% tags=["item:torchrun"] name="show-script"
print(inspect.getsource(ddp.join))
print(inspect.getsource(ddp.train))

# %% [markdown] name="several-machines"
# The same file runs alone, in two processes, and on several machines; only what you type differs. On two machines, type this
# on the first, and on the second with `--node-rank 1`:
#
# ```
# torchrun --nnodes 2 --node-rank 0 --nproc-per-node 2 \
#     --master-addr first.machine --master-port 29500 -m tutor.ddp
# ```
#
# Note `batch_size // count`: 64 images in each step, whoever computes them. If each process took 64, a step would be made of
# 128 images, half as many steps would be taken, and you would be comparing two different trainings.
#
# ### A process dies
#
# *Deeper ground: and the training goes on.*
#
# The more machines, the surer that one of them fails before the end. A process that dies leaves the others waiting for its
# gradient. `torchrun` notices, and stops them all; with `--max-restarts` it then does more. In the next cell the second
# process kills itself in the middle of epoch 2 of 3; a checkpoint is saved after each epoch. **Commit to an answer**: what
# runs after that?
#
# - `"the dead one"`: the process that died is started again; the other one goes on from where it was
# - `"both, from the start"`: both are started again, and begin with epoch 1
# - `"both, from the checkpoint"`: both are started again, and begin with epoch 2

# %% tags=["item:restart"]
restarted = ...
### BEGIN SOLUTION
restarted = "both, from the checkpoint"
### END SOLUTION
restarted = check("compile_export_scale.predict_restart", restarted)

# %% tags=["item:restart", "item:torchrun"] name="killed"
checkpoint = folder / "training.pt"
options = ["--epochs", 3, "--checkpoint", checkpoint, "--die-in-epoch", 2]
said = torchrun("--max-restarts", 1, "-m", "tutor.ddp", *options)
print("\n".join(said))

# %% tags=["item:restart", "nbval-check-output", "tolerance:5%"] name="killed-compared"
assert any("is killed" in line for line in said) and "going on after epoch 1" in said
final = [float(line.split()[-1]) for line in said if line.startswith("epoch")]
for epoch, (alone, killed) in enumerate(zip(losses, final), 1):
    print(f"epoch {epoch}: loss in one process {alone:.3f}, in two with a death {killed:.3f}")
assert len(final) == 3 and abs(final[-1] / losses[-1] - 1) < 0.05

# %% [markdown] name="restart-told"
# Both are started again: the survivor had half of a step in its hands and nobody to finish it with. What both know for sure is
# the checkpoint, and half of epoch 2 is computed twice. So save often enough that losing the work since then does not hurt,
# and save **atomically**, as `save_checkpoint` of notebook 11 does: written beside, then renamed. A process can also die
# while it saves.
#
# One process alone and two processes agree in nearly all digits at first, and later in fewer: sums in another order round
# differently, and training makes small differences grow. The course's tests therefore compare a training that was killed with
# one that was not, both in two processes: there the weights are equal to the last bit.
#
# ## 8. Ship it
#
# *Deeper ground: a program without its code.*
#
# The last step of the whole series: from the checkpoint, which needs the model's code, to a program that needs none.

# %% tags=["item:ship"] name="ship"
from tutor.training import load_checkpoint

trained = models.fashion_mlp()
print("checkpoint notes:", load_checkpoint(checkpoint, trained))
images, labels = data.load_tensors(train=False, root=data.sample_folder())
any_batch = {0: torch.export.Dim("N", min=2)}
program = torch.export.export(trained.eval(), (images[:8],), dynamic_shapes=(any_batch,))
torch.export.save(program, folder / "fashion.pt2")
torch.save(images, folder / "images.pt")

# %% [markdown] name="ship-told"
# A fresh process, which has never heard of `tutor`, loads the file and looks at 1,000 test images:

# %% tags=["item:ship", "nbval-check-output", "tolerance:±0.02"] name="run-elsewhere"
elsewhere = """
import sys
import torch
program = torch.export.load(sys.argv[1] + "/fashion.pt2").module()
images = torch.load(sys.argv[1] + "/images.pt", weights_only=True)
torch.save(program(images).argmax(dim=1), sys.argv[1] + "/found.pt")
print("images", len(images), " tutor was imported:", "tutor" in sys.modules)
"""
command = [sys.executable, "-c", elsewhere, str(folder)]
done = subprocess.run(command, capture_output=True, text=True, timeout=100)
print(done.stdout.strip() or done.stderr)
found = torch.load(folder / "found.pt", weights_only=True)  # (1000,)
right = found == labels
as_here = found == trained(images).argmax(dim=1)
print(f"as the model here {as_here.sum()}, share that is right {right.float().mean():.2f}")
assert right.float().mean() > 0.75

# %% tags=["item:ship", "figure"] name="shipped-drawn"
names = data.FashionMNIST.classes
plots.images(
    images[:12, 0],
    [names[k] for k in found[:12].tolist()],
    right=right[:12].tolist(),
    title="What the exported program sees, in a process without its code",
)

# %% [markdown] name="ask-mend-shares"
# ## Mend it: every epoch in the same order
#
# *Deeper ground: a program that runs and is wrong.*
#
# Each process takes its share of the images from a `DistributedSampler`. Below, the shares of all epochs are put into a table:
# every epoch is shuffled, and all of them alike. Mend it.


# %% tags=["item:sampler"]
@exercise("compile_export_scale.mend_shares")
def shares(count, processes, epochs, seed):
    """Return which images each process trains on in each epoch, shape (epochs, processes, share).

    count, processes, epochs : how many images, processes and epochs there are
    seed : the samplers' seed; each epoch has the order that the samplers give to its number, from 0 on
    """
    samplers = []
    for rank in range(processes):
        samplers.append(DistributedSampler(range(count), processes, rank, seed=seed))
    table = []
    for epoch in range(epochs):
        ### BEGIN SOLUTION
        for sampler in samplers:
            sampler.set_epoch(epoch)
        ### BROKEN
        ### END SOLUTION
        table.append([list(sampler) for sampler in samplers])
    return torch.tensor(table)


# %% [markdown] name="ask-two-as-one"
# ## Capstone: two processes as one, from an empty cell
#
# *Deeper ground: a whole program of your own. Nothing later needs it.*
#
# `DistributedDataParallel` averaged the gradients for you. Now do it yourself, in a whole program: the same training in one
# process and in two, and the same weights at the end. The cell below writes 128 rows of 6 numbers and their targets into a file.

# %% tags=["reference"] name="two-as-one-data"
from tutor import program

kept_open = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
place = Path(kept_open.name)
generator = torch.Generator().manual_seed(12)
rows = torch.randn(128, 6, dtype=torch.float64, generator=generator)
noise = torch.randn(128, dtype=torch.float64, generator=generator)
targets = rows @ torch.arange(1.0, 7.0, dtype=torch.float64) + noise
torch.save((rows, targets), place / "data.pt")

# %% [markdown] name="what-two-as-one-leaves"
# The training: six weights $w$ that begin at 0, the mean of $(x w - y)^2$ over a batch, 20 steps of gradient descent at the rate 0.1.
# A batch is 32 rows, in their order; after the fourth the first comes again. In each step process `rank` of two takes the rows
# `rank::2` of the batch, the gradients are averaged, and both take the same step. Leave two things behind:
#
# - `runs`, a list of two dicts, that of process 0 first, each written by its process: `"process"`, its `os.getpid()`; `"weights"`,
#   six numbers at the end; `"losses"`, 20 numbers, the loss of its rows before each step;
# - `alone`, the six weights at the end of the training in the notebook's process, on whole batches.
#
# **What counts:** that all three sets of weights are those of one process, to a millionth. Write the script into `place` and start
# it with `torchrun`; other ways to start a process are refused here. `torch.distributed.all_reduce(t)` waits for
# all processes and puts the sum of their tensors `t` into each one's `t`, in place; whether you use it or something else of
# `torch.distributed` is for you to decide. Two minutes are the limit; 5 seconds are enough.

# %%
program("compile_export_scale.two_as_one")

### BEGIN SOLUTION
script = """
import os
import sys
import torch
import torch.distributed as dist

dist.init_process_group("gloo")
rank, count = dist.get_rank(), dist.get_world_size()
x, y = torch.load(sys.argv[1] + "/data.pt")
w, losses = torch.zeros(6, dtype=torch.float64, requires_grad=True), []
for step in range(20):
    at = slice(32 * (step % 4), 32 * (step % 4) + 32)
    loss = ((x[at][rank::count] @ w - y[at][rank::count]) ** 2).mean()
    losses.append(loss.item())
    loss.backward()
    dist.all_reduce(w.grad)
    with torch.no_grad():
        w -= 0.1 * w.grad / count
    w.grad = None
torch.save({"process": os.getpid(), "weights": w.detach(), "losses": losses}, f"{sys.argv[1]}/{rank}.pt")
dist.destroy_process_group()
sys.stdout.flush()
os._exit(0)
"""
(place / "half.py").write_text(script)
torchrun(place / "half.py", place)
runs = [torch.load(place / f"{rank}.pt") for rank in range(2)]

alone = torch.zeros(6, dtype=torch.float64, requires_grad=True)
for step in range(20):
    at = slice(32 * (step % 4), 32 * (step % 4) + 32)
    loss = ((rows[at] @ alone - targets[at]) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        alone -= 0.1 * alone.grad
    alone.grad = None
### END SOLUTION

# %% [markdown] name="recap"
# ## Recap
#
# *Core*
#
# | tool | what it puts down | a branch on a tensor | a die rolled in Python |
# |---|---|---|---|
# | `torch.jit.trace` (old) | what ran, once | the branch taken, with a warning | rolled once; its check usually notices, and is silent by luck |
# | `torch.jit.script` (old) | the source, in a small language | kept | refused |
# | `torch.compile` | what ran, with guards | right; a graph break | right |
# | `torch.export` | one whole graph | refused: write `torch.where` | rolled once, in silence |
#
# | to scale | because |
# |---|---|
# | average the gradients of shares of equal size | the mean of the means is the mean |
# | `DistributedSampler`, and `set_epoch(epoch)` | each image once (a few twice, if the count does not divide), in another order each epoch |
# | `DistributedDataParallel(model)` | averages while `backward` runs |
# | `batch_size // count` | the same training, whoever computes it |
# | `--max-restarts` and an atomic checkpoint | all are started again, and go on from there |
#
# ### What changed since the last notebook
#
# One line in the loop, and the argument that it needs. The rest is in how the script is started, in the sampler that deals out
# the images, and in one word around the model:
#
# <!-- diff: fashion_mnist_training/train_epoch compile_export_scale/ddp-epoch -->

# %% [markdown] name="series"
# ### What each notebook changed
#
# *Deeper ground: the series at a glance.*
#
# You have told one story thirteen times. Predict, measure the loss, find the gradient, step: those four lines are still in the
# loop above. Each notebook gave one part of it into other hands.
#
# | notebook | what was there | what took its place |
# |---|---|---|
# | [00](00_start_here.ipynb) | nothing | an answer that is judged, and the goal: a network that recognises clothes |
# | [01](01_numpy_backprop.ipynb) | a derivative on paper | every gradient written by hand, in NumPy |
# | [02](02_torch_tensors.ipynb) | arrays | tensors: shape, dtype, device, shared memory |
# | [03](03_torch_backprop.ipynb) | the two fits in NumPy | the same by hand in torch, on any device |
# | [04](04_own_autograd.ipynb) | the backward pass by hand | your own engine, about 100 lines that record and go back |
# | [05](05_autograd.ipynb) | your engine | torch's: `loss.backward()`, and the graph behind it |
# | [06](06_custom_function.ipynb) | the operations that torch knows | an operation of yours, with its own backward |
# | [07](07_nn.ipynb) | loose weights | modules that own their parameters |
# | [08](08_optim.ipynb) | `w -= learning_rate * w.grad` | an optimiser, all rows at once or in mini-batches |
# | [09](09_dynamic_nets.ipynb) | a graph of the same shape at each step | a graph of another shape at each step, shared weights |
# | [10](10_fashion_mnist_data.ipynb) | random numbers | real images, read, checked, transformed and batched |
# | [11](11_fashion_mnist_training.ipynb) | "it learns" | how well, measured; what helps; a training that can stop and go on |
# | 12 | one Python process | a program without Python, and many processes |

# %% [markdown] name="quiz"
# ## Self-check
#
# *Deeper ground: asks about all sections.*
#
# Answer in your head, then open.
#
# <!-- drills: trace-control-flow, recording -->
# <details><summary>1. A traced model gives the right answer on your test image. Is the recording right?</summary>
#
# For that image. A branch that it did not take is not in the recording. Try inputs that decide differently, of other sizes.
# </details>
#
# <!-- drills: compile-speed, graph-breaks -->
# <details><summary>2. Your compiled model is right but hardly faster. Where do you look first?</summary>
#
# For graph breaks: compile once with <code>fullgraph=True</code> and read the message. Then ask whether it was called often
# enough to pay for its first call, and whether it is recorded anew again and again because a Python number that steers
# a loop keeps changing: after eight recordings torch gives up and runs your code as it is.
# </details>
#
# <!-- drills: export -->
# <details><summary>3. Why does <code>torch.export</code> refuse what <code>torch.compile</code> takes?</summary>
#
# A compiled function can go back to Python where it cannot record. An exported program has no Python to go back to.
# </details>
#
# <!-- drills: torchrun -->
# <details><summary>4. Two processes with 64 images each, learning rate as before. Is that the same training?</summary>
#
# No. Each step is made of 128 images, and there are half as many steps. Give each process 32.
# </details>
#
# <!-- drills: sampler -->
# <details><summary>5. Someone forgets <code>set_epoch</code>. What do they notice?</summary>
#
# Nothing: it runs, and nothing complains. The images come in the same order in every epoch.
# </details>
#
# <!-- drills: averaging -->
# <details><summary>6. Why does DDP not send weights around after each step?</summary>
#
# The copies begin equal and take equal steps, since all of them use the averaged gradient. They stay equal by themselves.
# </details>
#
# <!-- drills: trace -->
# <details><summary>7. You trace a model that has dropout, in training mode, and call <code>eval()</code> on what you got. What does it do?</summary>
#
# It goes on dropping. The mode was a decision in Python, and the recording holds how it was decided. Call <code>eval()</code> first,
# then trace.
# </details>
#
# <!-- drills: onnx -->
# <details><summary>8. Your network is to run on a phone that has neither Python nor torch. Which of this notebook's files do you take, and
# what do you compare before you trust it?</summary>
#
# The ONNX file; <code>fashion.pt2</code> needs torch to be loaded. Compare the phone's answers with the model's, and with batches of
# other sizes as well: sizes are recorded here too, unless they are named.
# </details>
#
# <!-- drills: ship -->
# <details><summary>9. In the app the program that you shipped says "Bag" to nearly every photograph. Its weights are right. What may be
# missing?</summary>
#
# What happened to the images before the model saw them, here the division by 255. It was not part of the model, so it is not in
# the program. Put it into <code>forward</code> before you export.
# </details>

# %% name="see-progress"
progress()

# %% [markdown] name="onwards"
# ## Where to read on
#
# *Deeper ground: what others have written.*
#
# You have come from a sine in NumPy to a program that recognises clothes in a process without its code. What to read next:
#
# - on how `torch.compile` records: Ansel et al., *PyTorch 2: Faster Machine Learning Through Dynamic Python Bytecode
#   Transformation and Graph Compilation*, ASPLOS 2024;
# - on how gradients are averaged while `backward` still runs: Li et al., *PyTorch Distributed: Experiences on Accelerating Data
#   Parallel Training*, VLDB 2020;
# - when the model itself no longer fits on one card: look for *fully sharded data parallel* (FSDP).
