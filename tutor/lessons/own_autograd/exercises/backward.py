"""The sweep that fills in gradients: overwritten, shared, left over; what it is tried on stands in `graphs.py`."""

from tutor.checking import FiniteDifference, Misconception, code
from tutor.checking.space import Array, Space

from ..graphs import gradient_of, loss_of, plain_loss, sum_of_two
from ..shared import engine

TABLE = Array("N M")
LEAVES = {"x": Array("N M", scales=("usual", "eight")), "w": Array("M"), "b": TABLE, "v": TABLE, "c": TABLE}


def use_backward(owner, x, w, b, v, c):
    """Inputs, weights that are broadcast over them, two terms to add, and the unequal weights of the loss."""
    tensor = engine(owner, "backward")
    leaves = tuple(tensor(values) for values in (x, w, b, v))
    h, q, loss, calls = loss_of(tensor, *leaves, c)
    loss.backward()
    once = [gradient_of(t) for t in (*leaves, h, q, loss)]
    most = max((calls.count(k) for k in calls), default=0)
    loss.backward()
    again = [gradient_of(t) for t in (leaves[0], h, loss)]
    loss_of(tensor, *leaves, 2 * c)[2].backward()
    left, right, total = sum_of_two(tensor, ())
    total.backward()
    total.backward()
    _, number, square = sum_of_two(tensor, (1, 1))
    square.backward()
    return *once, most, *again, *(gradient_of(t) for t in (leaves[1], left, right, square, number))


AFRESH = "        if node.parents or node.grad is None:\n"
ADDED = "            parent.grad += unbroadcast(grad, parent.data.shape)"
SWEEP = (
    f"    for node in reversed(order):\n        for parent, grad in zip(node.parents, node.vjp(node.grad)):\n{ADDED}"
)

STORED_AS_IT_CAME = (  # a patch: the first contribution is kept as the very array that arrived
    ADDED,
    "            grad = unbroadcast(grad, parent.data.shape)\n"
    "            if parent.grad is None:\n"
    "                parent.grad = grad\n"
    "            else:\n"
    "                parent.grad += grad",
)
TWO_NAMES_FOR_ONE_ARRAY = "After `p.grad = g` and `q.grad = g`, what does `p.grad += 1` do to `q.grad`?"

EVERY_PATH = """    def go(node, grad):
        for parent, share in zip(node.parents, node.vjp(grad)):
            share = unbroadcast(share, parent.data.shape)
            parent.grad = parent.grad + share
            go(parent, share)

    go(self, np.ones_like(self.data))"""

EACH_PATH = "one vjp is asked once for every path that leads to it. With each tensor that is used twice the paths double. Let a tensor wait until its gradient is complete (that is what the order is for), and ask every vjp once."

BACKWARD_DICTIONARY = '''
def backward(self):
    """Keep the gradients of this sweep in a dictionary and hand them over at the end."""
    grads = {self: np.ones_like(self.data)}
    for node in topological_order(self)[::-1]:
        for parent, grad in zip(node.parents, node.vjp(grads[node])):
            grad = unbroadcast(grad, parent.data.shape)
            grads[parent] = grads[parent] + grad if parent in grads else grad
    for node, grad in grads.items():
        node.grad = grad if node.parents or node.grad is None else node.grad + grad
'''

BACKWARD_NONE = '''
def backward(self):
    """Gradients start as None and are never changed in place."""
    order = topological_order(self)
    for node in order:
        if len(node.parents) > 0:
            node.grad = None
    self.grad = np.ones(self.data.shape)
    while order:
        node = order.pop()
        for i, grad in enumerate(node.vjp(node.grad)):
            parent = node.parents[i]
            grad = unbroadcast(grad, parent.data.shape)
            parent.grad = grad if parent.grad is None else parent.grad + grad
'''

BACKWARD_SHARES = '''
def backward(self):
    """Collect every contribution first, sum them when their tensor's turn comes."""
    shares = {id(self): [np.ones(self.data.shape)]}
    for node in reversed(topological_order(self)):
        total = sum(shares[id(node)])
        if node.parents:
            node.grad = total
        else:
            node.grad = total if node.grad is None else node.grad + total
        for parent, grad in zip(node.parents, node.vjp(total)):
            shares.setdefault(id(parent), []).append(unbroadcast(grad, parent.data.shape))
'''

