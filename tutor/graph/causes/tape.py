"""Keep, while a program runs, which operation took what and gave what, on which line: the flow of values.

The autograd graph ends where a tensor is detached; the tape goes on, and so can tell where and why. It holds no tensor:
weak references, numbers and code objects alone.
"""

from __future__ import annotations

import weakref
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence

import torch
from torch.overrides import TorchFunctionMode

from ..naming import Watched, sequence_now, tensors_in, variable_of
from .finite import Finite
from .lines import inside, line_now
from .ops import Change, Clearing, Op

# what makes a tensor like another takes its shape, not its values
_LIKE = ("zeros", "ones", "empty", "full", "rand", "randn", "randint")
_HOLDERS = list, tuple, dict
_NO_VALUES = frozenset([f"{name}_like" for name in _LIKE] + [f"new_{name}" for name in _LIKE])
NUMBERS = frozenset(("item", "tolist", "numpy", "__float__", "__int__", "__array__", "__index__"))


class Tape(TorchFunctionMode):
    """The operations that ran in a block, in order.

    Attributes
    ----------
    ops, changes, clearings
        What was seen.
    leaves
        (weak reference to the tensor) of leaf -1, -2 ... of the operations.
    during
        What runs now besides the program, such as "SGD.step()".
    paused
        True while a backward pass runs.
    """

    def __init__(self, seen: Watched) -> None:
        super().__init__()
        self.ops: list[Op] = []
        self.changes: list[Change] = []
        self.clearings: list[Clearing] = []
        self.leaves: list[weakref.ref] = []
        self.during = ""
        self.paused = False
        self.fault: Exception | None = None
        self.last_scalar: weakref.ref | None = None
        self.finite = Finite()
        self._running = seen.running
        self._starts: list[int] = []
        self._makers: list[int] = []
        self._values: dict[int, tuple[weakref.ref, int]] = {}

    def __torch_function__(self, func: Callable, types: object, args: tuple = (), kwargs: dict | None = None) -> object:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        # what is being compiled is seen as the one operation that it becomes
        if self.paused or torch.compiler.is_compiling():
            return func(*args, **kwargs)
        if name in ("__get__", "__set__"):
            result = func(*args, **kwargs) if name == "__get__" else self._assigned(func, args)
            if isinstance(result, torch.Tensor):
                self._safely(self._read, func, args, result)
            return result
        taken = self._safely(self._taken, args, kwargs)
        result = func(*args, **kwargs)
        if taken:
            self._safely(self._keep, name, *taken, result)
        return result

    def _safely(self, note: Callable, *args: object) -> object:
        """Note something; what cannot be noted (a tensor of an unheard-of kind) must not stop the program."""
        try:
            return note(*args)
        except Exception as fault:
            self.fault = fault
            return None

    def _taken(self, args: tuple, kwargs: dict) -> tuple:
        """Return what is to be known of an operation's tensors before it runs."""
        tensors = [one for one in args if isinstance(one, torch.Tensor)]
        if kwargs or (len(tensors) < len(args) and any(isinstance(one, _HOLDERS) for one in args)):
            tensors = [*tensors_in(args), *tensors_in(kwargs)]
        versions = [_version(tensor) for tensor in tensors]
        start = _sequence()
        takes = tuple([self.value(tensor) for tensor in tensors])
        return start, takes, True in [tensor.requires_grad for tensor in tensors], tensors, versions

    def _read(self, func: Callable, args: tuple, result: object) -> None:
        """Note what reads an attribute that is a tensor of its own, as x.T and x.data are."""
        attribute = getattr(func.__self__, "__name__", "")
        if attribute not in ("grad", "_grad", "_base"):
            tensor, start = args[0], _sequence() - (result.grad_fn is not None)
            taken = self.value(tensor)
            self._keep(attribute, start, (taken,), tensor.requires_grad, (tensor,), (_version(tensor),), result)

    def _keep(
        self,
        name: str,
        start: int,
        takes: tuple[int, ...],
        asked: bool,
        tensors: Sequence[torch.Tensor],
        versions: Sequence[int],
        result: object,
    ) -> None:
        changed = [
            (tensor, before, taken)
            for tensor, before, taken in zip(tensors, versions, takes, strict=True)
            if before >= 0 and tensor._version != before
        ]
        results = [result] if isinstance(result, torch.Tensor) else list(tensors_in(result))
        if not results and not changed and name not in NUMBERS:
            return
        number = len(self.ops)
        records = torch.is_grad_enabled()
        gives = True in [one.requires_grad for one in results] or any(one.requires_grad for one, *_ in changed)
        where = line_now()
        module = self._running[-1][0] if self._running else ""
        off = asked and not gives and not records
        self.ops.append(
            Op(
                name,
                start,
                _sequence(),
                where,
                module,
                () if name in _NO_VALUES else takes,
                asked,
                gives,
                records,
                torch.is_inference_mode_enabled(),
                results[0].dtype if results else None,
                "checkpoint" if off and inside("utils/checkpoint.py") else "",
            )
        )
        if self.ops[-1].end > start:
            self._starts.append(start)
            self._makers.append(number)
        for tensor, before, taken in changed:
            self.changes.append(Change(number, _storage(tensor), before, _version(tensor), taken, self.during))
            self._name(tensor, number)
            if tensor._base is not None:  # what is changed through a view changes what it looks at
                self._name(tensor._base, number)
        for one in results:
            self._name(one, number)
            if one.ndim == 0 and one.requires_grad:
                self.last_scalar = weakref.ref(one)
        self.finite.add(number, results)

    def _name(self, tensor: torch.Tensor, number: int) -> None:
        if not (tensor.is_leaf and tensor.requires_grad):  # a leaf stays itself
            self._values[id(tensor)] = (weakref.ref(tensor), number)

    def value(self, tensor: torch.Tensor) -> int:
        """Return the number of the operation that made a tensor, or of the leaf that it is."""
        known = self._values.get(id(tensor))
        if known and known[0]() is tensor:
            return known[1]
        if tensor.grad_fn is not None:  # made where the tape cannot look: by an autograd.Function, or before the block
            number = len(self.ops)
            took = tuple(self._made_from(tensor.grad_fn))
            sequence = _sequence_of(tensor.grad_fn)
            name = tensor.grad_fn.name().rsplit("::", 1)[-1]
            self.ops.append(Op(name, sequence, sequence + 1, None, "", took, True, True, True, False, tensor.dtype, ""))
            self._values[id(tensor)] = (weakref.ref(tensor), number)
            return number
        self.leaves.append(weakref.ref(tensor))
        number = -len(self.leaves)
        self._values[id(tensor)] = (weakref.ref(tensor), number)
        return number

    def _made_from(self, node: object) -> Iterator[int]:
        """Yield the numbers of what a node was made from, as far as the tape knows it."""
        met, waiting = set(), [node]
        while waiting and len(met) < 1000:
            for following, _ in waiting.pop().next_functions:
                if following is None or following in met:
                    continue
                met.add(following)
                variable = variable_of(following)
                if variable is not None:
                    yield self.value(variable)
                elif (number := self.op_at(_sequence_of(following))) is not None:
                    yield number
                else:
                    waiting.append(following)

    def op_at(self, sequence: int) -> int | None:
        """Return the number of the operation that made the node with this sequence number."""
        at = bisect_right(self._starts, sequence) - 1
        if at < 0:
            return None
        number = self._makers[at]
        return number if self.ops[number].start <= sequence < self.ops[number].end else None

    def used(self, leaf: torch.Tensor) -> bool:
        """Tell whether any operation took a leaf."""
        number = self.value(leaf)
        return any(number in op.takes for op in self.ops)

    def _assigned(self, func: Callable, args: tuple) -> object:
        """Carry out an assignment to a tensor's attribute, and note a gradient that is cleared."""
        tensor, value = args[0], args[1] if len(args) > 1 else None
        had = getattr(func.__self__, "__name__", "") == "grad" and value is None and tensor.grad is not None
        result = func(*args)
        if had:
            self.clearings.append(Clearing(self.value(tensor), line_now(), len(self.ops)))
        return result


def _sequence() -> int:
    now = sequence_now()
    return -1 if now is None else now  # the tape is then not tied to nodes


def _sequence_of(node: object) -> int:
    return node._sequence_nr() if hasattr(node, "_sequence_nr") else -1


def _version(tensor: torch.Tensor) -> int:
    try:
        return tensor._version
    except RuntimeError:  # a tensor made in inference mode has none
        return -1


def _storage(tensor: torch.Tensor) -> int:
    try:
        return tensor.untyped_storage().data_ptr()
    except (RuntimeError, NotImplementedError):  # sparse, nested, or without data
        return 0
