# %% [markdown] name="opening"
# # A gallery of graphs
#
# While a loss is computed PyTorch records a graph, and `backward()` walks it the other way. `tutor.graph` draws that graph
# with the gradient on every edge. Each picture below is made by the cell above it.

# %% name="imports"
import torch
from IPython.display import HTML
from torch import nn

from tutor import graph, plots

_ = torch.manual_seed(0)

# %% [markdown] name="two-layers"
# ## A two-layer network
#
# Read it from the top: the loss, then what it was made from. Beside each arrow stands the gradient that flowed along it.

# %% name="two-layer-net"
x, y = torch.randn(8, 5), torch.randn(8, 2)
w1, w2 = torch.randn(5, 7, requires_grad=True), torch.randn(7, 2, requires_grad=True)
loss = (x.mm(w1).clamp(min=0).mm(w2) - y).pow(2).sum()

with graph.record(loss, params={"w1": w1, "w2": w2}) as g:
    loss.backward()
g

# %% [markdown] name="step-by-step"
# ## Backward, one step at a time
#
# What a node receives, what it computes, what it emits. *Play* walks through; *Back* and *Next* go one step, and so do the
# arrow keys on a button.

# %% name="steps"
g.steps()

# %% [markdown] name="shared"
# ## A shared parameter
#
# A recurrent network uses `w_h` in every step of the sequence. Each use contributes to its gradient, and the contributions add
# up.

# %% name="shared-parameter"
w_x, w_h = torch.randn(3, 4, requires_grad=True), torch.randn(4, 4, requires_grad=True)
h = torch.zeros(2, 4)
for _ in range(3):
    h = torch.tanh(torch.randn(2, 3) @ w_x + h @ w_h)
loss = h.pow(2).mean()

with graph.record(loss, params={"w_x": w_x, "w_h": w_h}) as g:
    loss.backward()
g

# %% [markdown] name="unvisited"
# ## What backward never visits
#
# Asked for the gradient of `a` alone, backward leaves out every node that does not lead to it.

# %% name="not-visited"
a, b = torch.tensor(2.0, requires_grad=True), torch.tensor(3.0, requires_grad=True)
loss = a.exp() * b.sin()

with graph.record(loss, params={"a": a, "b": b}) as g:
    torch.autograd.grad(loss, a)
g

# %% [markdown] name="nan"
# ## Where the first NaN comes from
#
# The slope of the square root at 0 is infinite, and 0 times infinity is not a number.

# %% name="nan-origin"
x = torch.tensor([0.0, 1.0, 4.0], requires_grad=True)
loss = (torch.sqrt(x) * torch.tensor([0.0, 1.0, 1.0])).sum()

with graph.record(loss, params={"x": x}) as g:
    loss.backward()
g

# %% [markdown] name="deep"
# ## A deep model, folded
#
# Twelve equal layers of a transformer are drawn once. `graph.watch` notes which module made which node.

# %% name="transformer"
layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
model = nn.TransformerEncoder(layer, 12)
with graph.watch(model) as seen:
    loss = model(torch.randn(2, 5, 32)).pow(2).mean()

with graph.record(loss, seen) as g:
    loss.backward()
HTML(g.html(depth=1, repeats=True))

# %% [markdown] name="moved"
# ## A figure that moves
#
# The lessons hold figures with sliders: one picture for every state, made once, so that they move without a kernel. Here
# a loss lies in a narrow valley, $b^2 + 25\,d^2$, and gradient descent walks 40 steps from the cross. A larger learning rate is faster,
# until the walk leaves the picture; momentum allows larger ones.

# %% name="valley-walked"
RATES, MOMENTA = [0.002, 0.005, 0.01, 0.02, 0.03, 0.038, 0.042], [0.0, 0.5, 0.8, 0.9, 0.97]
across, up = plots.Axis("b", -2.2, 2.2), plots.Axis("d", -1.2, 1.2)
rings = plots.contours(lambda b, d: b**2 + 25 * d**2, across, up, [0.1, 0.5, 2, 5, 10, 20, 35])


def walk(rate, momentum):
    """Forty steps of gradient descent with this learning rate and momentum."""
    place, velocity, way = torch.tensor([-1.9, 0.9]), torch.zeros(2), []
    for _ in range(40):
        way.append(place.tolist())
        velocity = momentum * velocity + torch.tensor([2.0, 50.0]) * place
        place = place - rate * velocity
    b, d = zip(*way, strict=True)
    loss = b[-1] ** 2 + 25 * d[-1] ** 2
    said = f"learning rate {rate:g}, momentum {momentum:g}: the loss after 40 steps is {loss:.2g}"
    marks = [*rings, plots.Line(b, d), plots.Dots(b, d, size=2.5), plots.Words(b[0], d[0], "+", "middle")]
    return plots.Chart(said, across, up, marks, said)


# %% name="valley-moved"
plots.explore(walk, {"learning rate": RATES, "momentum": MOMENTA}, start=(0.03, 0.0))