EXERCISE = code(
    difficulty="hard",
    minutes=18,
    drills=("backward", "accumulation", "topological-order", "unbroadcasting"),
    space=Space(LEAVES, {"N": (1,), "M": (1,)}),
    use=use_backward,
    outputs=(
        *(f"{name}.grad" for name in "xwbvh"),
        "grad of the loss's parent",
        "grad of the loss itself",
        "calls of one vjp in a sweep, at most",
        "x.grad after a second sweep",
        "h.grad after a second sweep",
        "grad of the loss itself after a second sweep",
        "w.grad after a sweep from another result",
        *(f"{name}.grad after two sweeps from a + b" for name in "ab"),
        *("the grad of a + b, of shape (1, 1)", "b.grad after it, b of shape ()"),
    ),
    gradients={f"{name}.grad": FiniteDifference(plain_loss, wrt=k) for k, name in enumerate("xwbv")},
    misconceptions=(
        Misconception(
            "overwrites",
            "A tensor that is used several times holds a single contribution. It gets one from each use, and they add up: is `parent.grad` overwritten where `+=` belongs?",
            patch=("parent.grad += unbroadcast", "parent.grad = unbroadcast"),
            hints=("If a tensor has two children, what happens to the first contribution when the second arrives?",),
        ),
        Misconception(
            "no-start",
            "Every gradient is zero. With which one does the sweep start? The loss changes by 1 when the loss is nudged by 1: give it the gradient 1.",
            patch=("    self.grad = np.ones_like(self.data)\n", ""),
            hints=("What is the gradient of the loss with respect to itself?",),
        ),
        Misconception(
            "number-for-array",
            "A plain number arrives where an array is expected. Is it the gradient that the loss starts with? That has the shape of the loss: `np.ones_like(self.data)`.",
            patch=("self.grad = np.ones_like(self.data)", "self.grad = 1.0"),
            hints=("Which shape does every gradient have to have?",),
        ),
        Misconception(
            "start-without-a-shape",
            "The loss's gradient has no dimensions, though the loss may have some: it may have the shape (1, 1). Every gradient has the shape of its tensor's data.",
            patch=("self.grad = np.ones_like(self.data)", "self.grad = np.array(1.0)"),
            hints=("Which shape does every gradient have to have?",),
        ),
        Misconception(
            "parent-that-stands-twice",
            "A tensor whose parents are one and the same, as in r + r, gets one contribution of its two. Do a dictionary or a set hold the parents? There each stands once only.",
            patch=("zip(node.parents, node.vjp(node.grad)):", "dict(zip(node.parents, node.vjp(node.grad))).items():"),
            hints=("How many contributions has r in r + r?",),
        ),
        Misconception(
            "shared-by-leaves",
            "After two sweeps from a + b its leaves hold too much: what is added to one is added to the other as well. A sum hands the *same* array to both of its parents; is it stored as it came, and changed by a later `+=`? Start from zeros, or write `a = a + b`, which makes a new array.",
            patch=((AFRESH, "        if node.parents:\n"), STORED_AS_IT_CAME),
            hints=(TWO_NAMES_FOR_ONE_ARRAY,),
        ),
        Misconception(
            "loss-left-out",
            "The loss has its gradient of 1 and all others are zero: it never passes on what it has. Is its own vjp asked? It is the last of the order, so it is the first in the sweep.",
            patch=("reversed(order)", "reversed(order[:-1])"),
            hints=("Who hands the loss's parents their gradients?",),
        ),
        Misconception(
            "adds-to-none",
            "You add to a gradient that is still `None`: that is what `grad` holds before the first sweep. Where it is `None`, begin with zeros.",
            patch=(AFRESH, "        if node.parents:\n"),
            hints=("What does a leaf's `grad` hold before the first sweep?",),
        ),
        Misconception(
            "forwards",
            "Only the loss and its own parent have a gradient, all others are zero. Gradients flow from the loss to the leaves. Is the list gone through the other way, or does the sweep end too early?",
            patch=("reversed(order)", "order"),
            hints=("Which tensor is the only one that knows its gradient at the start?",),
        ),
        Misconception(
            "leaves-start-again",
            "The first sweep is right, but the next one erases what the leaves had. They add up over sweeps; only the tensors in between start again.",
            patch=(AFRESH, "        if True:\n"),
            hints=("What should `x.grad` hold after two sweeps: the gradient once, or twice?",),
        ),
        Misconception(
            "leftovers-flow-again",
            "The first sweep is right, the second is too large. What the tensors in between held after the first is passed on again: they have to start from zero in every sweep.",
            patch=(AFRESH, "        if node.grad is None:\n"),
            hints=("What do the tensors in between hold when the second sweep starts?",),
        ),
        Misconception(
            "ones-to-everyone",
            "Every vjp answers as to ones. What it must be given is the gradient that has arrived at its tensor: `node.grad`.",
            patch=("node.vjp(node.grad)", "node.vjp(np.ones_like(node.data))"),
            hints=("What does the chain rule multiply the local derivative with?",),
        ),
        Misconception(
            "no-unbroadcast",
            "The contribution to `w` has the shape that broadcasting made of `w`. Sum it to the *parent's* own shape with `unbroadcast` before you add it.",
            patch=("unbroadcast(grad, parent.data.shape)", "grad"),
            hints=("Which shape must `w.grad` have, and which one arrives?",),
        ),
        Misconception(
            "no-unbroadcast-quietly",
            "Gradients come out in the shapes that broadcasting made. Sum each contribution to its parent's own shape with `unbroadcast` before you add it.",
            patch=("parent.grad += unbroadcast(grad, parent.data.shape)", "parent.grad = parent.grad + grad"),
            hints=("Which shape must `w.grad` have, and which one do you get?",),
        ),
        Misconception(
            "shared-array",
            "Gradients are too large where a sum hands the *same* array to both of its parents. Is the first contribution stored as it came? A later `+=` then changes it for both. Start from zeros, or write `a = a + b`, which makes a new array.",
            patch=(("node.grad = np.zeros_like(node.data)", "node.grad = None"), STORED_AS_IT_CAME),
            hints=(TWO_NAMES_FOR_ONE_ARRAY,),
        ),
        Misconception(
            "every-path",
            f"The gradients are right, but {EACH_PATH}",
            patch=(SWEEP, EVERY_PATH),
            hints=("How often does your sweep call the vjp of a tensor that is used twice?",),
        ),
        Misconception(
            "every-path-piling-up",
            f"The first sweep is right, but a second piles up in the tensors in between, which should hold the gradients of one sweep alone. And {EACH_PATH}",
            patch=(
                (AFRESH, "        if node.grad is None:\n"),
                ("    self.grad = np.ones_like(self.data)\n", "    self.grad = self.grad + 1.0\n"),
                (SWEEP, EVERY_PATH),
            ),
            hints=("How often does your sweep call the vjp of a tensor that is used twice?",),
        ),
        Misconception(
            "tensor-for-shape",
            "`unbroadcast` wants a shape and was handed a tensor: give it `parent.data.shape`.",
            patch=("unbroadcast(grad, parent.data.shape)", "unbroadcast(grad, parent)"),
            hints=("What is the second argument of `unbroadcast`?",),
        ),
        Misconception(
            "shape-of-the-result",
            "A contribution is summed to the shape of the tensor that it comes *from*. It belongs to the parent: `parent.data.shape`.",
            patch=("+= unbroadcast(grad, parent.", "= parent.grad + unbroadcast(grad, node."),
            hints=("Whose gradient is it that you sum, and which shape must it have?",),
        ),
    ),
    alternatives=(BACKWARD_DICTIONARY, BACKWARD_NONE, BACKWARD_SHARES),
    equivalent_mutants={
        "node.grad = np.ones_like(self.data)": "the last of the order is self",
        "self.grad = np.ones_like(node.data)": "the last of the order is self",
    },
    hints=(
        "When a tensor passes its gradient on, which other tensors must have done so before?",
        "Four steps: the order, zeros where a sweep begins afresh, 1 for self, and then the list backwards, every parent adding what vjp gives it.",
        "`for node in reversed(topological_order(self)):` and inside `for parent, grad in zip(node.parents, node.vjp(node.grad)): parent.grad += unbroadcast(grad, parent.data.shape)`",
    ),
)
