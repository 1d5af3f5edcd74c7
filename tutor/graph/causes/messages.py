"""Say what torch's other messages about autograd mean, and where they come from."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .evidence import Evidence
from .finding import Finding

# what torch says: (what it means, the mend)
_MEANINGS = (
    (
        r"grad can be implicitly created only for scalar outputs",
        "the backward pass was called on {root}, and starts by itself only from a single number",
        "call .sum() or .mean() first, or pass gradient=, of the same shape",
    ),
    (
        r"a view of a leaf Variable that requires grad is being used in an in-place operation",
        "a view of a leaf that asks for gradients is changed in place",
        "do it under torch.no_grad(), or on a clone() of the leaf",
    ),
    (
        r"a leaf Variable that requires grad is being used in an in-place operation",
        "a leaf that asks for gradients is changed in place, and its old value could then never be told from the new "
        "one",
        "do it under torch.no_grad(), or on a copy (w = w - lr * g makes a new tensor)",
    ),
    (
        r"Can't call numpy\(\) on Tensor that requires grad",
        "NumPy cannot follow gradients, so a tensor that asks for them does not become an array by itself",
        "x.detach().numpy(), if no gradient has to pass here",
    ),
    (
        r"differentiated Tensors? .*(appears to not have been used in the graph|does not require grad)",
        "torch.autograd.grad was asked for the gradient of a tensor that the outputs were not computed from",
        "look for a detach() or a copy in between, or pass allow_unused=True",
    ),
    (
        r"is a view and is being modified inplace",
        "a view that shares its tensor with others is changed in place, as the parts that split(), chunk() or "
        "unbind() give",
        "change a clone(), or the whole tensor, instead",
    ),
    (
        r"Inference tensors cannot be saved for backward",
        "a tensor that was made under torch.inference_mode() is used where gradients are recorded",
        "make it under torch.no_grad() instead, or clone() it",
    ),
    (
        r"Expected to have finished reduction in the prior iteration",
        "DistributedDataParallel waits for the gradients of parameters that had no part in the last loss",
        "let every parameter take part, or pass find_unused_parameters=True",
    ),
    (
        r"Expected to mark a variable ready only once",
        "DistributedDataParallel met a parameter twice in one backward: it is shared by several checkpoints or used "
        "in two forward passes",
        "checkpoint(..., use_reentrant=False), or static_graph=True",
    ),
    (
        r"derivative for .* is not implemented|does not support automatic differentiation|Trying to differentiate "
        r"twice",
        "an operation of this graph has no derivative",
        "write it with others, or give it an autograd.Function of its own",
    ),
    (
        r"only Tensors of floating point and complex dtype can require gradients",
        "gradients were asked of a tensor of integers or truth values",
        "make it floating point first: torch.tensor([1.0, 2.0], requires_grad=True)",
    ),
    (
        r"returned an invalid gradient at index (\d+)|returned an incorrect number of gradients|expected Variable or "
        r"None",
        "what a backward() returned does not fit what its forward() took: one gradient an input is needed, of the "
        "input's shape",
        "compare the returns of backward() with the arguments of forward(), None for those that need none",
    ),
    (
        r"can't optimize a non-leaf",
        "an optimizer was given a tensor that was computed from another: a step would change the copy, not what it "
        "is made of",
        "make the tensor first (torch.randn(...).to(device) * 0.01), then .requires_grad_() or nn.Parameter of the "
        "result",
    ),
    (
        r"Mismatch in shape: grad_output",
        "the gradient that backward() was given has not the shape of the tensor that it is for",
        "torch.ones_like(loss), or no gradient= at all where the loss is a single number",
    ),
    (
        r"does not require grad and does not have a grad_fn",
        "the loss has no graph",
        "see what is said of the gradients above",
    ),
)


def find(known: Evidence | None, error: BaseException, root: str = "the loss", line: str = "") -> Iterator[Finding]:
    """Yield what an exception means; torch's own message follows whole."""
    text = " ".join(str(error).split())
    where = f", line {line}" if line else ""
    node = known.graph.raised if known else None
    in_node = f" It was raised by {known.does(node)}{known.at(node)}." if node is not None else ""
    for pattern, meaning, mend in _MEANINGS:
        if re.search(pattern, text, re.IGNORECASE):
            said = f"{meaning[0].upper()}{meaning[1:]}".format(root=root)
            yield Finding(
                "error", f"{said}{where}.{in_node} Mend: {mend}.", place=line, node=node, more=(f"torch says: {text}",)
            )
            return
    yield Finding("error", f"{type(error).__name__}{where}: {text}.{in_node}".replace("..", "."), place=line, node=node)
