"""All that is known while a cause is looked for: the graph, torch's nodes, names, and what the tape saw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import FrameType

import torch
from torch import nn

from ..naming import Watched, variable_of
from ..recording import Recording
from ..walk import TorchNode
from ..words import operation
from .lines import Line
from .saved import Saved, saved_by
from .tape import Op, Tape

MOST_INSIDE = 100


@dataclass
class Backward:
    """One backward pass of the block: where it was called, and the sequence numbers that stood then."""

    line: Line | None
    spot: tuple | None
    sequence: int
    ran: frozenset[int]
    nodes: int
    names: Mapping[int, str]


@dataclass
class Evidence:
    """What is known of one loss. Short-lived: it holds torch's nodes and tensors.

    Attributes
    ----------
    graph
        The graph as plain data; its nodes have the numbers of ``torch_nodes``.
    leaves
        Every parameter of the model, and every leaf that a variable of the caller names.
    variables
        The tensors the caller's variables and the model's attributes name.
    own
        Names of those leaves that are the model's, or were given as `params`.
    earlier
        The backward passes of the block that began before.
    """

    graph: Recording
    torch_nodes: list[TorchNode]
    losses: list[torch.Tensor]
    leaves: Mapping[str, torch.Tensor]
    own: frozenset[str] = frozenset()
    variables: Mapping[str, torch.Tensor] = field(default_factory=dict)
    model: nn.Module | None = None
    seen: Watched | None = None
    tape: Tape | None = None
    earlier: list[Backward] = field(default_factory=list)
    reached_before: frozenset[int] = frozenset()
    ended: int = -1
    line: Line | None = None
    spot: tuple | None = None
    error: BaseException | None = None
    numbers: dict[int, tuple[str, ...]] = field(default_factory=dict)
    relus: dict[int, tuple[int, int, float]] = field(default_factory=dict)
    cost: object = None
    grads_now: dict[str, float] = field(default_factory=dict)

    @cached_property
    def ids(self) -> dict[TorchNode, int]:
        """The number of every node of torch's."""
        return {node: i for i, node in enumerate(self.torch_nodes)}

    @cached_property
    def reached(self) -> dict[int, int]:
        """For the id() of every leaf of the graph, its node."""
        return {id(node.variable): i for i, node in enumerate(self.torch_nodes) if variable_of(node) is not None}

    @cached_property
    def saved(self) -> list[tuple[int, Saved]]:
        """(node, what it keeps) of the whole graph, in the order of the forward pass."""
        order = sorted(range(len(self.torch_nodes)), key=lambda i: self.graph.nodes[i].sequence)
        return [(i, one) for i in order if not self.graph.nodes[i].is_leaf for one in saved_by(self.torch_nodes[i])]

    def forget(self) -> None:
        """Let go of the tensors that nodes keep, so that backward can free them."""
        self.__dict__.pop("saved", None)

    def op(self, i: int) -> Op | None:
        """Return the operation of the tape that made a node."""
        if self.tape is None:
            return None
        number = self.tape.op_at(self.graph.nodes[i].sequence)
        return None if number is None else self.tape.ops[number]

    def does(self, i: int) -> str:
        """Return what a node's operation is called, and in which module it ran: "sigmoid in `0` (Block)"."""
        node = self.graph.nodes[i]
        op = self.op(i)
        name = op.name.strip("_") if op and op.name and op.line else operation(node.op)[0].lower()
        if node.is_leaf:
            return f"`{node.name}`" if node.name else "an unnamed leaf"
        if node.kind == "custom":
            return f"the custom Function {operation(node.op)[0]}{self.of(i)}"
        return f"{name}{self.of(i)}"

    def of(self, i: int) -> str:
        """Return " in `layers.0` (Linear)" for a node, and that it is inferred if so."""
        node = self.graph.nodes[i]
        return f" probably{self.within(node.module)}" if node.inferred else self.within(node.module)

    def within(self, path: str) -> str:
        """Return " in `layers.0` (Linear)" for a module's path."""
        return f" in `{path}`{self.kind(path)}" if path else ""

    def kind(self, path: str) -> str:
        """Return " (Linear)" for a module's path."""
        return f" ({self.graph.classes[path]})" if self.graph.classes.get(path) else ""

    def at(self, i: int) -> str:
        """Return ", line `y = a / b` (net.py:3)" for a node whose line is known."""
        op = self.op(i)
        if op and op.line:
            return f", line {op.line}"
        return f", line {self.graph.nodes[i].source}" if self.graph.nodes[i].source else ""

    def called(self, tensor: torch.Tensor) -> str:
        """Return the name of a tensor that a variable, a parameter or an attribute of a module has."""
        for name, one in [*self.leaves.items(), *self.variables.items()]:
            if one is tensor:
                return name
        return ""

    def stored(self, storage: int) -> str:
        """Return the name of the tensor that has this storage."""
        for name, one in [*self.leaves.items(), *self.variables.items()]:
            if storage and storage_of(one) == storage:
                return name
        return ""

    def made(self, i: int) -> str:
        """Return the name of a tensor that a node made, now or when an earlier pass ran, or an empty string."""
        sequence = self.graph.nodes[i].sequence
        names = [pass_.names[sequence] for pass_ in self.earlier if sequence in pass_.names]
        return self.names.get(sequence) or (names[-1] if names else "")

    @cached_property
    def names(self) -> dict[int, str]:
        """The names of the tensors that the program holds now, by the sequence number of what made them."""
        made = [(name, one.grad_fn) for name, one in self.variables.items() if one.grad_fn is not None]
        return {sequence_of(node): name for name, node in reversed(made)}


def sequence_of(node: TorchNode) -> int:
    """Return a node's sequence number; -1 where torch does not tell."""
    return node._sequence_nr() if hasattr(node, "_sequence_nr") else -1


def storage_of(tensor: torch.Tensor) -> int:
    """Return the address of a tensor's storage; 0 where it has none."""
    try:
        return tensor.untyped_storage().data_ptr()
    except (RuntimeError, NotImplementedError):  # sparse, nested, or without data
        return 0


def variables_of(frame: FrameType) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the tensors that a frame can see under a name of its own, also inside lists, tuples and dicts."""
    for name, value in [*frame.f_locals.items(), *frame.f_globals.items()]:
        if not name.startswith("_"):
            yield from _named(name, value)


def _named(name: str, value: object) -> Iterator[tuple[str, torch.Tensor]]:
    if isinstance(value, torch.Tensor):
        yield name, value
    elif isinstance(value, list | tuple | dict) and len(value) <= MOST_INSIDE:
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        yield from ((f"{name}[{key!r}]", one) for key, one in pairs if isinstance(one, torch.Tensor))


def attributes_of(model: nn.Module | None) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the tensors that a model's modules keep as plain attributes or buffers, also in lists, with their paths."""
    for path, module in model.named_modules() if model is not None else ():
        prefix = f"{path}." if path else ""
        for name, value in [*vars(module).items(), *module._buffers.items()]:
            if name.startswith("_") and name != "_buffers":
                continue
            yield from _named(prefix + name, value)
