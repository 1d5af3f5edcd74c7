"""Find tensors that are taken for leaves and are none, and parameters that the model does not know."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from ..modules import is_view
from ..naming import variable_of
from ..words import operation
from .evidence import Evidence
from .finding import Finding

_MOVES = frozenset(("ToCopy", "Clone", "Mul", "Div", "Add", "Sub", "Neg"))
FARTHEST = 6


def not_leaves(known: Evidence) -> Iterator[Finding]:
    """Yield the variables whose gradient went to a nameless leaf behind them."""
    named = {id(tensor) for tensor in known.leaves.values()}
    roots = {known.torch_nodes[i] for i in known.graph.roots}
    for name, tensor in known.variables.items():
        node = tensor.grad_fn
        if node is None or node in roots or node not in known.ids or tensor.retains_grad:
            continue
        words, leaf = [], None
        while node is not None and len(words) < FARTHEST:
            following = [one for one, _ in node.next_functions if one is not None]
            op = operation(node.name())[0]
            if variable_of(node) is not None:
                leaf = node
            if leaf is not None or len(following) != 1 or not (op in _MOVES or is_view(node.name())):
                break
            words.append("to" if op == "ToCopy" else op.lower())
            node = following[0]
        if leaf is None or not words or id(leaf.variable) in named:
            continue
        yield Finding(
            "no gradient",
            f"`{name}` is not a leaf, so its `.grad` stays None: it was computed ({', '.join(reversed(words))}) from "
            "a leaf that has no name any more, and the gradient went there. Mend: compute it first, then "
            f"`{name}.requires_grad_()`; or call `{name}.retain_grad()`.",
            place=name,
            number=1,
            node=known.ids[tensor.grad_fn],
        )


def unregistered(known: Evidence) -> Iterator[Finding]:
    """Yield the parameters of the graph that a model keeps in plain lists or dicts, where no optimizer sees them."""
    if known.model is None:
        return
    own = {id(tensor) for tensor in known.model.parameters()}
    for path, inside in _lists(known.model):
        loose = [known.reached[i] for i in inside if i in known.reached and i not in own]
        if loose:
            yield Finding(
                "not registered",
                f"{len(loose)} parameters of the graph are not registered in the model, so model.parameters() and an "
                f"optimizer made from it leave them out: they are in `{path}`, a plain list or dict. Mend: "
                "nn.ModuleList, nn.ParameterList or nn.ModuleDict.",
                place=path,
                number=len(loose),
                node=loose[0],
            )


def _lists(model: nn.Module) -> Iterator[tuple[str, list[int]]]:
    """Yield (path, id() of every parameter inside) of the plain lists and dicts that hold modules or parameters."""
    for path, module in model.named_modules():
        for name, value in vars(module).items():
            inside = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
            parts = [one for one in inside if isinstance(one, nn.Module | nn.Parameter)]
            if parts and not name.startswith("_"):
                tensors = [t for one in parts for t in (one.parameters() if isinstance(one, nn.Module) else [one])]
                yield f"{path}.{name}" if path else name, [id(tensor) for tensor in tensors]
