"""A layer, x w + b, as one node that gives no gradient to plain data."""

from tutor.checking import FiniteDifference, Misconception, code
from tutor.checking.space import Array, Space

from ..shared import called, gradients, home, left_alone


def graph_size(result):
    """How many tensors hang together behind a result, itself counted."""
    met = [result]
    for node in met:
        met += [parent for parent in node.parents if all(parent is not known for known in met)]
    return len(met)


def use_layer(layer, x, w, b, arriving):
    """What comes of an array and of a tensor, and how many tensors each graph holds."""
    tensor = home(layer, None)
    weights, bias = tensor(w), tensor(b)
    of_array = called("layer(array, w, b)", layer(x, weights, bias))
    grad_w, grad_b = gradients(of_array, arriving, (weights, bias))
    left_alone(w=(weights, w), b=(bias, b))
    seen, weights, bias = tensor(x), tensor(w), tensor(b)
    of_tensor = called("layer(tensor, w, b)", layer(seen, weights, bias))
    beside = gradients(of_tensor, arriving, (seen, weights, bias))
    left_alone(x=(seen, x), w=(weights, w), b=(bias, b))
    return of_array.data, grad_w, grad_b, graph_size(of_array), of_tensor.data, *beside, graph_size(of_tensor)


def loss(x, w, b, arriving):
    return float((arriving * (x @ w + b)).sum())


LAYER_BRANCHES = '''
def layer(x, w, b):
    """Two ways, written out."""
    if isinstance(x, Tensor):
        return Tensor(x.data @ w.data + b.data, (x, w, b), lambda g: (g @ w.data.T, x.data.T @ g, g))
    return Tensor(x @ w.data + b.data, (w, b), lambda g: (x.T @ g, g))
'''

LAYER_EINSUM = '''
def layer(x, w, b):
    """The parents collected beside their gradients; the bias stands in front."""
    numbers = getattr(x, "data", x) if isinstance(x, Tensor) else np.asarray(x)
    ways = {b: lambda g: g.sum(0), w: lambda g: np.einsum("nd,nh->dh", numbers, g)}
    if isinstance(x, Tensor):
        ways[x] = lambda g: np.einsum("nh,dh->nd", g, w.data)
    return Tensor(np.einsum("nd,dh->nh", numbers, w.data) + b.data, tuple(ways), lambda g: [f(g) for f in ways.values()])
'''

LAYER_FROM_THE_PRODUCT = '''
def layer(x, w, b):
    """The numbers and the way back of the engine's own product, one of its gradients dropped."""
    product = as_tensor(x) @ w

    def vjp(grad):
        if isinstance(x, Tensor):
            return (*product.vjp(grad), grad)
        return np.dot(x.T, grad), grad.sum(axis=0)

    parents = (x, w, b) if isinstance(x, Tensor) else (w, b)
    return Tensor(product.data + b.data, parents, vjp)
'''

WANTED = "wanted = isinstance(x, Tensor)\n    numbers = x.data if wanted else x"
GRADS = "numbers.T @ grad, grad.sum(axis=0)"

EXERCISE = code(
    difficulty="medium",
    minutes=10,
    drills=("classifier", "local-rules"),
    space=Space(
        {
            "x": Array("N D", scales=("usual", "eight"), values=("distinct", "zeros")),
            "w": Array("D H"),
            "b": Array("H", scales=("usual", "eight")),
            "arriving": Array("N H"),
        },
        {"N": (1,), "D": (1,), "H": (1,)},
    ),
    use=use_layer,
    outputs=(
        *("layer(array, w, b)", "gradient of w", "gradient of b", "number of tensors in its graph, itself counted"),
        *("layer(tensor, w, b)", "gradient of the tensor", "gradient of w beside it", "gradient of b beside it"),
        "number of tensors in the graph of layer(tensor, w, b)",
    ),
    gradients={
        "gradient of w": FiniteDifference(loss, wrt=1),
        "gradient of b": FiniteDifference(loss, wrt=2),
        "gradient of the tensor": FiniteDifference(loss, wrt=0),
    },
    misconceptions=(
        Misconception(
            "data-among-the-parents",
            "Values and gradients are right, but the graph of an array holds a tensor too many. Did plain data become a tensor and stand among the parents? Then its gradient is computed in every step, and nobody reads it. If x is an array, the parents are (w, b) alone.",
            patch=(WANTED, "x, wanted = as_tensor(x), True\n    numbers = x.data"),
            hints=("Who reads the gradient of the images?",),
        ),
        Misconception(
            "still-two-operations",
            "Values and gradients are right, but the graphs hold as many tensors as two operations leave, with a node each and the data among them. Call `Tensor` once, with the numbers, the parents and a vjp of your own.",
            patch=(WANTED, f"return as_tensor(x) @ w + b\n    {WANTED}"),
            hints=("How often may `Tensor(...)` be called in a layer that is one node?",),
        ),
        Misconception(
            "tensor-taken-for-data",
            "Right for data, but there is a *tensor* x that gets no gradient, and what it is made of would never learn. A tensor x belongs to the parents, a leaf too.",
            patch=(WANTED, "wanted = False\n    numbers = as_tensor(x).data"),
            hints=("In a network of two layers, what is x for the second one?",),
        ),
        Misconception(
            "array-has-data-too",
            "An array has a `.data` as well: raw memory, which has no `.T`. Ask first whether x is a `Tensor`.",
            patch=("x.data if wanted else x", "x.data"),
            hints=("What is `type(np.zeros(3).data)`?",),
        ),
        Misconception(
            "bias-missing",
            "The bias is missing from the numbers.",
            patch=(" + b.data", ""),
            hints=("Which numbers does x w + b have if b is large?",),
        ),
        Misconception(
            "bias-averaged",
            "The gradient of the bias is what arrives, averaged over the rows. Each row moves the loss and the effects add up, so it is their sum.",
            patch=("grad.sum(axis=0)", "grad.mean(axis=0)"),
            hints=("If b moves by a little, how many rows of the result move?",),
        ),
        Misconception(
            "gradients-exchanged",
            "The gradients of w and b go to each other's places: vjp returns them in the order of the parents.",
            patch=(GRADS, "grad.sum(axis=0), numbers.T @ grad"),
            hints=("Which of your parents comes first, and whose gradient do you return first?",),
        ),
        Misconception(
            "weights-ignore-what-arrives",
            "The gradient of w is the same whatever arrives. The chain rule multiplies by `grad`: (D, N) times (N, H).",
            patch=("numbers.T @ grad,", "numbers.T @ np.ones_like(grad),"),
            hints=("The argument of vjp is called grad. Where do you use it?",),
        ),
    ),
    alternatives=(LAYER_BRANCHES, LAYER_EINSUM, LAYER_FROM_THE_PRODUCT),
    equivalent_mutants={"grads = (numbers.T @ grad, grad)": "the sweep sums it to the shape of the bias"},
    hints=(
        "Which gradients does a step of training read, and which does it throw away?",
        "One call of `Tensor`: the numbers x w + b; the parents (w, b), and x before them if it is a tensor; a vjp with a gradient for each.",
        "`Tensor(x @ w.data + b.data, (w, b), lambda grad: (x.T @ grad, grad.sum(axis=0)))` is the case of an array.",
    ),
)
