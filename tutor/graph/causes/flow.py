"""Say why a leaf is not in the graph of the loss: follow its values on the tape, or conclude from the graph alone."""

from __future__ import annotations

from functools import cached_property

import torch

from .evidence import Evidence
from .guess import Reason, from_graph, from_others
from .tape import NUMBERS, Tape

_MAKES_NEW = frozenset(("tensor", "as_tensor", "asarray", "new_tensor", "from_numpy"))


class Flow:
    """The tape seen from one loss."""

    def __init__(self, tape: Tape, root: int) -> None:
        self.tape, self.root = tape, root

    @cached_property
    def users(self) -> dict[int, list[int]]:
        """For each operation and leaf the operations that take it."""
        users: dict[int, list[int]] = {}
        for number, op in enumerate(self.tape.ops):
            for taken in set(op.takes):
                users.setdefault(taken, []).append(number)
        return users

    @cached_property
    def behind(self) -> set[int]:
        """The operations whose values went into the loss, whether or not gradients can come back."""
        met, waiting = {self.root}, [self.root]
        while waiting:
            number = waiting.pop()
            for taken in self.tape.ops[number].takes if number >= 0 else ():
                if taken not in met:
                    met.add(taken)
                    waiting.append(taken)
        return met

    def follow(self, leaf: int) -> tuple[list[int], list[int], list[int]]:
        """Return what cuts the way of a leaf's values, what turns them into numbers, and where they end."""
        met, waiting, cuts, numbers, ends = set(), list(self.users.get(leaf, ())), [], [], []
        while waiting:
            number = waiting.pop()
            if number in met:
                continue
            met.add(number)
            op = self.tape.ops[number]
            if op.name in NUMBERS:
                numbers.append(number)
            elif not op.gives:
                cuts.append(number)
            else:
                following = [user for user in self.users.get(number, ()) if user != number]
                waiting += following
                if not following:
                    ends.append(number)
        return cuts, numbers, ends


def flow_of(known: Evidence) -> Flow | None:
    """Return the flow to the loss; None where the tape did not see the loss being computed."""
    if known.tape is None or not known.losses:
        return None
    root = known.tape.value(known.losses[0])
    return Flow(known.tape, root) if root >= 0 and known.tape.ops[root].where else None


def reason_of(known: Evidence, flow: Flow | None, name: str, leaf: torch.Tensor) -> Reason | None:
    """Return why a leaf is not part of the graph; None if nobody can tell, as inside a checkpoint."""
    path = name.rpartition(".")[0]
    if flow is None:
        return _uncalled(known, path) or from_others(known, leaf) or from_graph(known, name)
    number = known.tape.value(leaf)
    if not flow.users.get(number):
        return _uncalled(known, path) or _unused(known, path)
    cuts, numbers, ends = flow.follow(number)
    if any(known.tape.ops[cut].around for cut in cuts) and any(node.kind == "opaque" for node in known.graph.nodes):
        return None
    reaching = [cut for cut in cuts if cut in flow.behind]
    if reaching:
        first = _segment(known.tape, min(reaching))
        return Reason(cut_words(known, first) + _before(known, flow, first), _place(known, first))
    if numbers:
        return Reason(cut_words(known, min(numbers)), _place(known, min(numbers)))
    if cuts:
        first = _segment(known.tape, min(cuts))
        return Reason(cut_words(known, first), _place(known, first))
    return _ends(known, max(ends)) if ends else Reason("their values reach the loss on no way that was seen")


def _uncalled(known: Evidence, path: str) -> Reason | None:
    calls = known.seen.called if known.seen else set()
    if not path or not calls:
        return None
    parts = path.split(".")
    for n in range(1, len(parts) + 1):
        outer = ".".join(parts[:n])
        if not any(called == outer or called.startswith(f"{outer}.") for called in calls):
            return Reason("their module was not called in the forward pass")
    return None


def _unused(known: Evidence, path: str) -> Reason:
    where = f"`{path}`{known.kind(path)} was called, but its forward pass" if path else "the forward pass"
    return Reason(f"{where} does not use them", path)


def _ends(known: Evidence, end: int) -> Reason:
    op = known.tape.ops[end]
    what = f"{op.name.strip('_')}{known.within(op.module)}" + (f", line {op.line}" if op.line else "")
    return Reason(f"their output never reaches this loss; it ends in {what}", _place(known, end))


def _segment(tape: Tape, number: int) -> int:
    """Return the first operation of the stretch without gradients that an operation stands in."""
    if tape.ops[number].records:
        return number
    while number > 0 and not tape.ops[number - 1].records:
        number -= 1
    return number


def _place(known: Evidence, number: int) -> str:
    op = known.tape.ops[number]
    return str(op.line) if op.line else op.name


def cut_words(known: Evidence, number: int) -> str:
    """Return in words how an operation of the tape cuts the way of the gradients."""
    op = known.tape.ops[number]
    where = f"line {op.line}{known.within(op.module)}" if op.line else f"in {op.name}{known.within(op.module)}"
    if op.around == "checkpoint":
        return (
            f"they ran in a reentrant checkpoint none of whose inputs asks for gradients, {where}; use_reentrant=False"
        )
    if op.inference:
        return f"they ran under torch.inference_mode(), from {where}"
    if not op.records:
        return f"they ran under torch.no_grad(), from {where}"
    if op.name in NUMBERS:
        return f"their values left autograd as plain numbers through {op.name.strip('_')}(), {where}"
    if op.name in _MAKES_NEW:
        return (
            f"torch.{op.name}() made a new tensor from their values, without the history, {where}; torch.stack keeps it"
        )
    if op.name in ("detach", "detach_", "data"):
        return f"their way to the loss is cut by {'.data' if op.name == 'data' else f'{op.name}()'}, {where}"
    if op.dtype is not None and not (op.dtype.is_floating_point or op.dtype.is_complex):
        dtype = str(op.dtype).removeprefix("torch.")
        return f"{op.name.strip('_')}() gives {dtype}, and only floating point carries gradients, {where}"
    return f"{op.name.strip('_')}() gave a result without history, {where}"


def _before(known: Evidence, flow: Flow, cut: int) -> str:
    """Return ", before `enc` (Linear)": the next module that takes what was cut."""
    if not known.tape.ops[cut].records:  # a stretch of many operations, told by where it begins
        return ""
    inside, met, waiting = known.tape.ops[cut].module, set(), [cut]
    while waiting:
        number = waiting.pop(0)
        for user in flow.users.get(number, ()):
            if user in met or user not in flow.behind:
                continue
            met.add(user)
            path = known.tape.ops[user].module
            if path and path != inside and not inside.startswith(f"{path}."):
                return f", before{known.within(path).removeprefix(' in')}"
            waiting.append(user)
    return ""


def born(tape: Tape, tensor: torch.Tensor, trouble: str) -> int | None:
    """Return the first operation behind a tensor whose result held NaN (or Inf) though nothing that it took did."""
    met, waiting = set(), [tape.value(tensor)]
    while waiting:
        number = waiting.pop()
        if number >= 0 and number not in met:
            met.add(number)
            waiting += tape.ops[number].takes
    wanted = {number for number in met if tape.finite.bad.get(number) == trouble}
    return min((number for number in wanted if not wanted & set(tape.ops[number].takes)), default=None)


def cut_before(tape: Tape, tensor: torch.Tensor) -> int | None:
    """Return the last operation before a tensor that took what asks for gradients and gave what does not."""
    met, waiting = set(), [tape.value(tensor)]
    while waiting:
        waiting.sort()
        number = waiting.pop()
        if number < 0 or number in met:
            continue
        met.add(number)
        op = tape.ops[number]
        if op.asked and not op.gives:
            return number
        waiting += op.takes
    return None
